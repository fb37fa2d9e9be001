//! Redirect URIs (RFC 6749 §3.1.2): where an authorization response may go. Compared as RFC 9700 §2.1 asks: exactly.

use crate::limits::REDIRECT_URI_BYTES_MAX;

/// A registered redirect URI, or one that a request names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RedirectUri(String);

/// Text that can't be a redirect URI of that kind of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRedirectUri {
    /// Not an absolute URI, or too long.
    #[error(
        "not a redirect URI: expected an absolute URI of at most {REDIRECT_URI_BYTES_MAX} printable ASCII characters, such as https://app.example.com/callback"
    )]
    NotAbsolute,
    /// It has a fragment, and responses add to the query alone.
    #[error("a redirect URI has no fragment (RFC 6749 section 3.1.2)")]
    Fragment,
    /// It names a user: nobody sees where it leads.
    #[error("a redirect URI has no user name")]
    User,
    /// Wildcards look as if they were matched; nothing but the exact text is.
    #[error("a redirect URI is compared character by character: `*` matches nothing else, so name each one")]
    Wildcard,
    /// A code would cross the network in the clear.
    #[error(
        "a redirect URI is `https`; `http` only on this machine: 127.0.0.1, [::1] or localhost (RFC 8252 section 7.3)"
    )]
    NotHttps,
    /// A scheme of its own belongs to an app on a device.
    #[error(
        "a scheme of its own is for kind `native` alone, and named after a domain, such as com.example.app:/callback (RFC 8252 section 7.1)"
    )]
    Scheme,
}

/// Which redirect URIs a kind of client may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectRule {
    /// `https`, or this machine.
    Web,
    /// Also a scheme that is named after a domain (RFC 8252 §7.1).
    Native,
}

/// The hosts that mean this machine (RFC 8252 §7.3, §8.3).
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

impl RedirectUri {
    /// Reads what a request names. It proves nothing: `matches` does.
    ///
    /// # Errors
    /// [`InvalidRedirectUri::NotAbsolute`] and [`InvalidRedirectUri::Fragment`].
    pub fn parse(text: &str) -> Result<Self, InvalidRedirectUri> {
        let plain = text.len() <= REDIRECT_URI_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        match url::Url::parse(text) {
            Ok(url) if plain && url.fragment().is_none() => Ok(Self(text.to_owned())),
            Ok(_) if plain => Err(InvalidRedirectUri::Fragment),
            _ => Err(InvalidRedirectUri::NotAbsolute),
        }
    }

    /// Reads one that is to be registered.
    pub(crate) fn to_register(text: &str, rule: RedirectRule) -> Result<Self, InvalidRedirectUri> {
        let uri = Self::parse(text)?;
        // Parsed a moment ago.
        let url = url::Url::parse(text).map_err(|_| InvalidRedirectUri::NotAbsolute)?;
        if text.contains('*') {
            return Err(InvalidRedirectUri::Wildcard);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedirectUri::User);
        }
        match url.scheme() {
            "https" => Ok(uri),
            "http" if uri.loopback().is_some() => Ok(uri),
            "http" => Err(InvalidRedirectUri::NotHttps),
            scheme if rule == RedirectRule::Native && scheme.contains('.') => Ok(uri),
            _ => Err(InvalidRedirectUri::Scheme),
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a response to `asked` may go out for this registered one: the same text. An app on a device gets its port
    /// on this machine from the system (RFC 8252 §7.3); nobody else's port may differ (RFC 9700 §2.1).
    pub(crate) fn matches(&self, asked: &Self, rule: RedirectRule) -> bool {
        let on_this_machine = || self.loopback().is_some_and(|registered| asked.loopback() == Some(registered));
        self == asked || (rule == RedirectRule::Native && on_this_machine())
    }

    /// Host and what follows the port, where it is `http` on this machine.
    fn loopback(&self) -> Option<(&str, &str)> {
        let rest = self.0.strip_prefix("http://")?;
        let host = LOOPBACK.into_iter().find(|host| rest.starts_with(host))?;
        let (host, rest) = rest.split_at(host.len());
        let rest = rest.strip_prefix(':').map_or(rest, |port| port.trim_start_matches(|c: char| c.is_ascii_digit()));
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidRedirectUri, RedirectRule, RedirectUri};

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    #[test]
    fn only_the_same_text_matches() {
        let registered = uri("https://app.example/callback?a=b");
        assert!(registered.matches(&registered.clone(), RedirectRule::Native));
        for other in [
            "https://app.example/callback",
            "https://app.example/callback?a=b&c=d",
            "https://app.example/callback/?a=b",
            "https://app.example/Callback?a=b",
            "https://APP.example/callback?a=b",
            "https://app.example:443/callback?a=b",
            "https://app.example/x/../callback?a=b",
            "https://app.example/%63allback?a=b",
            "https://app.example.evil.example/callback?a=b",
            "https://app.example@evil.example/callback?a=b",
            "http://app.example/callback?a=b",
        ] {
            assert!(!registered.matches(&uri(other), RedirectRule::Native), "{other}");
        }
    }

    #[test]
    fn on_this_machine_any_port_of_an_app_matches_and_nothing_else_differs() {
        let matches = |registered, asked| uri(registered).matches(&uri(asked), RedirectRule::Native);
        for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:8000/cb"] {
            for asked in ["http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"] {
                assert!(matches(registered, asked), "{registered} {asked}");
            }
            for asked in [
                "http://localhost:51004/cb",
                "http://[::1]:51004/cb",
                "https://127.0.0.1:51004/cb",
                "http://127.0.0.1:51004/cb/",
                "http://127.0.0.1:51004/",
                "http://127.0.0.1:51004@evil.example/cb",
                "http://127.0.0.1.evil.example/cb",
            ] {
                assert!(!matches(registered, asked), "{registered} {asked}");
            }
        }
        assert!(matches("http://[::1]/cb", "http://[::1]:9/cb"));
        assert!(matches("http://localhost/cb", "http://localhost:9/cb"));
        let (registered, asked) = (uri("http://localhost/cb"), uri("http://localhost:9/cb"));
        assert!(!registered.matches(&asked, RedirectRule::Web), "a web application knows its port");
    }

    #[test]
    fn what_can_not_be_registered_says_why() {
        let web = |text| RedirectUri::to_register(text, RedirectRule::Web).map(|_| ());
        assert_eq!(web("https://app.example/cb"), Ok(()));
        assert_eq!(web("http://localhost:3000/cb"), Ok(()));
        for (text, why) in [
            ("", InvalidRedirectUri::NotAbsolute),
            ("/cb", InvalidRedirectUri::NotAbsolute),
            ("https://app.example/c b", InvalidRedirectUri::NotAbsolute),
            ("https://app.example/cb#x", InvalidRedirectUri::Fragment),
            ("https://app.example/cb#", InvalidRedirectUri::Fragment),
            ("https://user@app.example/cb", InvalidRedirectUri::User),
            ("https://*.app.example/cb", InvalidRedirectUri::Wildcard),
            ("http://app.example/cb", InvalidRedirectUri::NotHttps),
            ("http://127.0.0.1.evil.example/cb", InvalidRedirectUri::NotHttps),
            ("com.example.app:/cb", InvalidRedirectUri::Scheme),
            ("javascript:alert(1)", InvalidRedirectUri::Scheme),
            ("data:text/html,x", InvalidRedirectUri::Scheme),
        ] {
            assert_eq!(web(text), Err(why), "{text}");
        }
        let native = |text| RedirectUri::to_register(text, RedirectRule::Native).map(|_| ());
        assert_eq!(native("com.example.app:/cb"), Ok(()));
        assert_eq!(native("myapp:/cb"), Err(InvalidRedirectUri::Scheme));
        assert_eq!(native("javascript:alert(1)"), Err(InvalidRedirectUri::Scheme));
    }
}
