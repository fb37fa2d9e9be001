//! Which other origins' scripts may read answers (Fetch, CORS protocol): none unless configured.

use crate::error::Form;
use crate::http::HttpPolicy;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

/// What the origin of a request may do.
#[derive(Debug)]
pub(crate) struct Cors {
    origin: Option<HeaderValue>,
    credentials: bool,
    preflight: bool,
}

impl Cors {
    /// Pages are for people and never for another origin's scripts, the authorization endpoint above all (RFC 9700 §2.6).
    pub(crate) fn of(request: &Request, form: Form, policy: &HttpPolicy) -> Self {
        let origin = request.headers().get(ORIGIN).filter(|origin| **origin != policy.origin());
        let origin = origin.filter(|_| form != Form::Page);
        let among =
            |origins: &[String]| origin.is_some_and(|origin| origins.iter().any(|known| *origin == known.as_str()));
        let credentials = among(&policy.trusted_origins);
        let known = credentials || among(&policy.cors_origins);
        let asks = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        Self { origin: origin.filter(|_| known).cloned(), credentials, preflight: known && asks }
    }

    pub(crate) const fn is_preflight(&self) -> bool {
        self.preflight
    }

    /// Lets the origin's scripts read the answer.
    pub(crate) fn permit(&self, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = &self.origin else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        // A client that proves possession of a key must see the nonce (RFC 9449 §8), and why a token was refused.
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("dpop-nonce, www-authenticate"));
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// The answer to a preflight of a known origin.
pub(crate) fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, DELETE"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type, dpop"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}
