//! `POST /api/v1/sign-out`: ends a session by whatever shows whose it is.

use crate::app::App;
use crate::error::ApiError;
use crate::http::bearer::{self, BearerToken};
use crate::http::cookie::{CookieName, SetCookies, TokenCookies};
use crate::http::json::OptionalJson;
use crate::http::{BrowserContext, RequestOrigin};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use countersign_core::ops::{SignOut, SignOutProof};
use countersign_jose::Secret;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignOutRequest {
    #[serde(default)]
    refresh_token: Option<Secret<String>>,
    #[serde(default)]
    everywhere: bool,
}

/// 204 whatever the tokens were worth, so that a client can always forget them; 401 only when nothing was sent.
pub(crate) async fn sign_out(
    State(app): State<App>,
    origin: RequestOrigin,
    browser: BrowserContext,
    cookies: TokenCookies,
    bearer: Option<BearerToken>,
    OptionalJson(request): OptionalJson<SignOutRequest>,
) -> Result<Response, ApiError> {
    browser.permits_change(app.http(), false)?;
    let request = request.unwrap_or_default();
    let in_cookie = cookies.get(CookieName::Refresh);
    if request.refresh_token.is_some() && in_cookie.is_some() {
        return Err(ApiError::invalid_request("send the refresh token in the body or the cookie, not both"));
    }
    let access = [bearer.as_ref().map(BearerToken::as_str), cookies.get(CookieName::Access)];
    let refresh = request.refresh_token.as_ref().map(|token| token.expose().as_str()).or(in_cookie);
    if refresh.is_none() && access.iter().all(Option::is_none) {
        return Err(ApiError::missing_token());
    }
    let mut proofs = Vec::new();
    for token in access.into_iter().flatten() {
        proofs.extend(bearer::session_of(&app, token).map(SignOutProof::AccessToken));
    }
    if let Some(token) = refresh {
        let opened = app.ring().mac_keys.open(token);
        proofs.extend(opened.map(|opened| SignOutProof::RefreshToken(Box::new(opened))));
    }
    let sign_out = SignOut { proofs, everywhere: request.everywhere, origin: origin.into() };
    let ended = sign_out.run(app.store(), &app.draw()).await?;
    tracing::info!(?ended, everywhere = request.everywhere, "signed out");
    let cleared = SetCookies::new(app.http()).clear(CookieName::Access).clear(CookieName::Refresh);
    Ok((cleared, StatusCode::NO_CONTENT).into_response())
}
