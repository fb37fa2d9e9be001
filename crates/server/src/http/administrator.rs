//! Who administers: an account that is signed in and has the role `admin` as it stands now.

use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::http::RequestOrigin;
use crate::http::bearer::SignedIn;
use crate::limits::RECENT_AUTHENTICATION_MAX;
use crate::openapi::{Input, Operation};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use countersign_core::Time;
use countersign_core::audit::Actor;
use countersign_core::ops::Origin;

/// An administrator, and for the audit where the request came from.
pub(crate) struct Administrator {
    pub(crate) actor: Actor,
    authenticated_at: Time,
}

const ROLE: &str = "admin";

impl Administrator {
    /// For what is dangerous: the password was typed lately (RFC 9470).
    pub(crate) fn must_be_recent(&self, now: Time) -> Result<(), ApiError> {
        let recent = now.since(self.authenticated_at) <= RECENT_AUTHENTICATION_MAX;
        if recent { Ok(()) } else { Err(ApiError::stale_authentication()) }
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = ApiError;

    /// A request that changes state by cookie must come from our own pages: asked here, so that no route can forget it.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let SignedIn { who, browser, .. } = SignedIn::from_request_parts(parts, app).await?;
        if !who.account.roles.contains(ROLE) {
            return Err(ApiError::forbidden());
        }
        if !parts.method.is_safe() {
            browser.permits_change(app.http(), false)?;
        }
        let Ok(origin) = RequestOrigin::from_request_parts(parts, app).await;
        let actor = Actor { account: Some(who.account.id), ..Origin::from(origin).actor() };
        Ok(Self { actor, authenticated_at: who.session.created_at })
    }
}

impl Input for Administrator {
    fn describe(operation: &mut Operation) {
        SignedIn::describe(operation);
        operation.takes_role(ROLE).fails(&[Kind::Forbidden]).may_be_cross_site();
    }
}
