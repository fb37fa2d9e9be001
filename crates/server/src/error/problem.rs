//! Problem documents (RFC 9457), rendered once at the edge, where the request's id is known.

use super::{ApiError, Kind, oauth};
use crate::http::dpop::DPOP_NONCE;
use crate::pages;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use std::error::Error;
use std::sync::Arc;
use utoipa::ToSchema;

/// What a route wants answered; rides in the answer's extensions until it is rendered.
#[derive(Clone)]
pub(crate) struct Problem(Arc<ApiError>);

/// In which form an error is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// RFC 9457.
    Problem,
    /// RFC 6749 §5.2.
    OAuth,
    /// HTML, for whoever is at the browser.
    Page,
}

/// What was wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document<'a> {
    /// Always `about:blank`: what tells problems apart is `code`.
    #[schema(pattern = "^about:blank$")]
    r#type: &'static str,
    /// What the code means.
    title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// A code for programs, which stays.
    code: &'static str,
    /// What was expected here. It repeats nothing of what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<&'a str>,
    /// The request's id, as `x-request-id` has it.
    request_id: &'a str,
}

impl Problem {
    pub(crate) fn of(error: ApiError) -> Self {
        Self(Arc::new(error))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }
}

impl Form {
    /// The form of whatever is below this path, known or not.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/oauth2/authorize" | "/oauth2/logout" | "/sign-in" | "/consent" | "/sign-out" => Self::Page,
            _ if path.starts_with("/oauth2/") => Self::OAuth,
            _ => Self::Problem,
        }
    }

    /// The media type of the form.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Problem => "application/problem+json",
            Self::OAuth => "application/json",
            Self::Page => "text/html; charset=utf-8",
        }
    }
}

/// Writes the problem that `response` carries, if it carries one, and logs its cause.
pub(crate) fn render(mut response: Response<Body>, request_id: &str, form: Form, issuer: &str) -> Response<Body> {
    let Some(Problem(error)) = response.extensions_mut().remove::<Problem>() else { return response };
    let (status, code, title) = error.kind.row();
    log(&error, status, code);
    let (body, challenge) = match form {
        Form::Problem => (document(&error, request_id), challenge(error.kind)),
        Form::OAuth => {
            *response.status_mut() = oauth::status(error.kind, status);
            (oauth::body(&error, title), oauth::challenge(error.kind))
        }
        Form::Page => {
            let headers = response.headers_mut();
            let page = pages::error(headers, issuer, title, error.detail.as_deref(), request_id);
            (page, None)
        }
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(challenge) = challenge {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if let Some(nonce) = &error.nonce {
        headers.insert(DPOP_NONCE, nonce.clone());
    }
    if let Some(seconds) = error.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers.remove(axum::http::header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body);
    response
}

pub(super) fn document(error: &ApiError, request_id: &str) -> Vec<u8> {
    let (status, code, title) = error.kind.row();
    let document = Document {
        r#type: "about:blank",
        title,
        status: status.as_u16(),
        code,
        detail: error.detail.as_deref(),
        request_id,
    };
    // A struct of strings and a number always serializes.
    serde_json::to_vec(&document).unwrap_or_default()
}

/// RFC 6750 §3: without a token no error is named. RFC 9470 §3: how recent the authentication must be.
pub(super) const fn challenge(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::MissingToken => Some("Bearer"),
        Kind::InvalidToken => Some("Bearer error=\"invalid_token\""),
        Kind::StaleAuthentication => Some("Bearer error=\"insufficient_user_authentication\", max_age=\"900\""),
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
