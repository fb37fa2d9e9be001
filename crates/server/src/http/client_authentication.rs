//! Which client asks: `Authorization: Basic` with its id and secret (`client_secret_basic`, RFC 6749 §2.3.1).

use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::http::RequestOrigin;
use crate::http::form::decode;
use crate::openapi::{Input, Operation, Scheme};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use countersign_core::client::{Client, ClientId, ClientSecret};
use countersign_core::ops::AuthenticateClient;
use countersign_jose::base64url;
use zeroize::Zeroizing;

/// A client that has proved who it is.
pub(crate) struct AuthenticatedClient(pub(crate) Client);

/// An id and a secret as they were sent. Nothing about them is known yet.
struct Credentials {
    id: Option<ClientId>,
    secret: ClientSecret,
}

impl FromRequestParts<App> for AuthenticatedClient {
    type Rejection = ApiError;

    /// Only failures cost, each address its own; they are counted after the fact, so that no number of good requests at
    /// once is slowed down.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Credentials { id, secret } = Credentials::of(&parts.headers)?;
        let Ok(origin) = RequestOrigin::from_request_parts(parts, app).await;
        let (draw, address) = (app.draw(), origin.address);
        app.throttle().client_may_try(address, draw.now).map_err(ApiError::rate_limited)?;
        let authentication = AuthenticateClient { id, secret, origin: origin.into() };
        match authentication.run(app.store(), &draw).await? {
            Some(client) => Ok(Self(client)),
            None => {
                app.throttle().count_failed_client(address, draw.now);
                Err(ApiError::invalid_client())
            }
        }
    }
}

impl Input for AuthenticatedClient {
    fn describe(operation: &mut Operation) {
        operation.takes(Scheme::ClientSecretBasic, &[]);
        operation.fails(&[Kind::InvalidRequest, Kind::InvalidClient, Kind::RateLimited]).asks_storage();
    }
}

impl Credentials {
    /// RFC 7617 §2, and within it both parts form-encoded.
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut values = headers.get_all(AUTHORIZATION).into_iter();
        let value = values.next().ok_or_else(ApiError::invalid_client)?;
        if values.next().is_some() {
            return Err(ApiError::invalid_request("more than one `Authorization` header"));
        }
        Self::parse(value.as_bytes()).ok_or_else(ApiError::invalid_client)
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (scheme, encoded) = std::str::from_utf8(value).ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = Zeroizing::new(base64(encoded.trim_start_matches(' '))?);
        let colon = pair.iter().position(|byte| *byte == b':')?;
        let id = ClientId::parse(&decode(&pair[..colon])?).ok();
        Some(Self { id, secret: ClientSecret::presented(decode(&pair[colon + 1..])?) })
    }
}

/// Base64 with padding (RFC 4648 §4), by way of the strict one without.
fn base64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) || text.contains(['-', '_']) {
        return None;
    }
    let unpadded = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    base64url::decode(&Zeroizing::new(unpadded.replace('+', "-").replace('/', "_"))).ok()
}

#[cfg(test)]
mod tests {
    use super::Credentials;
    use countersign_core::client::ClientId;

    fn read(value: &str) -> Option<(Option<ClientId>, String)> {
        let read = Credentials::parse(value.as_bytes())?;
        Some((read.id, read.secret.expose().to_owned()))
    }

    #[test]
    fn both_parts_are_form_encoded_within() {
        let worker = |secret: &str| Some((ClientId::parse("worker").ok(), secret.to_owned()));
        assert_eq!(read("Basic d29ya2VyOmNzc18x"), worker("css_1"));
        assert_eq!(read("bAsIc  d29ya2VyOmNzc18x"), worker("css_1"));
        assert_eq!(read("Basic d29ya2VyOmE6Yg=="), worker("a:b"));
        assert_eq!(read("Basic dSUzQXY6YSslMkI="), Some((ClientId::parse("u:v").ok(), "a +".to_owned())));
        assert_eq!(read("Basic w6k6YQ=="), Some((None, "a".to_owned())));
    }

    #[test]
    fn anything_else_is_no_credential() {
        for value in [
            "Basic",
            "Basic ",
            "Basic d29ya2Vy",
            "Bearer d29ya2VyOmNzc18x",
            "Basic d29ya2VyOmE6Yg",
            "Basic d29ya2VyOmE6Yg=",
            "Basic d29y a2Vy",
            "Basic YTolenp6",
            "Basic ____",
        ] {
            assert!(read(value).is_none(), "{value}");
        }
    }
}
