//! The cookies: of tokens, and of a browser's sign-in. Read strictly, set for this host alone, out of reach of scripts (RFC 6265bis).

use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::http::HttpPolicy;
use crate::openapi::{Input, Operation};
use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};
use countersign_core::grant::BrowserSecret;
use std::convert::Infallible;
use zeroize::Zeroizing;

/// Which token a cookie keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieName {
    /// The access token.
    Access,
    /// The refresh token; only refresh and sign-out read it.
    Refresh,
    /// No token: by what a browser's sign-in is known. Only the authorization endpoint and its pages read it.
    Session,
}

/// The token cookies that came with a request.
#[derive(Debug, Default)]
pub(crate) struct TokenCookies {
    access: Option<Secret>,
    refresh: Option<Secret>,
    session: Option<Secret>,
}

/// The token cookies that go with an answer.
#[derive(Debug)]
pub(crate) struct SetCookies {
    secure: bool,
    values: Vec<Secret>,
}

type Secret = countersign_jose::Secret<String>;

impl CookieName {
    const ALL: [Self; 3] = [Self::Access, Self::Refresh, Self::Session];

    /// `__Host-` binds a cookie to this host, but browsers take it over `https` alone.
    pub(crate) const fn text(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Access, true) => "__Host-countersign",
            (Self::Access, false) => "countersign",
            (Self::Refresh, true) => "__Host-countersign-refresh",
            (Self::Refresh, false) => "countersign-refresh",
            (Self::Session, true) => "__Host-countersign-session",
            (Self::Session, false) => "countersign-session",
        }
    }
}

impl TokenCookies {
    /// The cookie's value, if it came.
    pub(crate) fn get(&self, name: CookieName) -> Option<&str> {
        let value = match name {
            CookieName::Access => &self.access,
            CookieName::Refresh => &self.refresh,
            CookieName::Session => &self.session,
        };
        value.as_ref().map(|value| value.expose().as_str())
    }

    /// By what the browser's sign-in is known, if it could be.
    pub(crate) fn browser(&self) -> Option<BrowserSecret> {
        self.get(CookieName::Session).and_then(BrowserSecret::parse)
    }

    /// Whether any came.
    pub(crate) const fn any(&self) -> bool {
        self.access.is_some() || self.refresh.is_some() || self.session.is_some()
    }

    fn of(headers: &HeaderMap, secure: bool) -> Result<Self, ApiError> {
        let mut found = Self::default();
        for line in headers.get_all(COOKIE) {
            // What is not ASCII is not ours.
            let pairs = line.as_bytes().split(|byte| *byte == b';').filter_map(|pair| std::str::from_utf8(pair).ok());
            for (name, value) in pairs.filter_map(|pair| pair.trim().split_once('=')) {
                let Some(kept) = CookieName::ALL.into_iter().find(|kept| kept.text(secure) == name) else { continue };
                let slot = match kept {
                    CookieName::Access => &mut found.access,
                    CookieName::Refresh => &mut found.refresh,
                    CookieName::Session => &mut found.session,
                };
                if slot.replace(Secret::new(value.to_owned())).is_some() {
                    return Err(ApiError::invalid_request("two cookies of one name: clear the cookies of this site"));
                }
            }
        }
        // A cleared cookie that a client still sends is none.
        let kept = |value: &Secret| !value.expose().is_empty();
        Ok(Self {
            access: found.access.filter(kept),
            refresh: found.refresh.filter(kept),
            session: found.session.filter(kept),
        })
    }
}

impl FromRequestParts<App> for TokenCookies {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Self::of(&parts.headers, app.http().is_secure())
    }
}

impl Input for TokenCookies {
    /// Two cookies of one name are refused. Which of them count is for the operation to say.
    fn describe(operation: &mut Operation) {
        operation.fails(&[Kind::InvalidRequest]);
    }
}

impl SetCookies {
    pub(crate) const fn new(policy: &HttpPolicy) -> Self {
        Self { secure: policy.is_secure(), values: Vec::new() }
    }

    /// Sets a cookie that lives this many seconds.
    pub(crate) fn set(mut self, name: CookieName, value: &str, seconds: u64) -> Self {
        let secure = if self.secure { "; Secure" } else { "" };
        let name = name.text(self.secure);
        let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        self.values.push(Secret::new(line));
        self
    }

    /// Takes a cookie back.
    pub(crate) fn clear(self, name: CookieName) -> Self {
        self.set(name, "", 0)
    }
}

impl IntoResponseParts for SetCookies {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        for line in &self.values {
            // Tokens are base64url and dots; a line of them is always a header value.
            if let Ok(mut value) = HeaderValue::from_str(&Zeroizing::new(line.expose().clone())) {
                value.set_sensitive(true);
                response.headers_mut().append(SET_COOKIE, value);
            }
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::{CookieName, TokenCookies};
    use axum::http::HeaderMap;

    fn read(lines: &[&str], secure: bool) -> Result<(Option<String>, Option<String>), ()> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("cookie", line.parse().unwrap());
        }
        let cookies = TokenCookies::of(&headers, secure).map_err(|_| ())?;
        let get = |name| cookies.get(name).map(str::to_owned);
        Ok((get(CookieName::Access), get(CookieName::Refresh)))
    }

    #[test]
    fn cookies_are_found_among_others() {
        let both = Ok((Some("a".to_owned()), Some("r".to_owned())));
        assert_eq!(read(&["x=1; __Host-countersign=a; __Host-countersign-refresh=r"], true), both);
        assert_eq!(read(&["countersign=a", "countersign-refresh=r"], false), both);
    }

    #[test]
    fn a_name_without_its_prefix_counts_for_nothing_over_https() {
        assert_eq!(read(&["countersign=a; countersign-refresh=r"], true), Ok((None, None)));
    }

    #[test]
    fn two_of_one_name_are_refused() {
        assert_eq!(read(&["countersign=a; countersign=b"], false), Err(()));
        assert_eq!(read(&["countersign=a", "countersign=a"], false), Err(()));
    }
}
