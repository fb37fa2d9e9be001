//! What whoever is at the browser sees when something is wrong.

use super::{Frame, Policy};
use askama::Template;
use axum::http::HeaderMap;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    title: &'a str,
    detail: Option<&'a str>,
    request_id: &'a str,
}

/// The page's headers and its HTML.
pub(crate) fn error(
    headers: &mut HeaderMap,
    issuer: &str,
    title: &str,
    detail: Option<&str>,
    request_id: &str,
) -> Vec<u8> {
    Policy { own_forms: false, leads_to: None, script: false }.write(headers);
    let page = ErrorPage { frame: Frame::of(issuer), title, detail, request_id };
    // Strings alone: it always renders; the title would do.
    page.render().unwrap_or_else(|_| title.to_owned()).into_bytes()
}
