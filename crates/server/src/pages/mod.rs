//! Pages: HTML without a script that it needs, each with its own policy of what a browser may do with it.

pub(crate) mod assets;
mod consent;
mod error;
mod form_post;
mod own_word;
mod place;
mod sign_in;
mod sign_out;

pub(crate) use consent::consent;
pub(crate) use error::error;
pub(crate) use form_post::form_post;
pub(crate) use sign_in::{Attempt, sign_in};
pub(crate) use sign_out::{Standing, sign_out, signed_out};

use crate::app::App;
use crate::error::ApiError;
use askama::Template;
use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use countersign_core::client::RedirectUri;

/// What every page needs to find the others.
struct Frame {
    /// The issuer's path, if it has one.
    base: String,
    stylesheet: &'static str,
}

impl Frame {
    fn of(issuer: &str) -> Self {
        let path = url::Url::parse(issuer).map(|url| url.path().trim_end_matches('/').to_owned());
        Self { base: path.unwrap_or_default(), stylesheet: assets::stylesheet() }
    }
}

/// Where the forms of a page may lead, and whether it has a script of ours.
struct Policy<'a> {
    own_forms: bool,
    leads_to: Option<&'a RedirectUri>,
    script: bool,
}

impl Policy<'_> {
    /// Browsers hold redirects after a form against `form-action` too, so the client's origin is in it.
    fn header(&self) -> HeaderValue {
        let own = self.own_forms.then(|| "'self'".to_owned());
        let actions: Vec<_> = own.into_iter().chain(self.leads_to.map(place::source)).collect();
        let actions = if actions.is_empty() { "'none'".to_owned() } else { actions.join(" ") };
        let script = if self.script { " script-src 'self';" } else { "" };
        let policy = format!(
            "default-src 'none'; style-src 'self';{script} form-action {actions}; frame-ancestors 'none'; base-uri 'none'"
        );
        // `place::source` lets only letters, digits and `:/.-` through.
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
    }

    fn write(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_SECURITY_POLICY, self.header());
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        // Under `no-referrer` browsers send our own forms with `Origin: null`, which is anybody's (Fetch, 3.2). Nothing is
        // told to other sites by this one either.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
}

/// Answers with a page.
fn page(template: &impl Template, status: StatusCode, policy: &Policy<'_>) -> Result<Response<Body>, ApiError> {
    let html = template.render().map_err(ApiError::internal)?;
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    policy.write(response.headers_mut());
    Ok(response)
}

/// The issuer's path, before every path of ours.
pub(crate) fn base(app: &App) -> String {
    frame(app).base
}

fn frame(app: &App) -> Frame {
    Frame::of(app.issuer())
}
