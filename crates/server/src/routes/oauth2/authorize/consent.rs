//! `POST /consent`: whether the client may, from the page that asked.

use super::{Step, sign_in, start_again};
use crate::app::App;
use crate::error::ApiError;
use crate::http::cookie::{CookieName, SetCookies, TokenCookies};
use crate::http::form::Form;
use crate::http::{BrowserContext, RequestOrigin};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_core::grant::{BrowserSecret, SignedInFor};
use countersign_core::ops::{Decision, Origin};
use countersign_core::scope::ScopeSet;

pub(crate) async fn submit(
    State(app): State<App>,
    origin: RequestOrigin,
    browser: BrowserContext,
    cookies: TokenCookies,
    form: Form,
) -> Result<Response, ApiError> {
    browser.permits_change(app.http(), true)?;
    let request = form.get("request").ok_or_else(start_again)?;
    let (secret, draw, origin) = (cookies.browser(), app.draw(), Origin::from(origin));
    let decision = match form.get("decision") {
        Some("allow") => allowed(&form)?,
        Some("deny") => Decision::Deny,
        Some("other") => {
            if let Some(secret) = secret {
                sign_in::end(&app, secret, origin.clone(), &draw).await?;
            }
            let cleared = SetCookies::new(app.http()).clear(CookieName::Session);
            return Ok((cleared, Step::first(&app, request, origin).take(&draw).await?).into_response());
        }
        _ => return Err(ApiError::invalid_request("`decision` must be allow, deny or other")),
    };
    let signed_in = made_for(&app, secret.as_ref(), request, &form);
    let first = Step::first(&app, request, origin);
    Step { browser: secret.as_ref(), signed_in, decision: Some(decision), ..first }.take(&draw).await
}

/// What the page showed, and to whom.
fn allowed(form: &Form) -> Result<Decision, ApiError> {
    let session = form.get("session").and_then(|session| session.parse().ok()).ok_or_else(start_again)?;
    let scope = ScopeSet::parse(form.get("scope").unwrap_or_default()).map_err(|_| start_again())?;
    Ok(Decision::Allow { session, scope })
}

/// Whether the sign-in was made for this request: then it need not be repeated, whatever `prompt` and `max_age` say.
fn made_for(app: &App, secret: Option<&BrowserSecret>, request: &str, form: &Form) -> SignedInFor {
    let vouched = form.get("signed_in").unwrap_or_default();
    let this = secret.is_some_and(|secret| app.ring().mac_keys.is_vouched(secret.session(), request, vouched));
    if this { SignedInFor::This } else { SignedInFor::Another }
}
