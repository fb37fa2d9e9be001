//! `GET` and `POST /oauth2/userinfo` (OpenID Connect Core §5.3): what somebody let a client know about them.

use crate::app::App;
use crate::error::ApiError;
use crate::http::bearer::PresentedToken;
use crate::openapi::values;
use axum::Json;
use axum::extract::State;
use countersign_core::ops::authenticate;
use countersign_core::scope::{OPENID, ScopeSet};
use countersign_core::token::IdentityClaims;
use countersign_core::{SessionId, TokenId};
use serde::Serialize;
use utoipa::ToSchema;

/// Claims of OpenID Connect Core §5.1, as far as scopes grant them (§5.4) and the account has them.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserInfo {
    #[schema(value_type = values::Id)]
    sub: String,
    /// With `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    name: Option<String>,
    /// The login, with `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    preferred_username: Option<String>,
    /// With `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    email: Option<String>,
    /// With `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    email_verified: Option<bool>,
}

/// `GET`
pub(crate) async fn by_get(State(app): State<App>, presented: PresentedToken) -> Result<Json<UserInfo>, ApiError> {
    userinfo(&app, &presented).await
}

/// `POST`: the same (§5.3.1).
pub(crate) async fn by_post(State(app): State<App>, presented: PresentedToken) -> Result<Json<UserInfo>, ApiError> {
    userinfo(&app, &presented).await
}

/// The access token is for the issuer itself, and `openid` was granted with it.
async fn userinfo(app: &App, presented: &PresentedToken) -> Result<Json<UserInfo>, ApiError> {
    let token = presented.of_issuer(app, "/oauth2/userinfo")?;
    let claims = token.claims();
    let scope = ScopeSet::parse(&claims.scope).unwrap_or_default();
    if !scope.contains(OPENID) {
        return Err(ApiError::insufficient_scope());
    }
    let ids = claims.sid.parse::<SessionId>().ok().zip(claims.jti.parse::<TokenId>().ok());
    let (session, jti) = ids.ok_or_else(|| ApiError::invalid_token("not a token of an account's session"))?;
    let who = authenticate(session, jti, app.store(), app.source().now()).await?;
    let account = who.ok_or_else(|| ApiError::invalid_token("the session is over: sign in again"))?.account;
    let claims = IdentityClaims::of(&account, |claim| scope.contains(claim.scope()));
    let IdentityClaims { name, preferred_username, email, email_verified } = claims;
    Ok(Json(UserInfo { sub: account.id.to_string(), name, preferred_username, email, email_verified }))
}

pub(crate) mod docs {
    use super::UserInfo;
    use crate::error::Kind;
    use crate::openapi::{Answer, Operation, Tag, examples};
    use axum::http::StatusCode;

    pub(crate) fn by_get(operation: &mut Operation) {
        described(operation, "readUserInfo");
    }

    pub(crate) fn by_post(operation: &mut Operation) {
        described(operation, "postUserInfo");
    }

    fn described(operation: &mut Operation, id: &str) {
        let userinfo = UserInfo {
            sub: examples::ACCOUNT.to_owned(),
            name: None,
            preferred_username: Some("ana".to_owned()),
            email: None,
            email_verified: None,
        };
        operation
            .is(
                id,
                Tag::OAuth,
                "Who signed in",
                "OpenID Connect Core §5.3: what the access token's scope grants. The token is for the issuer itself, and \
                 has `openid`.",
            )
            .answers(Answer::json(StatusCode::OK, "Claims about the account.", &userinfo))
            .fails(&[Kind::InsufficientScope])
            .asks_storage();
    }
}
