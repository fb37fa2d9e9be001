//! Why a request is refused, and how that is answered: 401, 403, 503, and nothing else.

use axum::{body::Body, response::Response};
use countersign_verifier::Refusal;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
};

use crate::path::PathFault;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The proxy did not say what the client asked for.
    #[error("the proxy named no {0}: is it the one that the guard was told?")]
    Missing(&'static str),
    /// What the client asked for is out of shape.
    #[error("{0}")]
    Unreadable(&'static str),
    /// The path has several readings.
    #[error("{0}")]
    Path(PathFault),
    /// It carries the cookie, may change something, and comes from another site.
    #[error("a request with the cookie came from another site")]
    CrossSite,
    /// It shows several credentials.
    #[error("{0}")]
    Credentials(&'static str),
    /// Who is asking cannot be written into a header as it is.
    #[error("the token names an identity that no header can carry")]
    Identity,
    /// The verifier refused it.
    #[error("{0}")]
    Token(#[from] Refusal),
}

impl Refused {
    /// A stable name.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::Unreadable(_) => "unreadable_request",
            Self::Path(_) => "ambiguous_path",
            Self::CrossSite => "cross_site",
            Self::Credentials(_) => "invalid_request",
            Self::Identity => "unwritable_identity",
            Self::Token(refusal) => refusal.code(),
        }
    }

    /// The status: one that proxies pass on, or turn into an error of the server.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Missing(_) | Self::Unreadable(_) | Self::Path(_) | Self::CrossSite | Self::Identity => {
                StatusCode::FORBIDDEN
            }
            Self::Credentials(_) => StatusCode::UNAUTHORIZED,
            Self::Token(refusal) => match refusal.status() {
                status @ (StatusCode::FORBIDDEN | StatusCode::SERVICE_UNAVAILABLE) => status,
                // A malformed `Authorization` is 400 at a resource server, which nginx would make a 500.
                _ => StatusCode::UNAUTHORIZED,
            },
        }
    }

    /// The answer. What was wrong with a request is told; what was wrong with a token, its challenges tell.
    pub(crate) fn into_response(self) -> Response {
        let status = self.status();
        let text = self.to_string();
        let mut response = match self {
            Self::Token(refusal) => refusal.into_response::<Body>(),
            _ => Response::new(Body::from(text.clone() + "\n")),
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !headers.contains_key(WWW_AUTHENTICATE) && status == StatusCode::UNAUTHORIZED {
            // Our own words, none of which needs to be escaped.
            let challenge = format!("Bearer error=\"invalid_request\", error_description=\"{text}\"");
            let plain = HeaderValue::from_static("Bearer error=\"invalid_request\"");
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(&challenge).unwrap_or(plain));
        }
        if !matches!(status, StatusCode::SERVICE_UNAVAILABLE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        }
        *response.status_mut() = status;
        response
    }
}
