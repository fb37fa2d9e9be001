//! What an operation issues: claims to sign and a refresh token to make. Signing itself needs keys, and is the caller's.

use crate::account::Roles;
use crate::client::Client;
use crate::ids::SessionId;
use crate::ids::TokenId;
use crate::ops::Policies;
use crate::resource::{Resource, ResourceUri};
use crate::scope::{IDENTITY, ScopeSet};
use crate::session::{Generation, Session, SessionSecret, minted_until};
use crate::time::{Span, Time};
use crate::token::AccessClaims;
use countersign_jose::Timestamp;

/// A pair of tokens to be made. Exists only after the mint rule's statement found the session live.
#[derive(Debug)]
pub struct Issue {
    /// The access token's claims.
    pub claims: AccessClaims,
    /// The refresh token beside it.
    pub refresh: IssuedRefresh,
    /// When the session is over unless refreshed: as long as a cookie should keep the refresh token.
    pub refresh_expires_at: Time,
}

/// The refresh token that goes with an access token.
#[derive(Debug)]
pub enum IssuedRefresh {
    /// The one that was presented.
    Same,
    /// This one.
    Token {
        /// Its session.
        session: SessionId,
        /// The session's secret.
        secret: SessionSecret,
        /// Which of the session's tokens.
        generation: Generation,
    },
}

/// `exp` of a token minted at `now`, fixed before the statement that the mint rule asks for.
pub(crate) fn expiry(session: &Session, resource: Option<&Resource>, policies: &Policies, now: Time) -> Timestamp {
    minted_until(now, lifetime(resource, policies), session.absolute_expires_at)
}

/// How long an access token for `resource` lives.
pub(crate) fn lifetime(resource: Option<&Resource>, policies: &Policies) -> Span {
    resource.and_then(|resource| resource.lifetime).unwrap_or(policies.token.access_lifetime)
}

/// What of `asked` an account with `roles` is granted through `client` at `resource`: what the client may ask for and the
/// resource server permits; the rest is dropped (RFC 6749 §3.3). The server itself has no scopes unless registered, but
/// those of identity.
pub(crate) fn granted(asked: &ScopeSet, client: &Client, resource: Option<&Resource>, roles: &Roles) -> ScopeSet {
    asked.filter(|scope| {
        let identity = client.kind.signs_people_in() && IDENTITY.contains(&scope.as_str());
        let served = || resource.is_some_and(|resource| resource.permits(scope, roles));
        identity || (client.may_ask_for(scope.as_str()) && served())
    })
}

/// What the claims say beside what the session says.
pub(crate) struct Minted<'a> {
    pub(crate) session: &'a Session,
    pub(crate) audience: &'a ResourceUri,
    pub(crate) scope: ScopeSet,
    pub(crate) roles: &'a Roles,
    pub(crate) now: Time,
    pub(crate) expires_at: Timestamp,
    pub(crate) jti: TokenId,
}

impl Minted<'_> {
    pub(crate) fn claims(self) -> AccessClaims {
        let session = self.session;
        AccessClaims {
            subject: session.account,
            audience: self.audience.clone(),
            client: session.client.clone(),
            issued_at: self.now.timestamp(),
            expires_at: self.expires_at,
            id: self.jti,
            session: session.id,
            scope: self.scope,
            authenticated_at: session.account.map(|_| session.authenticated_at.timestamp()),
            roles: self.roles.clone(),
            bound_to: session.jkt.clone(),
        }
    }
}
