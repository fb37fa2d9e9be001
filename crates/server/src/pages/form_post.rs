//! The page that posts an answer to the client (OAuth 2.0 Form Post Response Mode). Its script presses the button; without
//! one, whoever is there does.

use super::{Frame, Policy, assets, frame, page, place};
use crate::app::App;
use crate::error::ApiError;
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use countersign_core::client::RedirectUri;

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPostPage<'a> {
    frame: Frame,
    script: &'static str,
    action: &'a str,
    place: String,
    fields: &'a [(&'static str, String)],
}

/// Posts `fields` to `uri`.
pub(crate) fn form_post(
    app: &App,
    uri: &RedirectUri,
    fields: &[(&'static str, String)],
) -> Result<Response<Body>, ApiError> {
    let script = assets::form_post_script();
    let template = FormPostPage { frame: frame(app), script, action: uri.as_str(), place: place::words(uri), fields };
    page(&template, StatusCode::OK, &Policy { own_forms: false, leads_to: Some(uri), script: true })
}
