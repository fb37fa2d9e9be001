//! `GET /healthz`, `GET /readyz`: whether the process serves, and whether it can write.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
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
