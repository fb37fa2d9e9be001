//! The sign-in page.

use super::own_word::own_word;
use super::{Frame, Policy, frame, page, place};
use crate::app::App;
use crate::error::ApiError;
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use countersign_core::ops::SignInNeeded;

/// What was typed before.
pub(crate) enum Attempt<'a> {
    /// Nothing yet.
    First,
    /// This login, with a password that was not its own. Or there is no such login.
    Refused(&'a str),
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    client: &'a str,
    place: String,
    own_word: Option<String>,
    request: &'a str,
    login: &'a str,
    refused: bool,
}

/// Asks who is there, for the request that is carried along as it came.
pub(crate) fn sign_in(
    app: &App,
    needed: &SignInNeeded,
    request: &str,
    attempt: &Attempt<'_>,
) -> Result<Response<Body>, ApiError> {
    let hint = needed.login_hint.as_deref().unwrap_or_default();
    let (login, refused, status) = match attempt {
        Attempt::First => (hint, false, StatusCode::OK),
        Attempt::Refused(login) => (*login, true, StatusCode::UNAUTHORIZED),
    };
    let uri = &needed.destination.redirect_uri;
    let client = needed.client.name.as_deref().unwrap_or(needed.client.id.as_str());
    let (place, own_word) = (place::words(uri), own_word(&needed.client));
    let template = SignInPage { frame: frame(app), client, place, own_word, request, login, refused };
    page(&template, status, &Policy { own_forms: true, leads_to: Some(uri), script: false })
}
