//! Who may read the feed: a token for the issuer itself with scope `feed:read`, unless the feed is public.

use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::feed::{Authority, FeedAccess};
use crate::http::bearer::{BearerToken, verify};
use crate::openapi::{Input, Operation, Scheme};
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use countersign_core::Time;
use countersign_core::scope::{FEED_READ, ScopeSet};
use countersign_core::{SessionId, TokenId};
use countersign_revocation::{RevokedSet, Subjects, client_key};

/// Somebody who may read the feed; a long answer has to ask again and again.
#[derive(Debug, Clone)]
pub(crate) struct FeedReader(Option<Authority>);

impl FeedReader {
    /// Whether the token that began this still holds.
    pub(crate) fn may_go_on(&self, revoked: &RevokedSet, now: Time) -> bool {
        self.0.as_ref().is_none_or(|authority| authority.holds(revoked, now))
    }
}

impl FromRequestParts<App> for FeedReader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if app.feed_policy().access == FeedAccess::Public {
            return Ok(Self(None));
        }
        let bearer = <BearerToken as OptionalFromRequestParts<App>>::from_request_parts(parts, app).await?;
        let bearer = bearer.ok_or_else(ApiError::missing_token)?;
        let (ring, now) = (app.ring().version, app.source().now());
        let readers = app.feed().readers();
        let known = readers.find(bearer.as_str(), ring);
        if let Some(authority) = known.filter(|authority| authority.holds(app.feed().revoked(), now)) {
            return Ok(Self(Some(authority)));
        }
        let token = verify(app, bearer.as_str(), app.issuer());
        let token = token.map_err(|error| ApiError::invalid_token(error.to_string()))?;
        let (claims, expires_at) = (token.claims(), token.expires_at());
        if claims.cnf.is_some() {
            return Err(ApiError::invalid_token("a token that is bound to a key is no bearer token"));
        }
        let ids = claims.sid.parse::<SessionId>().ok().zip(claims.jti.parse::<TokenId>().ok());
        let (session, jti) = ids.ok_or_else(|| ApiError::invalid_token("not a token of a session"))?;
        let scope = ScopeSet::parse(&claims.scope).unwrap_or_default();
        if !scope.contains(FEED_READ) {
            return Err(ApiError::insufficient_scope());
        }
        let subjects = Subjects {
            session: Some(*session.as_bytes()),
            token: Some(*jti.as_bytes()),
            client: Some(client_key(&claims.client_id)),
        };
        let authority = Authority { subjects, expires_at };
        // What the feed says holds for those who read it, too.
        if !authority.holds(app.feed().revoked(), now) {
            return Err(ApiError::invalid_token("the token was revoked"));
        }
        readers.keep(bearer.as_str(), ring, &authority, now);
        Ok(Self(Some(authority)))
    }
}

impl Input for FeedReader {
    fn describe(operation: &mut Operation) {
        let refusals = [Kind::InvalidRequest, Kind::MissingToken, Kind::InvalidToken, Kind::InsufficientScope];
        operation.takes(Scheme::Bearer, &[FEED_READ]).fails(&refusals);
    }
}
