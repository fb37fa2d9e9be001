//! `POST /api/v1/refresh`: a refresh token for a fresh access token and, mostly, its successor.

use crate::app::App;
use crate::error::ApiError;
use crate::http::cookie::{CookieName, TokenCookies};
use crate::http::json::OptionalJson;
use crate::http::{BrowserContext, RequestOrigin};
use crate::openapi::values;
use crate::routes::api::delivery::Delivery;
use axum::extract::State;
use axum::response::Response;
use countersign_core::client::ClientId;
use countersign_core::ops::{Refresh, Refreshed};
use countersign_core::session::{Presentation, Proof, Refusal, Row, SecretHash};
use countersign_jose::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

/// The token to refresh with, unless it is in the cookie.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshRequest {
    #[serde(default)]
    #[schema(value_type = Option<values::RefreshTokenText>)]
    refresh_token: Option<Secret<String>>,
    #[serde(default)]
    #[schema(value_type = Option<values::Retry>)]
    retry: Option<Secret<String>>,
}

/// The table is in `countersign_core::session::rotation`; here is row 2, which touches no storage, and the wire.
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
    let retry = request.retry.as_ref().map(|retry| retry_hash(retry.expose())).transpose()?;
    let counted = &app.metrics().refreshes;
    let opened = match app.ring().mac_keys.open(token) {
        Ok(opened) => opened,
        Err(error) => {
            tracing::info!(row = Row::NotOurs.number(), %error, "refresh refused");
            counted.refused(Row::NotOurs);
            let now = app.source().now();
            app.throttle().take_forged(origin.address, now).map_err(ApiError::rate_limited)?;
            return Err(ApiError::refused(Refusal::InvalidGrant));
        }
    };
    let session = opened.session;
    let presented = Presentation {
        token: opened,
        client: ClientId::first_party(),
        proof: Proof::Absent,
        retry,
        scope: None,
        resource: None,
        address: origin.address,
        request: origin.request,
    };
    let refreshed = (Refresh { presented }).run(app.store(), app.policies(), &app.draw()).await;
    let refreshed = refreshed.inspect_err(|error| {
        tracing::warn!(row = Row::Unavailable.number(), %session, %error, "refresh not answered");
        counted.refused(Row::Unavailable);
    })?;
    match refreshed {
        Refreshed::Issued(row, issue) => {
            tracing::info!(row = row.number(), %session, "refreshed");
            counted.issued(row);
            delivery.answer(&app, &issue, Some(token)).await
        }
        Refreshed::Refused(row, refusal) => {
            tracing::info!(row = row.number(), %session, code = refusal.code(), "refresh refused");
            counted.refused(row);
            Err(ApiError::refused(refusal))
        }
        Refreshed::Contended => {
            tracing::warn!(row = Row::Unavailable.number(), %session, "refresh lost every race");
            counted.refused(Row::Unavailable);
            Err(ApiError::unavailable())
        }
    }
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

const RETRY_CHARACTERS: usize = 22;

fn retry_hash(retry: &str) -> Result<SecretHash, ApiError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if retry.len() == RETRY_CHARACTERS && retry.bytes().all(allowed) {
        Ok(SecretHash::of(retry.as_bytes()))
    } else {
        Err(ApiError::invalid_request("`retry` must be 22 random characters of base64url"))
    }
}

pub(crate) mod docs {
    use crate::error::Kind;
    use crate::openapi::{Operation, Scheme, Tag, examples};
    use crate::routes::api::delivery;
    use serde_json::json;

    pub(crate) fn refresh(operation: &mut Operation) {
        operation
            .is(
                "refresh",
                Tag::Sessions,
                "Refresh the tokens",
                "Trades a refresh token, in the body or in the cookie, for a fresh access token and mostly its successor. \
                 A token that was used before ends its session, except shortly after its use and when sent again with the \
                 same `retry`: the answer is then repeated.",
            )
            .takes_nothing()
            .takes(Scheme::RefreshCookie, &[])
            .body_example(json!({ "refresh_token": examples::REFRESH_TOKEN, "retry": examples::RETRY }))
            .answers(delivery::tokens("Refreshed. Without a new refresh token the one that was sent is repeated."))
            .fails(&[Kind::InvalidGrant, Kind::InvalidTarget, Kind::RateLimited])
            .asks_storage();
    }
}
