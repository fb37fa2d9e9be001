//! What a request shows: `Authorization`, or the access cookie under the cross-site rule, never both.

use http::{
    HeaderMap, HeaderValue, Method,
    header::{AUTHORIZATION, COOKIE, ORIGIN},
};

use crate::{original::Original, refused::Refused};

/// The name of the cookie that holds the access token, such as `__Host-countersign`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCookie(String);

/// A cookie that no access token is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadCookieName {
    /// No cookie can be called so (RFC 6265 §4.1.1).
    #[error("not the name of a cookie")]
    Name,
    /// The cookies of refresh tokens and of browser sign-ins are for the issuer alone.
    #[error("this cookie is for the issuer alone: the access token is in `__Host-countersign`")]
    NotAccess,
}

impl AccessCookie {
    /// A name.
    ///
    /// # Errors
    /// [`BadCookieName`].
    pub fn parse(name: &str) -> Result<Self, BadCookieName> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_good) {
            return Err(BadCookieName::Name);
        }
        if name.ends_with("countersign-refresh") || name.ends_with("countersign-session") {
            return Err(BadCookieName::NotAccess);
        }
        Ok(Self(name.to_owned()))
    }

    /// The cookie's value, if it came.
    fn find<'a>(&self, headers: &'a HeaderMap) -> Result<Option<&'a str>, Refused> {
        let mut found = None;
        for line in headers.get_all(COOKIE) {
            // What is not ASCII is not ours.
            let pairs = line.as_bytes().split(|byte| *byte == b';').filter_map(|pair| std::str::from_utf8(pair).ok());
            for (name, value) in pairs.filter_map(|pair| pair.trim().split_once('=')) {
                if name == self.0 && found.replace(value).is_some() {
                    return Err(Refused::Credentials("two access cookies came: clear the cookies of this site"));
                }
            }
        }
        // A cleared cookie that a client still sends is none.
        Ok(found.filter(|value| !value.is_empty()))
    }
}

/// `Authorization` as the verifier is to see it: the header itself, or made of the cookie.
pub(crate) fn authorization(
    headers: &HeaderMap,
    cookie: Option<&AccessCookie>,
    original: &Original,
    trusted_origins: &[String],
) -> Result<Option<HeaderValue>, Refused> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let header = values.next();
    if values.next().is_some() {
        return Err(Refused::Credentials("more than one Authorization header came"));
    }
    let Some(token) = cookie.map(|cookie| cookie.find(headers)).transpose()?.flatten() else {
        return Ok(header.cloned());
    };
    if header.is_some() {
        return Err(Refused::Credentials("a cookie and an Authorization header came together: send one of them"));
    }
    if !permits(headers, original, trusted_origins) {
        return Err(Refused::CrossSite);
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| Refused::Credentials("the access cookie holds no token"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The cross-site rule: what may change something comes from pages of this very site, or of trusted ones.
fn permits(headers: &HeaderMap, original: &Original, trusted_origins: &[String]) -> bool {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&original.method);
    // A web socket begins with a GET, and any page may open one.
    let opens = headers.contains_key("sec-websocket-key") || headers.contains_key("sec-websocket-version");
    if reads && !opens {
        return true;
    }
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next().map(|origin| origin.to_str()), origins.next()) {
        (Some(Ok(origin)), None) => {
            origin == original.web_origin() || trusted_origins.iter().any(|trusted| trusted == origin)
        }
        (None, _) => {
            let mut sites = headers.get_all("sec-fetch-site").iter();
            sites.next().is_some_and(|site| site == "same-origin") && sites.next().is_none()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{AccessCookie, BadCookieName};

    #[test]
    fn only_an_access_cookie_is_read() {
        assert!(AccessCookie::parse("__Host-countersign").is_ok() && AccessCookie::parse("countersign").is_ok());
        for name in ["__Host-countersign-refresh", "countersign-refresh", "__Host-countersign-session"] {
            assert_eq!(AccessCookie::parse(name), Err(BadCookieName::NotAccess));
        }
        for name in ["", "a b", "a=b", "a;b"] {
            assert_eq!(AccessCookie::parse(name), Err(BadCookieName::Name));
        }
    }
}
