//! The answer to an authorization request, at the client's redirect URI (RFC 6749 §4.1.2, RFC 9207).

use crate::app::App;
use crate::error::ApiError;
use crate::pages;
use axum::body::Body;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use countersign_core::client::RedirectUri;
use countersign_core::grant::{AuthorizationCode, AuthorizationError, Destination, ResponseMode};
use url::form_urlencoded::Serializer;

/// A code, or why there is none. `iss` is in each: a client of several servers knows whose answer it is.
pub(super) fn answer(
    app: &App,
    destination: &Destination,
    outcome: &Result<AuthorizationCode, AuthorizationError>,
) -> Result<Response, ApiError> {
    let mut fields = match outcome {
        Ok(code) => vec![("code", code.expose().to_owned())],
        Err(error) => vec![("error", error.code().to_owned()), ("error_description", error.to_string())],
    };
    fields.extend(destination.state.clone().map(|state| ("state", state)));
    fields.push(("iss", app.issuer().to_owned()));
    match destination.mode {
        ResponseMode::Query => see_other(&with_query(&destination.redirect_uri, &fields)),
        ResponseMode::FormPost => pages::form_post(app, &destination.redirect_uri, &fields),
    }
}

/// 303, so that the browser asks by `GET` and takes no form with it: 307 would hand a password on (RFC 9700 §4.12).
pub(in crate::routes::oauth2) fn see_other(location: &str) -> Result<Response, ApiError> {
    let mut location = HeaderValue::from_str(location).map_err(ApiError::internal)?;
    location.set_sensitive(true);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// RFC 6749 §3.1.2: a query that the redirect URI has is kept.
pub(in crate::routes::oauth2) fn with_query(uri: &RedirectUri, fields: &[(&'static str, String)]) -> String {
    let uri = uri.as_str();
    if fields.is_empty() {
        return uri.to_owned();
    }
    let between = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let query = Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{uri}{between}{query}")
}

#[cfg(test)]
mod tests {
    use super::with_query;
    use countersign_core::client::RedirectUri;

    #[test]
    fn a_query_that_is_there_stays_as_it_is() {
        let fields = [("code", "a b".to_owned()), ("state", "&=\r\n".to_owned())];
        for (uri, expected) in [
            ("https://a.example/cb", "https://a.example/cb?code=a+b&state=%26%3D%0D%0A"),
            ("https://a.example/cb?", "https://a.example/cb?code=a+b&state=%26%3D%0D%0A"),
            ("https://a.example/cb?x=%20", "https://a.example/cb?x=%20&code=a+b&state=%26%3D%0D%0A"),
            ("https://a.example/cb?x&", "https://a.example/cb?x&code=a+b&state=%26%3D%0D%0A"),
            ("com.example.app:/cb", "com.example.app:/cb?code=a+b&state=%26%3D%0D%0A"),
        ] {
            assert_eq!(with_query(&RedirectUri::parse(uri).unwrap(), &fields), expected);
        }
    }
}
