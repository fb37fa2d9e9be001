//! An issuer with a path, as in `https://example.com/auth`: whether a proxy passes the path on or strips it, and where
//! clients look for metadata.

use axum::Router;
use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tower::ServiceExt;

/// The path of an issuer that has one: `/auth`.
#[derive(Debug, Clone)]
pub(crate) struct IssuerPath(Arc<str>);

const WELL_KNOWN: &str = "/.well-known/";

impl IssuerPath {
    /// `None` where the issuer is a host alone.
    pub(crate) fn of(issuer: &str) -> Option<Self> {
        let url = url::Url::parse(issuer).ok()?;
        let path = url.path().trim_end_matches('/');
        (!path.is_empty()).then(|| Self(path.into()))
    }

    /// Serves `routes` below the path too, and metadata where RFC 8414 §3.1 has it. What the routes know as it came is
    /// theirs: a proxy that strips the path needs nothing else, even if the path were `/api`.
    pub(crate) fn serve(self, routes: Router) -> Router {
        let within = routes.clone();
        routes.fallback(async move |request: Request| -> Response {
            match within.oneshot(self.stripped(request)).await {
                Ok(response) => response,
                Err(never) => never.into_response(),
            }
        })
    }

    fn stripped(&self, mut request: Request) -> Request {
        let uri = request.uri();
        let stripped = self.strip(uri.path()).and_then(|path| {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            let mut parts = uri.clone().into_parts();
            parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
            Uri::from_parts(parts).ok()
        });
        if let Some(uri) = stripped {
            *request.uri_mut() = uri;
        }
        request
    }

    /// The path without the issuer's: before ours (`/auth/oauth2/token`), or after that of a well-known document
    /// (`/.well-known/oauth-authorization-server/auth`).
    fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let below = path.strip_prefix(&*self.0).filter(|below| below.starts_with('/'));
        below.or_else(|| {
            let document = path.strip_suffix(&*self.0)?;
            document.strip_prefix(WELL_KNOWN).filter(|name| !name.is_empty() && !name.contains('/')).map(|_| document)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::IssuerPath;

    #[test]
    fn only_an_issuer_with_a_path_has_one() {
        let of = |issuer| IssuerPath::of(issuer).map(|path| path.0.to_string());
        assert_eq!(of("https://example.com"), None);
        assert_eq!(of("http://localhost:8420"), None);
        assert_eq!(of("https://example.com/auth"), Some("/auth".to_owned()));
        assert_eq!(of("https://example.com/a/b"), Some("/a/b".to_owned()));
    }

    #[test]
    fn the_path_is_taken_off_where_it_stands_whole() {
        let path = IssuerPath::of("https://example.com/a/b").unwrap();
        for (from, to) in [
            ("/a/b/oauth2/token", Some("/oauth2/token")),
            ("/a/b/", Some("/")),
            ("/a/b/a/b/x", Some("/a/b/x")),
            ("/a/b/.well-known/jwks.json", Some("/.well-known/jwks.json")),
            ("/.well-known/openid-configuration/a/b", Some("/.well-known/openid-configuration")),
            ("/a/b", None),
            ("/a/bc/oauth2/token", None),
            ("/a/oauth2/token", None),
            ("/x/a/b/oauth2/token", None),
            ("/.well-known/a/b", None),
            ("/.well-known/x/y/a/b", None),
            ("/oauth2/token/a/b", None),
        ] {
            assert_eq!(path.strip(from), to, "{from}");
        }
    }
}
