//! Problem documents (RFC 9457), rendered once at the edge, where the request's id is known.

use super::{ApiError, Kind};
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use std::error::Error;
use std::sync::Arc;

/// What a route wants answered; rides in the answer's extensions until it is rendered.
#[derive(Clone)]
pub(crate) struct Problem(Arc<ApiError>);

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    request_id: &'a str,
}

impl Problem {
    pub(crate) fn of(error: ApiError) -> Self {
        Self(Arc::new(error))
    }
}

/// Writes the problem that `response` carries, if it carries one, and logs its cause.
pub(crate) fn render(mut response: Response<Body>, request_id: &str) -> Response<Body> {
    let Some(Problem(error)) = response.extensions_mut().remove::<Problem>() else { return response };
    let (status, code, title) = error.kind.row();
    log(&error, status, code);
    let document = Document {
        r#type: "about:blank",
        title,
        status: status.as_u16(),
        code,
        detail: error.detail.as_deref(),
        request_id,
    };
    // A struct of strings and a number always serializes.
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(challenge) = challenge(error.kind) {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if let Some(seconds) = error.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers.remove(axum::http::header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body);
    response
}

/// RFC 6750 §3: without a token no error is named.
const fn challenge(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::MissingToken => Some("Bearer"),
        Kind::InvalidToken => Some("Bearer error=\"invalid_token\""),
        _ => None,
    }
}

fn log(error: &ApiError, status: StatusCode, code: &str) {
    let detail = error.detail.as_deref().unwrap_or_default();
    match &error.cause {
        Some(cause) => tracing::error!(code, detail, cause = %chain(&**cause), "failed"),
        None if status.is_server_error() => tracing::error!(code, detail, "failed"),
        None => tracing::info!(code, detail, "refused"),
    }
}

/// An error and what caused it, outermost first.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        told.push_str(": ");
        told.push_str(&cause.to_string());
        next = cause.source();
    }
    told
}
