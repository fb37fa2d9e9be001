//! The client's side: a proof for one request.

use serde::Serialize;

use super::{HttpUri, access_token_hash};
use crate::{Jwk, SignError, SigningKey, Timestamp, base64url, limits::TOKEN_BYTES_MAX};

/// What a client signs for one request (RFC 9449 §4.2).
///
/// ```
/// use countersign_jose::{
///     Algorithm, DpopProof, HttpUri, Leeway, NewProof, ProofExpectations, SigningKey, Timestamp,
/// };
///
/// let key = SigningKey::generate(Algorithm::Es256)?;
/// let uri = HttpUri::parse("https://api.example/orders").unwrap();
/// let now = Timestamp::from_seconds(1_000);
/// let new = NewProof { method: "GET", uri: &uri, access_token: Some("a.b.c"), id: "1", issued_at: now, nonce: None };
/// let text = new.sign(&key)?;
///
/// let expect = ProofExpectations {
///     method: "GET", uri: &uri, access_token: Some("a.b.c"), age_seconds_max: 60, leeway: Leeway::ZERO,
/// };
/// assert_eq!(*DpopProof::verify(&text, &expect, now)?.key(), key.verifying_key().thumbprint());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NewProof<'a> {
    /// `htm`.
    pub method: &'a str,
    /// `htu`.
    pub uri: &'a HttpUri,
    /// The token that goes with it, for `ath`; none at a token endpoint.
    pub access_token: Option<&'a str>,
    /// `jti`: a new random one each time.
    pub id: &'a str,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `nonce`, if the server asked for one.
    pub nonce: Option<&'a str>,
}

#[derive(Serialize)]
struct ProofHeader {
    typ: &'static str,
    alg: &'static str,
    jwk: Jwk,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
    iat: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl NewProof<'_> {
    /// Signs, with the public half of `key` in the header.
    ///
    /// # Errors
    /// [`SignError::Claims`] for an HMAC key, which has no public half; [`SignError::TooLarge`].
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignError> {
        let jwk = key.verifying_key().to_jwk().ok_or(SignError::Claims("a proof needs an asymmetric key"))?;
        let header = ProofHeader { typ: "dpop+jwt", alg: key.algorithm().as_str(), jwk };
        let claims = Claims {
            jti: self.id,
            htm: self.method,
            htu: self.uri.as_str(),
            iat: self.issued_at,
            ath: self.access_token.map(access_token_hash),
            nonce: self.nonce,
        };
        let mut text = segment(&header)?;
        text.push('.');
        text.push_str(&segment(&claims)?);
        key.sign_onto(&mut text)?;
        if text.len() > TOKEN_BYTES_MAX {
            return Err(SignError::TooLarge { what: "proof", limit: TOKEN_BYTES_MAX });
        }
        Ok(text)
    }
}

fn segment<T: Serialize>(value: &T) -> Result<String, SignError> {
    let json = serde_json::to_vec(value).map_err(|_| SignError::Claims("they do not serialize"))?;
    Ok(base64url::encode(&json))
}
