//! `GET` and `POST /oauth2/logout` (OpenID Connect RP-Initiated Logout 1.0 §2), and the page that asks, which posts to
//! `/sign-out`. As at the authorization endpoint the request travels, and each step begins with it anew.

use super::authorize::answer::{see_other, with_query};
use crate::app::App;
use crate::error::ApiError;
use crate::http::cookie::{CookieName, SetCookies, TokenCookies};
use crate::http::form::{Form, RawForm};
use crate::http::{BrowserContext, RequestOrigin};
use crate::limits::TARGET_BYTES_MAX;
use crate::pages;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use countersign_core::SessionId;
use countersign_core::grant::Parameters;
use countersign_core::logout::{IdTokenHint, LogoutRequest};
use countersign_core::ops::{AfterLogout, LogOut, LoggedOut};

/// A link, or a redirect of the client's.
pub(crate) async fn get(
    State(app): State<App>,
    origin: RequestOrigin,
    cookies: TokenCookies,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    answer(&app, &query.unwrap_or_default(), &cookies, None, origin).await
}

/// A form of another site comes without our cookie (`SameSite=Lax`), whoever is signed in: it is asked once more by `GET`,
/// with which browsers send it.
pub(crate) async fn post(
    State(app): State<App>,
    origin: RequestOrigin,
    cookies: TokenCookies,
    RawForm(body): RawForm,
) -> Result<Response, ApiError> {
    if cookies.get(CookieName::Session).is_some() {
        return answer(&app, &body, &cookies, None, origin).await;
    }
    let location = format!("{}/oauth2/logout?{}", pages::base(&app), parameters(&body)?.to_query());
    if location.len() > TARGET_BYTES_MAX {
        return Err(ApiError::target_too_long());
    }
    see_other(&location)
}

/// `POST /sign-out`: what they answered on the page.
pub(crate) async fn submit(
    State(app): State<App>,
    origin: RequestOrigin,
    browser: BrowserContext,
    cookies: TokenCookies,
    form: Form,
) -> Result<Response, ApiError> {
    browser.permits_change(app.http(), true)?;
    let begin_there = || ApiError::invalid_request("this page belongs to a request of an application: begin there");
    // There is always a request, if an empty one.
    let asked = form.get("session").and_then(|session| session.parse().ok()).ok_or_else(begin_there)?;
    match form.get("decision") {
        Some("yes") => answer(&app, form.get("request").unwrap_or_default(), &cookies, Some(asked), origin).await,
        Some("no") => pages::signed_out(&app, pages::Standing::StillSignedIn),
        _ => Err(ApiError::invalid_request("`decision` must be yes or no")),
    }
}

async fn answer(
    app: &App,
    request: &str,
    cookies: &TokenCookies,
    confirmed: Option<SessionId>,
    origin: RequestOrigin,
) -> Result<Response, ApiError> {
    let (ring, draw) = (app.ring(), app.draw());
    let hint = |text: &str| IdTokenHint::read(text, &ring.id_token_keys, app.issuer(), app.routes().leeway, draw.now);
    let read = LogoutRequest::read(&parameters(request)?, hint);
    let read = read.map_err(|invalid| ApiError::invalid_request(invalid.to_string()))?;
    let (client, browser) = (read.client.clone(), cookies.browser());
    let log_out = LogOut { request: read, browser: browser.as_ref(), confirmed, origin: origin.into() };
    match log_out.run(app.store(), &draw).await? {
        LoggedOut::Refused(invalid) => Err(ApiError::invalid_request(invalid.to_string())),
        LoggedOut::Ask(question) => pages::sign_out(app, &question, request),
        LoggedOut::Done { ended, after } => {
            if let Some(session) = ended {
                let client = client.as_ref().map(tracing::field::display);
                tracing::info!(%session, client, "signed out at the logout endpoint");
            }
            let answer =
                after.map_or_else(|| pages::signed_out(app, pages::Standing::SignedOut), |after| back(&after))?;
            match cookies.get(CookieName::Session) {
                Some(_) => Ok((SetCookies::new(app.http()).clear(CookieName::Session), answer).into_response()),
                None => Ok(answer),
            }
        }
    }
}

/// To where the client registered that people come back.
fn back(after: &AfterLogout) -> Result<Response, ApiError> {
    let state: Vec<_> = after.state.iter().map(|state| ("state", state.clone())).collect();
    see_other(&with_query(&after.uri, &state))
}

fn parameters(request: &str) -> Result<Parameters, ApiError> {
    Parameters::parse(request).map_err(|error| ApiError::invalid_request(error.to_string()))
}
