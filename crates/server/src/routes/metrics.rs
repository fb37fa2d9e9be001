//! `GET /metrics`: what the server counts of itself, as Prometheus reads it (docs/operating/metrics.md).

use crate::app::App;
use crate::error::ApiError;
use crate::http::LocalRequest;
use crate::telemetry::MetricsAccess;
use crate::telemetry::metrics::{Exposition, scrape};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// To whoever may not read it there is nothing here.
pub(crate) async fn metrics(State(app): State<App>, LocalRequest(local): LocalRequest) -> Result<Response, ApiError> {
    let may_read = match app.routes().metrics {
        MetricsAccess::Loopback => local,
        MetricsAccess::Public => true,
        MetricsAccess::Off => false,
    };
    if !may_read {
        return Err(ApiError::not_found());
    }
    let text = scrape(&app).write().map_err(ApiError::internal)?;
    Ok(([(CONTENT_TYPE, Exposition::CONTENT_TYPE)], text).into_response())
}

pub(crate) mod docs {
    use crate::error::Kind;
    use crate::openapi::{Answer, Operation, Tag};
    use crate::telemetry::metrics::Exposition;
    use axum::http::StatusCode;

    const EXAMPLE: &str = "# TYPE countersign_sessions_live gauge\ncountersign_sessions_live 42\n# EOF\n";

    pub(crate) fn metrics(operation: &mut Operation) {
        operation
            .is(
                "metrics",
                Tag::Health,
                "What the server counts of itself",
                "As Prometheus reads it. `telemetry.metrics` says who may: programs on the same machine, everybody, or \
                 nobody. To everybody else there is nothing here.",
            )
            .answers(Answer::empty(StatusCode::OK, "Every metric.").or_stream(Exposition::CONTENT_TYPE, EXAMPLE))
            .fails(&[Kind::NotFound]);
    }
}
