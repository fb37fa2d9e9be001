//! The parameters of an authorization request, as they came.

use super::Unanswerable;
use crate::form::decode;
use crate::limits::AUTHORIZATION_PARAMETERS_MAX;

/// The parameters, none of them twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(Vec<(String, String)>);

// RFC 8707 §2: a client may name several resource servers. It is told that it may not here.
const MAY_REPEAT: &str = "resource";
// Whatever a check looks at, and nothing else.
const READ: [&str; 17] = [
    "client_id",
    "redirect_uri",
    "request",
    "request_uri",
    "state",
    "response_type",
    "response_mode",
    "code_challenge",
    "code_challenge_method",
    "scope",
    "resource",
    "nonce",
    "prompt",
    "max_age",
    "claims",
    "login_hint",
    "dpop_jkt",
];

impl Parameters {
    /// Reads a query, or a form: they have one grammar.
    ///
    /// # Errors
    /// [`Unanswerable`] where it can't be read, or a parameter is there twice (RFC 6749 §3.1): which of two redirect URIs
    /// is meant is nothing to guess at.
    pub fn parse(query: &str) -> Result<Self, Unanswerable> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name.as_bytes()), decode(value.as_bytes())) else {
                return Err(Unanswerable::Encoding);
            };
            if parameters.len() == AUTHORIZATION_PARAMETERS_MAX {
                return Err(Unanswerable::TooMany);
            }
            if name != MAY_REPEAT && parameters.iter().any(|(known, _)| *known == name) {
                return Err(Unanswerable::Twice);
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// A parameter's value; one without a value counts as left out (RFC 6749 §3.1).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a parameter.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// With this value of a parameter in the place of what was there; an empty one takes it out.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.0.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Those that a request is made of, found by name: what is kept of a request that comes among other things, such as
    /// its client's credentials.
    #[must_use]
    pub fn picked<'a, I: Iterator<Item = &'a str>>(all: impl Fn(&'static str) -> I) -> Self {
        let pairs = READ.into_iter().flat_map(|name| all(name).map(move |value| (name.to_owned(), value.to_owned())));
        Self(pairs.collect())
    }

    /// The same as a query.
    #[must_use]
    pub fn to_query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::AuthorizationRequest;
    use super::{Parameters, READ, Unanswerable};

    #[test]
    fn what_was_read_can_be_written_and_reads_the_same() {
        let read = Parameters::parse("a=b%20c&&d&resource=x&resource=y&e=%26%3D%2B").unwrap();
        assert_eq!((read.get("a"), read.get("d"), read.get("e")), (Some("b c"), None, Some("&=+")));
        assert_eq!(read.all("resource").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(Parameters::parse(&read.to_query()), Ok(read));
    }

    #[test]
    fn what_is_picked_is_all_that_is_read_and_no_credential() {
        let values = [
            ("client_id", "app"),
            ("redirect_uri", "https://app.example/cb"),
            ("state", "s"),
            ("response_type", "code"),
            ("response_mode", "form_post"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("scope", "openid"),
            ("resource", "https://orders.example"),
            ("nonce", "n"),
            ("prompt", "login"),
            ("max_age", "5"),
            ("claims", r#"{"userinfo":{"email":null}}"#),
            ("login_hint", "ana"),
            ("dpop_jkt", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ];
        assert_eq!(values.len() + 2, READ.len(), "all but the two that are refused");
        let credentials = ["client_secret", "client_assertion", "client_assertion_type", "whatever"];
        let sent = credentials.iter().fold(Parameters::default(), |sent, name| sent.with(name, "CANARY"));
        let sent = values.iter().fold(sent, |sent, (name, value)| sent.with(name, value));
        let picked = Parameters::picked(|name| sent.all(name));
        assert_eq!(AuthorizationRequest::read(&picked), AuthorizationRequest::read(&sent));
        assert!(AuthorizationRequest::read(&picked).is_ok());
        assert!(!picked.to_query().contains("CANARY"));
        assert_eq!(values.map(|(name, _)| picked.get(name)), values.map(|(_, value)| Some(value)));
    }

    #[test]
    fn nothing_is_guessed_at() {
        assert_eq!(Parameters::parse("a=1&b=2&a=1"), Err(Unanswerable::Twice));
        assert_eq!(Parameters::parse("a=1&%61="), Err(Unanswerable::Twice));
        assert_eq!(Parameters::parse("a=%f"), Err(Unanswerable::Encoding));
        assert_eq!(Parameters::parse("a=%ff"), Err(Unanswerable::Encoding));
        let many: Vec<_> = (0..33).map(|n| format!("p{n}=")).collect();
        assert_eq!(Parameters::parse(&many.join("&")), Err(Unanswerable::TooMany));
    }
}
