//! The consent page.

use super::own_word::own_word;
use super::{Frame, Policy, frame, page, place};
use crate::app::App;
use crate::error::ApiError;
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use countersign_core::client::ClientKind;
use countersign_core::ops::ConsentNeeded;
use countersign_core::scope::{IDENTITY, OFFLINE_ACCESS, OPENID, ScopeSet};

/// A scope, as people are asked for it.
struct ScopeLine<'a> {
    words: &'static str,
    name: &'a str,
    /// Whether it is a resource server's own, whose name says more than we could.
    own: bool,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    frame: Frame,
    client: &'a str,
    place: String,
    own_word: Option<String>,
    login: &'a str,
    agent: bool,
    resource: Option<&'a str>,
    scopes: Vec<ScopeLine<'a>>,
    request: &'a str,
    session: String,
    granted: String,
    signed_in: &'a str,
}

/// Asks whether the client may. `signed_in` says that the session was opened for this request, if it was.
pub(crate) fn consent(
    app: &App,
    needed: &ConsentNeeded,
    request: &str,
    signed_in: &str,
) -> Result<Response<Body>, ApiError> {
    let uri = &needed.destination.redirect_uri;
    let template = ConsentPage {
        frame: frame(app),
        client: needed.client.name.as_deref().unwrap_or(needed.client.id.as_str()),
        place: place::words(uri),
        own_word: own_word(&needed.client),
        login: &needed.login,
        agent: needed.client.kind == ClientKind::Mcp,
        resource: needed.resource.as_ref().map(countersign_core::resource::ResourceUri::as_str),
        scopes: lines(&needed.scope),
        request,
        session: needed.session.to_string(),
        granted: needed.scope.to_string(),
        signed_in,
    };
    page(&template, StatusCode::OK, &Policy { own_forms: true, leads_to: Some(uri), script: false })
}

/// Who somebody is comes first.
fn lines(scope: &ScopeSet) -> Vec<ScopeLine<'_>> {
    let identity = IDENTITY.into_iter().filter(|name| scope.contains(name));
    let others = scope.iter().filter(|name| !IDENTITY.contains(name));
    identity.chain(others).map(ScopeLine::of).collect()
}

impl<'a> ScopeLine<'a> {
    fn of(name: &'a str) -> Self {
        let words = match name {
            OPENID => "Know which account here is yours",
            "profile" => "See your name and other details of your profile",
            "email" => "See your e-mail address",
            OFFLINE_ACCESS => "Keep this access while you are away, until you take it back",
            _ => "Use:",
        };
        Self { words, name, own: words == "Use:" }
    }
}
