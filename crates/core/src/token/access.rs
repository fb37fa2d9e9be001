//! The claims set of an access token (RFC 9068 §2.2).

use crate::account::Roles;
use crate::client::ClientId;
use crate::ids::{AccountId, SessionId, TokenId};
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use countersign_jose::Timestamp;
use serde::Serialize;

/// What an access token says. Nothing personal: who `sub` is, the resource server asks if it must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// `sub`: the account; a machine's token has its client's id.
    pub subject: Option<AccountId>,
    /// `aud`: the one resource server that it is for.
    pub audience: ResourceUri,
    /// `client_id`.
    pub client: ClientId,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`; never beyond the session's absolute expiry.
    pub expires_at: Timestamp,
    /// `jti`.
    pub id: TokenId,
    /// `sid`: every access token has one, so that one revocation entry ends them all.
    pub session: SessionId,
    /// `scope`.
    pub scope: ScopeSet,
    /// `auth_time`: when the account proved who it is.
    pub authenticated_at: Option<Timestamp>,
    /// `roles`: left out where there are none.
    pub roles: Roles,
    /// `cnf.jkt` (RFC 9449 §6): thumbprint of the key that must be shown with it.
    pub bound_to: Option<String>,
}

#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    client_id: &'a str,
    iat: u64,
    exp: u64,
    jti: TokenId,
    sid: SessionId,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    #[serde(skip_serializing_if = "Roles::is_empty")]
    roles: &'a Roles,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation<'a>>,
}

#[derive(Serialize)]
struct Confirmation<'a> {
    jkt: &'a str,
}

impl AccessClaims {
    /// The claims set of `issuer`'s token, ready to sign.
    pub fn of_issuer<'a>(&'a self, issuer: &'a str) -> impl Serialize + 'a {
        Wire {
            iss: issuer,
            sub: self.subject.map_or_else(|| self.client.to_string(), |subject| subject.to_string()),
            aud: self.audience.as_str(),
            client_id: self.client.as_str(),
            iat: self.issued_at.as_seconds(),
            exp: self.expires_at.as_seconds(),
            jti: self.id,
            sid: self.session,
            scope: self.scope.to_string(),
            auth_time: self.authenticated_at.map(Timestamp::as_seconds),
            roles: &self.roles,
            cnf: self.bound_to.as_deref().map(|jkt| Confirmation { jkt }),
        }
    }
}
