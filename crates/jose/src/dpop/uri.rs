//! `htu`: the URI of a request without query and fragment, in one form (RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3).

use crate::limits::URI_BYTES_MAX;

/// An `http` or `https` URI in normal form, without query and fragment: two that mean one resource are equal.
///
/// ```
/// use countersign_jose::HttpUri;
///
/// let uri = HttpUri::parse("HTTPS://API.example:443/a/./b/../%7euser?x=1#y");
/// assert_eq!(uri.map(|uri| uri.to_string()).as_deref(), Some("https://api.example/a/~user"));
/// assert!(HttpUri::parse("https://user@api.example/").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpUri(String);

impl HttpUri {
    /// Reads and normalises; `None` for what is no absolute `http` or `https` URI, has user information, or is longer
    /// than 2 KiB.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > URI_BYTES_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => "80",
            "https" => "443",
            _ => return None,
        };
        let rest = rest.split(['?', '#']).next()?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = authority_of(authority, default_port)?;
        Some(Self(format!("{scheme}://{authority}{}", without_dots(&percent_normal(path)?))))
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for HttpUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host in lower case; the port unless it is empty or the scheme's own.
fn authority_of(authority: &str, default_port: &str) -> Option<String> {
    let split = match authority.rfind(']') {
        Some(end) => authority.split_at_checked(end.saturating_add(1))?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let (host, port) = (split.0, split.1.strip_prefix(':').unwrap_or(split.1));
    if host.is_empty() || host.contains(['@', '\\']) || !port.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    let port = port.trim_start_matches('0');
    Some(if port.is_empty() || port == default_port { host } else { format!("{host}:{port}") })
}

/// Escapes of unreserved characters are undone, the others written with upper case digits (RFC 3986 §6.2.2.1 and .2).
fn percent_normal(path: &str) -> Option<String> {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        normal.push_str(before);
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            normal.push(char::from(byte));
        } else {
            normal.push('%');
            normal.push_str(&digits.to_ascii_uppercase());
        }
        rest = after.get(2..)?;
    }
    normal.push_str(rest);
    Some(normal)
}

/// Removes dot segments (RFC 3986 §5.2.4); an empty path is `/` (§6.2.3).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index.saturating_add(1) == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_one_resource_has_one_form() {
        let normal = |text: &str| HttpUri::parse(text).unwrap().to_string();
        for (text, expected) in [
            ("https://a.example", "https://a.example/"),
            ("https://a.example:443", "https://a.example/"),
            ("https://a.example:/x", "https://a.example/x"),
            ("http://a.example:0080/x", "http://a.example/x"),
            ("http://a.example:8080/x", "http://a.example:8080/x"),
            ("https://[::1]:8443/x", "https://[::1]:8443/x"),
            ("https://[2001:DB8::1]:443/x", "https://[2001:db8::1]/x"),
            ("https://a.example/a/b/c/./../../g", "https://a.example/a/g"),
            ("https://a.example/../../a", "https://a.example/a"),
            ("https://a.example/a/..", "https://a.example/"),
            ("https://a.example/a/b/.", "https://a.example/a/b/"),
            ("https://a.example/a//b", "https://a.example/a//b"),
            ("https://a.example/%2e%2E/x", "https://a.example/x"),
            ("https://a.example/%2f%e2", "https://a.example/%2F%E2"),
            ("https://a.example?x", "https://a.example/"),
        ] {
            assert_eq!(normal(text), expected, "{text}");
            assert_eq!(normal(expected), expected);
        }
        // The path's case counts.
        assert_ne!(normal("https://a.example/A"), normal("https://a.example/a"));
    }

    #[test]
    fn what_is_no_http_uri_is_refused() {
        let long = format!("https://a.example/{}", "x".repeat(URI_BYTES_MAX));
        for text in ["", "a.example/x", "/x", "ftp://a/", "https:///x", "https://u@a/", "https://a:8x/", &long] {
            assert_eq!(HttpUri::parse(text), None, "{text}");
        }
        for text in ["https://a/%", "https://a/%2", "https://a/%zz", "https://a/ b", "https://a/\u{e9}"] {
            assert_eq!(HttpUri::parse(text), None, "{text}");
        }
    }
}
