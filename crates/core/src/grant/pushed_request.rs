//! Pushed authorization requests (RFC 9126): what a client leaves with the server, under a secret that goes through the
//! browser in its place.

use crate::client::ClientId;
use crate::grant::Parameters;
use crate::limits::{PUSHED_REQUEST_LIFETIME, SIGN_IN_COUNTS_FOR};
use crate::opaque::opaque_secret;
use crate::time::Time;

opaque_secret! {
    /// What a pushed request is known by. Wiped when dropped; does not print.
    PushedRequestSecret = "csp_"
}

/// A request that was pushed. Storage holds it under SHA-256 of its secret's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// Who pushed it: nobody else may use it (RFC 9126 §4).
    pub client: ClientId,
    /// What it asks for. No credentials of the client are among it.
    pub parameters: Parameters,
    /// Whether somebody came with it.
    pub begun: bool,
    /// Until when it is good: for a browser to come with it, then for whoever is there to finish.
    pub expires_at: Time,
}

/// RFC 9126 §2.2 takes it from RFC 9101 §10.2.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

impl PushedRequestSecret {
    /// The `request_uri` that stands for the request.
    #[must_use]
    pub fn to_uri(&self) -> String {
        format!("{PREFIX}{}", self.expose())
    }

    /// What `parameters` name by a `request_uri`; `None` where that is none of ours. A reference to somebody else's server
    /// is a request object, which is not supported.
    #[must_use]
    pub fn named_by(parameters: &Parameters) -> Option<Self> {
        let secret = parameters.get("request_uri")?.strip_prefix(PREFIX)?;
        Some(Self::presented(secret.to_owned()))
    }
}

impl PushedRequest {
    /// As it is pushed now.
    #[must_use]
    pub fn new(client: ClientId, parameters: Parameters, now: Time) -> Self {
        Self { client, parameters, begun: false, expires_at: now + PUSHED_REQUEST_LIFETIME }
    }

    /// Whether `client` may use it.
    #[must_use]
    pub fn is_good_for(&self, client: &ClientId, now: Time) -> bool {
        self.client == *client && now < self.expires_at
    }

    /// Until when it is good once a browser came with it: its pages, and reloads of them, go on as long as a sign-in
    /// that was made for it counts.
    #[must_use]
    pub fn good_once_begun(now: Time) -> Time {
        now + SIGN_IN_COUNTS_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::{PushedRequest, PushedRequestSecret};
    use crate::client::ClientId;
    use crate::grant::Parameters;
    use crate::time::{Span, Time};

    #[test]
    fn a_uri_names_the_secret_that_it_was_made_of() {
        let secret = PushedRequestSecret::from_bytes(&[7; 32]);
        let uri = secret.to_uri();
        assert_eq!((uri.len(), &uri[..38]), (81, "urn:ietf:params:oauth:request_uri:csp_"));
        let query = Parameters::default().with("request_uri", &uri);
        assert_eq!(PushedRequestSecret::named_by(&query).unwrap().hash(), secret.hash());
        for foreign in ["https://app.example/request.jwt", "urn:example:1", ""] {
            let query = Parameters::default().with("request_uri", foreign);
            assert!(PushedRequestSecret::named_by(&query).is_none(), "{foreign}");
        }
        assert!(PushedRequestSecret::named_by(&Parameters::default()).is_none());
    }

    #[test]
    fn a_request_is_good_for_its_client_for_a_minute() {
        let (app, other) = (ClientId::parse("app").unwrap(), ClientId::parse("other").unwrap());
        let at = |seconds| Time::from_millis(0) + Span::from_seconds(seconds);
        let request = PushedRequest::new(app.clone(), Parameters::default(), at(0));
        assert!(request.is_good_for(&app, at(59)));
        assert!(!request.is_good_for(&other, at(59)));
        assert!(!request.is_good_for(&app, at(60)));
        assert_eq!(PushedRequest::good_once_begun(at(59)), at(959));
    }
}
