//! `/sign-in`: who is at the browser. What they sign in to is a session of the built-in client that the browser knows by
//! its cookie; no token of it is handed out.

use super::{Step, respond, start_again};
use crate::app::App;
use crate::error::ApiError;
use crate::http::cookie::{CookieName, SetCookies, TokenCookies};
use crate::http::form::Form;
use crate::http::{BrowserContext, RequestOrigin};
use crate::pages::{self, Attempt};
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use countersign_core::Draw;
use countersign_core::account::{Login, Password};
use countersign_core::grant::{BrowserSecret, Parameters, SignedInFor};
use countersign_core::ops::{
    Authorized, IssuedRefresh, NotSignedIn, Origin, SignIn, SignInNeeded, SignOut, SignOutProof, SignedIn,
};
use countersign_core::scope::ScopeSet;

/// `GET /sign-in?request=…`: the page by itself.
pub(crate) async fn show(
    State(app): State<App>,
    origin: RequestOrigin,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let query = Parameters::parse(&query.unwrap_or_default()).map_err(super::unanswerable)?;
    let request = query.get("request").ok_or_else(start_again)?;
    Step::first(&app, request, origin.into()).take(&app.draw()).await
}

/// `POST /sign-in`. Only failed sign-ins cost, exactly as in the API.
pub(crate) async fn submit(
    State(app): State<App>,
    origin: RequestOrigin,
    browser: BrowserContext,
    cookies: TokenCookies,
    form: Form,
) -> Result<Response, ApiError> {
    browser.permits_change(app.http(), true)?;
    let request = form.get("request").ok_or_else(start_again)?;
    let (draw, address, origin) = (app.draw(), origin.address, Origin::from(origin));
    let needed = match Step::first(&app, request, origin.clone()).lead(&draw).await? {
        Authorized::SignIn(needed) => needed,
        led => return respond(&app, request, SignedInFor::Another, led),
    };
    let login = form.get("login").unwrap_or_default();
    let Ok(password) = Password::typed(form.get("password").unwrap_or_default()) else {
        return refused(&app, &needed, request, login);
    };
    let key = Login::parse(login).map_or_else(|_| login.to_owned(), |login| login.key());
    let permit = app.throttle().take(&key, address, draw.now).map_err(ApiError::rate_limited)?;
    let (scope, label) = (ScopeSet::default(), browser.label());
    let sign_in = SignIn { login: login.to_owned(), password, resource: None, scope, label, origin: origin.clone() };
    match sign_in.run(app.store(), app.hashing(), app.storage_key(), app.policies(), &draw).await? {
        SignedIn::Issued(issue) => {
            permit.give_back();
            let IssuedRefresh::Token { session, secret, .. } = issue.refresh else {
                return Err(ApiError::unavailable());
            };
            tracing::info!(%session, "signed in at the sign-in page");
            signed_in(&app, request, BrowserSecret::new(session, secret), cookies.browser(), origin, &draw).await
        }
        SignedIn::Refused(NotSignedIn::WrongCredentials) => refused(&app, &needed, request, login),
        SignedIn::Refused(NotSignedIn::InvalidTarget) => Err(ApiError::invalid_target()),
    }
}

/// Unknown login, wrong password, disabled account: the same page.
fn refused(app: &App, needed: &SignInNeeded, request: &str, login: &str) -> Result<Response, ApiError> {
    pages::sign_in(app, needed, request, &Attempt::Refused(login))
}

/// The session before, whoever knew its cookie, ends; the request goes on under the new one.
async fn signed_in(
    app: &App,
    request: &str,
    secret: BrowserSecret,
    before: Option<BrowserSecret>,
    origin: Origin,
    draw: &Draw,
) -> Result<Response, ApiError> {
    if let Some(before) = before {
        end(app, before, origin.clone(), draw).await?;
    }
    let (browser, signed_in) = (Some(&secret), SignedInFor::This);
    let response = Step { browser, signed_in, ..Step::first(app, request, origin) }.take(draw).await?;
    let lives = app.policies().session.absolute.as_seconds();
    let cookies = SetCookies::new(app.http()).set(CookieName::Session, &secret.expose(), lives);
    Ok((cookies, response).into_response())
}

/// Ends a browser's session, if the secret is its own.
pub(super) async fn end(app: &App, secret: BrowserSecret, origin: Origin, draw: &Draw) -> Result<(), ApiError> {
    let sign_out = SignOut { proofs: vec![SignOutProof::Browser(secret)], everywhere: false, origin };
    sign_out.run(app.store(), draw).await?;
    Ok(())
}
