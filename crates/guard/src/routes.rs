//! What the guard serves: `/verify` for the proxy, and how it stands for operators.

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::json;

use crate::{guard::Guard, metrics, original::VERIFY};

impl Guard {
    /// `/verify` (any method, and whatever is below it), `/healthz`, `/readyz`, `/metrics`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/healthz", get(health))
            .route("/readyz", get(readiness))
            .route("/metrics", get(scrape))
            // Not a route: the original path may be below it, and no router is to read that.
            .fallback(verify)
            .with_state(self.clone())
    }
}

async fn verify(State(guard): State<Guard>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    let is_asked = path.strip_prefix(VERIFY).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_asked { guard.verify(&parts).await } else { StatusCode::NOT_FOUND.into_response() }
}

async fn health() -> Response {
    (JSON, json!({ "status": "ok" }).to_string()).into_response()
}

async fn readiness(State(guard): State<Guard>) -> Response {
    let why = guard.unready();
    if why.is_empty() {
        return health().await;
    }
    (StatusCode::SERVICE_UNAVAILABLE, JSON, json!({ "status": "unready", "why": why }).to_string()).into_response()
}

async fn scrape(State(guard): State<Guard>) -> Response {
    match metrics::text(&guard) {
        Ok(text) => ([(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE))], text).into_response(),
        // Never: it is written into memory.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

const JSON: [(http::HeaderName, HeaderValue); 1] = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
