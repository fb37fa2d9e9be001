//! `GET /healthz`, `GET /readyz`: whether the process serves, and whether it can write.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// How the server is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok` or `unready`.
    status: &'static str,
    /// What is in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    why: Vec<String>,
}

/// The process answers; that is all.
pub(crate) async fn healthz() -> Response {
    Json(Health { status: "ok", why: Vec::new() }).into_response()
}

/// The store took a write just now. Asked at most once a second however many ask: anybody may.
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    match app.readiness().await {
        Ok(()) => Json(Health { status: "ok", why: Vec::new() }).into_response(),
        Err(why) => {
            let health = Health { status: "unready", why: vec![why] };
            (StatusCode::SERVICE_UNAVAILABLE, Json(health)).into_response()
        }
    }
}

pub(crate) mod docs {
    use super::Health;
    use crate::openapi::{Answer, Operation, Tag};
    use axum::http::StatusCode;

    const OK: Health = Health { status: "ok", why: Vec::new() };

    pub(crate) fn healthz(operation: &mut Operation) {
        operation
            .is("healthz", Tag::Health, "Whether the process serves", "It answers; that is all.")
            .answers(Answer::json(StatusCode::OK, "It does.", &OK));
    }

    pub(crate) fn readyz(operation: &mut Operation) {
        let unready = Health { status: "unready", why: vec!["storage does not answer".to_owned()] };
        operation
            .is(
                "readyz",
                Tag::Health,
                "Whether it can work",
                "Storage is asked once a second at most, however many ask.",
            )
            .answers(Answer::json(StatusCode::OK, "The store took a write just now.", &OK))
            .answers(Answer::json(StatusCode::SERVICE_UNAVAILABLE, "The store can't be written.", &unready));
    }
}
