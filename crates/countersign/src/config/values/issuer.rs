//! The issuer: the URL that every token names (`iss`).

use crate::config::{error::Fault, shapes::Text};
use std::fmt;
use url::Url;

/// An `https` URL without query, fragment and trailing slash (RFC 8414 §2); plain `http` on loopback only. Kept as it
/// was written, because verifiers compare it byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer(String);

impl Issuer {
    /// How a key takes it.
    pub(in crate::config) const SHAPE: Text<Self> = Text { what: "an https URL", parse: Self::parse };

    /// The issuer where none was chosen. A name rather than an address, so that passkeys work.
    pub(in crate::config) fn of_loopback(scheme: &str, port: u16) -> Self {
        Self(format!("{scheme}://localhost:{port}"))
    }

    /// As it stands in a token.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is reached over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The host that clients know it by; an IPv6 address without its brackets.
    pub(crate) fn host(&self) -> String {
        let url = Url::parse(&self.0).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        host.trim_matches(['[', ']']).to_owned()
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        if !text.contains("://") {
            return Err(Fault::new("not a URL: it has no scheme").hint("as in \"https://auth.example.com\""));
        }
        let url = Url::parse(text).map_err(|error| Fault::new(format!("not a URL: {error}")))?;
        match refuse(&url, text) {
            None => Ok(Self(text.to_owned())),
            Some(message) => Err(Fault::new(message).hint(format!("use \"{}\"", corrected(url)))),
        }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn refuse(url: &Url, text: &str) -> Option<&'static str> {
    match url.scheme() {
        "https" => {}
        "http" if matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) => {}
        "http" => return Some("plain http is for localhost, 127.0.0.1 and [::1] only: elsewhere an issuer is https"),
        _ => return Some("an issuer is an https URL"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("an issuer names no user");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Some("an issuer has no query and no fragment");
    }
    if text.ends_with('/') {
        return Some("an issuer has no trailing slash: tokens name it exactly as it is written here");
    }
    if url.as_str().trim_end_matches('/') != text {
        return Some("an issuer is written in the one form that verifiers compare");
    }
    None
}

fn corrected(mut url: Url) -> String {
    // What cannot be set on this kind of URL was not there to be taken away.
    let _ = url.set_scheme("https").and_then(|()| url.set_username("")).and_then(|()| url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    url.as_str().trim_end_matches('/').to_owned()
}
