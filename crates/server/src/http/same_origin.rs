//! The cross-site rule: a request that changes state and carries or sets a token cookie must come from our own pages,
//! or from those that the operator trusts.

use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::http::HttpPolicy;
use crate::http::cookie::TokenCookies;
use crate::openapi::{Input, Operation};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{ORIGIN, USER_AGENT};
use axum::http::request::Parts;
use countersign_core::limits::LABEL_CHARACTERS_MAX;

/// What a browser says about where a request comes from.
#[derive(Debug)]
pub(crate) struct BrowserContext {
    origin: Said,
    site: Option<String>,
    agent: Option<String>,
    carries_cookie: bool,
}

/// What the `Origin` header says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    Once(String),
    /// More than once, or not in ASCII: no browser does.
    Unclear,
}

impl BrowserContext {
    /// Whether this request may change state: yes unless a cookie is carried or set and it came from another site.
    pub(crate) fn permits_change(&self, policy: &HttpPolicy, sets_cookie: bool) -> Result<(), ApiError> {
        if !self.carries_cookie && !sets_cookie {
            return Ok(());
        }
        let ours = match &self.origin {
            Said::Once(origin) => {
                origin == policy.origin() || policy.trusted_origins.iter().any(|trusted| trusted == origin)
            }
            Said::Nothing => self.site.as_deref() == Some("same-origin"),
            Said::Unclear => false,
        };
        if ours { Ok(()) } else { Err(ApiError::cross_site()) }
    }

    /// What a session's owner will know it by.
    pub(crate) fn label(&self) -> Option<String> {
        let printable = |agent: &String| agent.chars().filter(|c| !c.is_control()).take(LABEL_CHARACTERS_MAX).collect();
        self.agent.as_ref().map(printable)
    }

    fn of(headers: &HeaderMap, carries_cookie: bool) -> Self {
        let once = |name| {
            let mut values = headers.get_all(name).into_iter();
            match (values.next().map(|value| value.to_str()), values.next()) {
                (None, _) => Said::Nothing,
                (Some(Ok(value)), None) => Said::Once(value.to_owned()),
                _ => Said::Unclear,
            }
        };
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { origin: once(ORIGIN), site: text("sec-fetch-site"), agent: text(USER_AGENT.as_str()), carries_cookie }
    }
}

impl FromRequestParts<App> for BrowserContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let cookies = TokenCookies::from_request_parts(parts, app).await?;
        Ok(Self::of(&parts.headers, cookies.any()))
    }
}

impl Input for BrowserContext {
    fn describe(operation: &mut Operation) {
        operation.fails(&[Kind::InvalidRequest]).may_be_cross_site();
    }
}

#[cfg(test)]
mod tests {
    use super::BrowserContext;
    use crate::http::HttpPolicy;
    use axum::http::{HeaderMap, HeaderName};

    fn permitted(headers: &[(&'static str, &str)], cookie: bool) -> bool {
        let mut policy = HttpPolicy::new("https://auth.example.com/tenant");
        policy.trusted_origins = vec!["https://app.example.com".to_owned()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        BrowserContext::of(&map, cookie).permits_change(&policy, false).is_ok()
    }

    #[test]
    fn without_a_cookie_anybody_may() {
        assert!(permitted(&[("origin", "https://evil.example")], false));
        assert!(permitted(&[], false));
    }

    #[test]
    fn with_a_cookie_only_our_own_and_trusted_pages_may() {
        assert!(permitted(&[("origin", "https://auth.example.com")], true));
        assert!(permitted(&[("origin", "https://app.example.com")], true));
        assert!(permitted(&[("sec-fetch-site", "same-origin")], true));
        for refused in [
            &[][..],
            &[("origin", "https://evil.example")],
            &[("origin", "https://auth.example.com.evil.example")],
            &[("origin", "http://auth.example.com")],
            &[("origin", "null")],
            &[("origin", "https://auth.example.com"), ("origin", "https://evil.example")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(!permitted(refused, true), "{refused:?}");
        }
    }
}
