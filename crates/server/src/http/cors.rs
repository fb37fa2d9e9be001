//! Which other origins' scripts may read answers (Fetch, CORS protocol): any at the OAuth endpoints for clients and at
//! public documents, elsewhere none unless configured.

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
    reader: Reader,
    preflight: bool,
}

/// Whose scripts may read the answer.
#[derive(Debug, PartialEq, Eq)]
enum Reader {
    /// Those of the issuer's own pages alone.
    Own,
    /// Everybody's: the answer depends on nothing that a browser adds by itself.
    Anybody,
    /// Those of this origin, without credentials.
    Known(HeaderValue),
    /// Those of this origin, with cookies.
    Trusted(HeaderValue),
}

// What a client calls from wherever it runs. None of these reads a cookie: whoever has the code, the token or the secret
// could ask from a server of their own, so an origin would keep nobody out but the applications themselves (ADR 0028).
const OPEN: [&str; 5] = ["/oauth2/token", "/oauth2/par", "/oauth2/revoke", "/oauth2/userinfo", "/oauth2/register"];
// Metadata and keys: public, and looked for by applications before they are known here.
const PUBLIC: &str = "/.well-known/";

impl Cors {
    pub(crate) fn of(request: &Request, policy: &HttpPolicy) -> Self {
        let origin = request.headers().get(ORIGIN).filter(|origin| **origin != policy.origin());
        let among = |origins: &[String]| origin.filter(|origin| origins.iter().any(|known| **origin == known.as_str()));
        let path = request.uri().path();
        let reader = if let Some(origin) = among(&policy.trusted_origins) {
            Reader::Trusted(origin.clone())
        } else if OPEN.contains(&path) || path.starts_with(PUBLIC) {
            Reader::Anybody
        } else {
            among(&policy.cors_origins).map_or(Reader::Own, |origin| Reader::Known(origin.clone()))
        };
        let asks = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        Self { preflight: asks && reader != Reader::Own, reader }
    }

    pub(crate) const fn is_preflight(&self) -> bool {
        self.preflight
    }

    /// Lets the origin's scripts read the answer, with what its headers say of nonces, challenges and waiting.
    pub(crate) fn permit(&self, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let origin = match &self.reader {
            Reader::Own => return,
            Reader::Anybody => HeaderValue::from_static("*"),
            Reader::Known(origin) | Reader::Trusted(origin) => origin.clone(),
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("dpop-nonce, retry-after, www-authenticate, x-request-id");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        if matches!(self.reader, Reader::Trusted(_)) {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    /// The answer to a preflight of whoever may read.
    pub(crate) fn preflight(&self) -> Response<Body> {
        // A client of its own kind adds headers of its own kind, such as `mcp-protocol-version`. `*` is every header but
        // `authorization`, and means nothing where cookies are let through.
        let allowed = match self.reader {
            Reader::Anybody => "*, authorization",
            _ => "authorization, content-type, dpop",
        };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, DELETE"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        response
    }
}
