//! The claims set of an ID token (OpenID Connect Core §2): who signed in, told to the client alone.

use crate::client::ClientId;
use crate::ids::{AccountId, SessionId};
use crate::scope::OPENID;
use crate::token::{AccessClaims, IdentityClaims};
use aws_lc_rs::digest::{SHA256, digest};
use countersign_jose::{Timestamp, base64url};
use serde::Serialize;

/// What an ID token says. Nothing personal unless it was asked for by `claims`: what `profile` and `email` grant is at the
/// userinfo endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdClaims {
    /// `sub`.
    pub subject: AccountId,
    /// `aud`.
    pub client: ClientId,
    /// `sid`: by which back-channel logout names the session.
    pub session: SessionId,
    /// `auth_time`.
    pub authenticated_at: Timestamp,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
    /// What only the first ID token of a session says.
    pub once: OnceToldClaims,
}

/// What the authorization request asked to be told once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OnceToldClaims {
    /// `nonce`, as the request had it.
    pub nonce: Option<String>,
    /// What it wants here, and not at the userinfo endpoint alone (§5.5).
    pub identity: IdentityClaims,
}

#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    sub: AccountId,
    aud: &'a str,
    iat: u64,
    exp: u64,
    auth_time: u64,
    sid: SessionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(flatten)]
    identity: &'a IdentityClaims,
    at_hash: String,
}

impl IdClaims {
    /// The ID token that goes with an access token; none where `openid` was not granted, or nobody signed in.
    #[must_use]
    pub fn beside(access: &AccessClaims, once: OnceToldClaims) -> Option<Self> {
        let granted = access.scope.contains(OPENID);
        Some(Self {
            subject: access.subject.filter(|_| granted)?,
            client: access.client.clone(),
            session: access.session,
            authenticated_at: access.authenticated_at?,
            issued_at: access.issued_at,
            expires_at: access.expires_at,
            once,
        })
    }

    /// The claims set of `issuer`'s token beside `access_token`, ready to sign with an algorithm of 256 bits.
    pub fn of_issuer<'a>(&'a self, issuer: &'a str, access_token: &str) -> impl Serialize + 'a {
        Wire {
            iss: issuer,
            sub: self.subject,
            aud: self.client.as_str(),
            iat: self.issued_at.as_seconds(),
            exp: self.expires_at.as_seconds(),
            auth_time: self.authenticated_at.as_seconds(),
            sid: self.session,
            nonce: self.once.nonce.as_deref(),
            identity: &self.once.identity,
            at_hash: at_hash(access_token),
        }
    }
}

/// The left half of SHA-256 (OpenID Connect Core §3.1.3.6).
fn at_hash(access_token: &str) -> String {
    let hash = digest(&SHA256, access_token.as_bytes());
    let half = hash.as_ref().get(..16).unwrap_or_default();
    base64url::encode(half)
}

#[cfg(test)]
mod tests {
    use super::at_hash;

    #[test]
    fn the_example_of_openid_connect_core_holds() {
        // Appendix A.3: the access token and `at_hash` of the ID token beside it.
        assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
