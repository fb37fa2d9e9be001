//! The verifier's own token, to read the feed with (RFC 6749 §4.4), and its credentials.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_jose::Secret;
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};
use url::{Url, form_urlencoded};

use crate::{
    error::FetchError,
    limits::ENDPOINT_ANSWER_BYTES_MAX,
    net::{Ask, Net},
};

/// A client's credentials, and the token that it got for them last.
pub(crate) struct Access {
    /// `Basic …` (RFC 6749 §2.3.1); none where the feed is public.
    basic: Option<Secret<String>>,
    held: Mutex<Option<Held>>,
}

struct Held {
    /// `Bearer …`.
    authorization: Secret<String>,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

impl Access {
    pub(crate) fn new(client: Option<(String, Secret<String>)>) -> Self {
        let basic = client.map(|(id, secret)| {
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = Secret::new(format!("{}:{}", encoded(&id), encoded(secret.expose())));
            Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())))
        });
        Self { basic, held: Mutex::new(None) }
    }

    /// `Authorization` with the client's own credentials.
    pub(crate) fn basic(&self) -> Option<&str> {
        self.basic.as_ref().map(|basic| basic.expose().as_str())
    }

    /// `Authorization` for the feed; none if there are no credentials. A token is renewed at two thirds of its life.
    pub(crate) async fn bearer(&self, net: &Net, endpoint: Option<&Url>) -> Result<Option<String>, FetchError> {
        let Some(basic) = self.basic() else { return Ok(None) };
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| Instant::now() < held.renew_at) {
            return Ok(Some(held.authorization.expose().clone()));
        }
        let endpoint = endpoint.ok_or(FetchError::Answer("the issuer has no token endpoint"))?;
        let ask = Ask::new(endpoint).authorized(Some(basic));
        let body = "grant_type=client_credentials&scope=feed%3Aread".to_owned();
        let answer = net.post(ask, "application/x-www-form-urlencoded", body, ENDPOINT_ANSWER_BYTES_MAX).await?;
        let answer: TokenAnswer =
            serde_json::from_slice(&answer.body).map_err(|_| FetchError::Answer("no token answer"))?;
        if !answer.token_type.eq_ignore_ascii_case("bearer") {
            return Err(FetchError::Answer("the token for the feed is no bearer token"));
        }
        let authorization = format!("Bearer {}", answer.access_token);
        let life = Duration::from_secs(answer.expires_in.unwrap_or(60).min(24 * 3600));
        *held =
            Some(Held { authorization: Secret::new(authorization.clone()), renew_at: Instant::now() + life * 2 / 3 });
        Ok(Some(authorization))
    }

    /// The token was refused: the next question asks for another.
    pub(crate) async fn forget(&self) {
        *self.held.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_form_encoded_before_they_are_joined() {
        let access = Access::new(Some(("a:b".to_owned(), Secret::new("c d%".to_owned()))));
        assert_eq!(access.basic(), Some(&*format!("Basic {}", STANDARD.encode("a%3Ab:c+d%25"))));
    }
}
