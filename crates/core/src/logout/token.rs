//! The claims set of a logout token (OpenID Connect Back-Channel Logout §2.4).

use super::PendingLogout;
use crate::draw::Draw;
use crate::ids::{AccountId, SessionId, TokenId};
use crate::limits::LOGOUT_TOKEN_LIFETIME;
use serde::Serialize;

/// What a logout token says: a session of this client is over. It has no `nonce`, so that no ID token is taken for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogoutClaims<'a> {
    iss: &'a str,
    sub: AccountId,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: TokenId,
    sid: SessionId,
    events: Events,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    backchannel_logout: Nothing,
}

/// `{}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Nothing {}

impl<'a> LogoutClaims<'a> {
    /// The type that a logout token's header names.
    pub const TYPE: &'static str = "logout+jwt";

    /// What `issuer` says now of a session that ended. Each try has a `jti` of its own: a client that remembers those
    /// which came would otherwise refuse a token whose first answer was lost.
    #[must_use]
    pub fn of(pending: &'a PendingLogout, issuer: &'a str, draw: &Draw) -> Self {
        Self {
            iss: issuer,
            sub: pending.account,
            aud: pending.client.as_str(),
            iat: draw.now.timestamp().as_seconds(),
            exp: (draw.now + LOGOUT_TOKEN_LIFETIME).timestamp().as_seconds(),
            jti: draw.jti,
            sid: pending.session,
            events: Events { backchannel_logout: Nothing {} },
        }
    }
}
