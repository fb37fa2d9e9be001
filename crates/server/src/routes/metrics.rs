//! `GET /metrics`: what the server counts of itself, as Prometheus reads it (docs/operating/metrics.md).

use crate::app::App;
use crate::error::ApiError;
use crate::http::LocalRequest;
use crate::telemetry::MetricsAccess;
use crate::telemetry::metrics::{Exposition, scrape};
use axum::extract::State;
use axum::http::Method;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// Any method: to whoever may not read it there is no such path, rather than no such method.
pub(crate) async fn metrics(
    State(app): State<App>,
    LocalRequest(local): LocalRequest,
    method: Method,
) -> Result<Response, ApiError> {
    let may_read = match app.routes().metrics {
        MetricsAccess::Loopback => local,
        MetricsAccess::Public => true,
        MetricsAccess::Off => false,
    };
    if !may_read {
        return Err(ApiError::not_found());
    }
    if method != Method::GET && method != Method::HEAD {
        return Ok(([(ALLOW, "GET, HEAD")], ApiError::method_not_allowed()).into_response());
    }
    let text = scrape(&app).write().map_err(ApiError::internal)?;
    Ok(([(CONTENT_TYPE, Exposition::CONTENT_TYPE)], text).into_response())
}
