//! The answer to a token request (RFC 6749 §5.1). That nobody may keep it is said at the edge, of all that may not be.

use crate::app::App;
use crate::error::ApiError;
use crate::http::dpop::{self, DPOP_NONCE};
use crate::openapi::values;
use axum::Json;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use countersign_core::ops::Issue;
use countersign_core::token::{AccessClaims, IdClaims, OnceToldClaims};
use serde::Serialize;
use utoipa::ToSchema;

/// An access token, what it is good for, and what goes with it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenResponse {
    #[schema(value_type = values::CompactToken)]
    pub(super) access_token: String,
    /// How the access token is presented: `DPoP` where it is bound to a key.
    #[schema(pattern = "^(Bearer|DPoP)$")]
    pub(super) token_type: &'static str,
    /// Seconds for which the access token holds, an hour at most.
    #[schema(minimum = 0, maximum = 3600)]
    pub(super) expires_in: u64,
    /// To people's clients alone: a machine can ask again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::RefreshTokenText, required = false)]
    pub(super) refresh_token: Option<String>,
    /// Where `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::CompactToken, required = false)]
    pub(super) id_token: Option<String>,
    /// What was granted.
    #[schema(value_type = values::ScopeList)]
    pub(super) scope: String,
    /// `DPoP-Nonce`, where the next proof needs one.
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) nonce: Option<HeaderValue>,
}

/// How the access token is to be presented (RFC 6749 §7.1, RFC 9449 §5).
pub(super) const fn token_type(claims: &AccessClaims) -> &'static str {
    if claims.bound_to.is_some() { "DPoP" } else { "Bearer" }
}

/// So that the next proof needs no second try (RFC 9449 §8.2).
pub(super) fn next_nonce(app: &App, claims: &AccessClaims) -> Option<HeaderValue> {
    claims.bound_to.as_ref().and_then(|_| dpop::next_nonce(app))
}

impl TokenResponse {
    /// Signs what was issued. `presented` is the refresh token that goes on where none is new.
    pub(super) async fn of(
        app: &App,
        issue: &Issue,
        presented: Option<&str>,
        once: OnceToldClaims,
    ) -> Result<Self, ApiError> {
        let pair = app.sign(issue).await?;
        let refresh_token = pair.refresh_token.as_ref().map(|token| token.as_str()).or(presented);
        let id_token = match IdClaims::beside(&issue.claims, once) {
            Some(claims) => Some(app.sign_id_token(&claims, &pair.access_token).await?),
            None => None,
        };
        Ok(Self {
            access_token: pair.access_token,
            token_type: token_type(&issue.claims),
            nonce: next_nonce(app, &issue.claims),
            expires_in: pair.expires_in,
            refresh_token: refresh_token.map(str::to_owned),
            id_token,
            scope: issue.claims.scope.to_string(),
        })
    }
}

impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        let nonce = self.nonce.clone().map(|nonce| [(DPOP_NONCE, nonce)]);
        (nonce, Json(self)).into_response()
    }
}
