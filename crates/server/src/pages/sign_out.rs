//! Signing out: the page that asks, and the page that says how it is afterwards.

use super::{Frame, Policy, frame, page};
use crate::app::App;
use crate::error::ApiError;
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use countersign_core::ops::LogoutQuestion;

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOutPage<'a> {
    frame: Frame,
    client: Option<&'a str>,
    login: &'a str,
    request: &'a str,
    session: String,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage {
    frame: Frame,
    signed_out: bool,
}

/// Whether somebody is signed in at the browser afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody.
    SignedOut,
    /// They said no.
    StillSignedIn,
}

/// Asks whether they want to sign out, for the request that is carried along as it came.
pub(crate) fn sign_out(app: &App, question: &LogoutQuestion, request: &str) -> Result<Response<Body>, ApiError> {
    let client = question.client.as_ref().map(|client| client.name.as_deref().unwrap_or(client.id.as_str()));
    let (login, session) = (question.login.as_str(), question.session.to_string());
    let template = SignOutPage { frame: frame(app), client, login, request, session };
    let leads_to = question.after.as_ref().map(|after| &after.uri);
    page(&template, StatusCode::OK, &Policy { own_forms: true, leads_to, script: false })
}

/// Says how it is.
pub(crate) fn signed_out(app: &App, standing: Standing) -> Result<Response<Body>, ApiError> {
    let template = SignedOutPage { frame: frame(app), signed_out: standing == Standing::SignedOut };
    page(&template, StatusCode::OK, &Policy { own_forms: false, leads_to: None, script: false })
}
