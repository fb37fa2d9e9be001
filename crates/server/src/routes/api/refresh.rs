//! `POST /api/v1/refresh`: a refresh token for a fresh access token and, mostly, its successor.

use crate::app::App;
use crate::error::ApiError;
use crate::http::cookie::{CookieName, TokenCookies};
use crate::http::json::OptionalJson;
use crate::http::{BrowserContext, RequestOrigin};
use crate::refreshing::{self, Presented};
use crate::routes::api::delivery::Delivery;
use axum::extract::State;
use axum::response::Response;
use countersign_core::client::ClientId;
use countersign_core::session::Proof;
use countersign_jose::Secret;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshRequest {
    #[serde(default)]
    refresh_token: Option<Secret<String>>,
    #[serde(default)]
    retry: Option<Secret<String>>,
}

/// Which token is meant, and how the answer reaches whoever presented it; the rest is the same at every route.
pub(crate) async fn refresh(
    State(app): State<App>,
    origin: RequestOrigin,
    browser: BrowserContext,
    cookies: TokenCookies,
    OptionalJson(request): OptionalJson<RefreshRequest>,
) -> Result<Response, ApiError> {
    let request = request.unwrap_or_default();
    let (token, delivery) = presented(&request, &cookies)?;
    browser.permits_change(app.http(), delivery == Delivery::Cookie)?;
    let presented = Presented {
        token,
        client: ClientId::first_party(),
        proof: Proof::Absent,
        retry: request.retry.as_ref().map(|retry| retry.expose().as_str()),
        scope: None,
        resource: None,
        origin,
    };
    let issue = refreshing::refresh(&app, presented).await?;
    delivery.answer(&app, &issue, Some(token)).await
}

/// The token from the body or the cookie; both at once would leave open which one is meant.
fn presented<'a>(request: &'a RefreshRequest, cookies: &'a TokenCookies) -> Result<(&'a str, Delivery), ApiError> {
    match (request.refresh_token.as_ref(), cookies.get(CookieName::Refresh)) {
        (Some(token), None) => Ok((token.expose().as_str(), Delivery::Body)),
        (None, Some(token)) => Ok((token, Delivery::Cookie)),
        (Some(_), Some(_)) => {
            Err(ApiError::invalid_request("send the refresh token in the body or the cookie, not both"))
        }
        (None, None) => {
            Err(ApiError::invalid_request("no refresh token: send `refresh_token` in the body, or the cookie"))
        }
    }
}
