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
use utoipa::ToSchema;

/// Which session ends, unless a token in a header tells.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignOutRequest {
    #[serde(default)]
    /// Whatever it is worth.
    #[schema(value_type = Option<String>)]
    refresh_token: Option<Secret<String>>,
    /// Whether all sessions of the account end.
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

pub(crate) mod docs {
    use crate::error::Kind;
    use crate::openapi::{Answer, AnswerHeader, Operation, Scheme, Tag, examples};
    use axum::http::StatusCode;
    use serde_json::json;

    pub(crate) fn sign_out(operation: &mut Operation) {
        operation
            .is(
                "signOut",
                Tag::Sessions,
                "Sign out",
                "Ends a session by whatever shows whose it is: the access token, either cookie, or the refresh token in \
                 the body; an expired access token may stand beside a good refresh token.",
            )
            .takes_nothing()
            .takes(Scheme::AccessCookie, &[])
            .takes(Scheme::RefreshCookie, &[])
            .body_example(json!({ "refresh_token": examples::REFRESH_TOKEN, "everywhere": false }))
            .answers(
                Answer::empty(StatusCode::NO_CONTENT, "Signed out, whatever the tokens were worth; cookies are cleared.")
                    .with(AnswerHeader::COOKIES),
            )
            .fails(&[Kind::MissingToken])
            .asks_storage();
    }
}
