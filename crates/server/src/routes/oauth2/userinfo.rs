//! `GET` and `POST /oauth2/userinfo` (OpenID Connect Core §5.3): what somebody let a client know about them.

use crate::app::App;
use crate::error::ApiError;
use crate::http::bearer::own_token;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use countersign_core::ops::authenticate;
use countersign_core::scope::{OPENID, ScopeSet};
use countersign_core::{SessionId, TokenId};
use serde::Serialize;

/// Claims of OpenID Connect Core §5.1, as far as scopes grant them (§5.4) and the account has them.
#[derive(Serialize)]
pub(crate) struct UserInfo {
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

/// The access token is for the issuer itself, and `openid` was granted with it.
pub(crate) async fn userinfo(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
) -> Result<Json<UserInfo>, ApiError> {
    let token = own_token(&app, &headers, &method, "/oauth2/userinfo")?;
    let claims = token.claims();
    let scope = ScopeSet::parse(&claims.scope).unwrap_or_default();
    if !scope.contains(OPENID) {
        return Err(ApiError::insufficient_scope());
    }
    let ids = claims.sid.parse::<SessionId>().ok().zip(claims.jti.parse::<TokenId>().ok());
    let (session, jti) = ids.ok_or_else(|| ApiError::invalid_token("not a token of an account's session"))?;
    let who = authenticate(session, jti, app.store(), app.source().now()).await?;
    let account = who.ok_or_else(|| ApiError::invalid_token("the session is over: sign in again"))?.account;
    let (profile, email) = (scope.contains("profile"), account.email.filter(|_| scope.contains("email")));
    Ok(Json(UserInfo {
        sub: account.id.to_string(),
        name: account.name.filter(|_| profile),
        preferred_username: profile.then(|| account.login.as_str().to_owned()),
        // Nobody has shown yet that they read mail there.
        email_verified: email.as_ref().map(|_| false),
        email,
    }))
}
