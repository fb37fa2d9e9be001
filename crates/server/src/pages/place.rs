//! Where a redirect URI leads: in words for people, and as a source for the browser's policy.

use countersign_core::client::RedirectUri;

/// In words: the host, `this device`, or the app's own scheme.
pub(super) fn words(uri: &RedirectUri) -> String {
    let Ok(url) = url::Url::parse(uri.as_str()) else { return String::new() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    match (url.scheme(), url.host_str()) {
        ("http", Some(host)) => format!("on this device ({host}{port})"),
        ("https", Some(host)) => format!("at {host}{port}"),
        (scheme, _) => format!("on this device ({scheme})"),
    }
}

/// As a source of Content Security Policy: the origin, or the scheme where its grammar has no word for the origin (an
/// app's own scheme, an address of IPv6).
pub(super) fn source(uri: &RedirectUri) -> String {
    let Ok(url) = url::Url::parse(uri.as_str()) else { return "'none'".to_owned() };
    let origin = url.origin().ascii_serialization();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-".contains(&byte);
    let written = origin != "null" && origin.bytes().all(plain);
    if written { origin } else { format!("{}:", url.scheme()) }
}

#[cfg(test)]
mod tests {
    use super::{source, words};
    use countersign_core::client::RedirectUri;

    #[test]
    fn a_source_never_ends_the_directive_that_it_is_in() {
        for (uri, expected) in [
            ("https://app.example.com/cb?a=b", "https://app.example.com"),
            ("https://app.example.com:8443/cb", "https://app.example.com:8443"),
            ("http://127.0.0.1:51004/cb", "http://127.0.0.1:51004"),
            ("http://[::1]:51004/cb", "http:"),
            ("com.example.app:/cb", "com.example.app:"),
            ("https://a;script-src/cb", "https:"),
            ("https://a,b/cb", "https:"),
        ] {
            assert_eq!(source(&RedirectUri::parse(uri).unwrap()), expected, "{uri}");
        }
    }

    #[test]
    fn people_see_the_host() {
        for (uri, expected) in [
            ("https://app.example.com:8443/cb", "at app.example.com:8443"),
            ("https://\u{61}pp.xn--exmple-cua.com/cb", "at app.xn--exmple-cua.com"),
            ("http://localhost:3000/cb", "on this device (localhost:3000)"),
            ("com.example.app:/cb", "on this device (com.example.app)"),
        ] {
            assert_eq!(words(&RedirectUri::parse(uri).unwrap()), expected, "{uri}");
        }
    }
}
