//! Producing tokens: key and header are prepared once.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    Algorithm, KeyId, SignError, SigningKey, base64url,
    json::{Limits, Object, Written},
    limits::{HEADER_BYTES_MAX, TOKEN_BYTES_MAX},
};

/// A key and the header of the tokens that it signs, encoded once.
///
/// ```
/// use std::sync::Arc;
/// use countersign_jose::{Algorithm, Signer, SigningKey};
///
/// let signer = Signer::new(Arc::new(SigningKey::generate(Algorithm::EdDsa)?), "at+jwt");
/// let token = signer.sign(&serde_json::json!({ "iss": "https://issuer.example", "exp": 1_600 }))?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Signer {
    key: Arc<SigningKey>,
    /// The encoded header and its dot.
    prefix: String,
    signature_chars: usize,
}

#[derive(Serialize)]
struct SignedHeader<'a> {
    alg: &'static str,
    kid: &'a str,
    typ: &'a str,
}

/// The encoded header `alg`, `kid`, `typ` and its dot.
pub(crate) fn encoded_header(algorithm: Algorithm, id: &KeyId, typ: &str) -> String {
    let header = SignedHeader { alg: algorithm.as_str(), kid: id.as_str(), typ };
    #[expect(clippy::expect_used, reason = "three strings: serializing them to memory has no way to fail")]
    let header = serde_json::to_vec(&header).expect("strings serialize");
    let mut prefix = base64url::encode(&header);
    prefix.push('.');
    prefix
}

impl Signer {
    /// Prepares the header `alg`, `kid`, `typ`.
    #[must_use]
    pub fn new(key: Arc<SigningKey>, typ: &str) -> Self {
        let prefix = encoded_header(key.algorithm(), key.id(), typ);
        let signature_chars = base64url::encoded_bytes(key.verifying_key().signature_bytes());
        Self { key, prefix, signature_chars }
    }

    /// The key that signs.
    #[must_use]
    pub const fn key(&self) -> &Arc<SigningKey> {
        &self.key
    }

    /// Signs a claims set. It never makes a token that our own verifier would not read.
    ///
    /// # Errors
    /// [`SignError::TooLarge`] for claims beyond 4 KiB or 256 members, or a token beyond 8 KiB; [`SignError::Claims`] if
    /// they are not one JSON object, or have a member twice.
    pub fn sign<C: Serialize>(&self, claims: &C) -> Result<String, SignError> {
        let mut written = Written::new();
        let token = match written.write(claims) {
            Ok(payload) => self.sign_bytes(payload)?,
            Err(_) => self.sign_any(claims)?,
        };
        if token.len() > TOKEN_BYTES_MAX {
            return Err(SignError::TooLarge { what: "token", limit: TOKEN_BYTES_MAX });
        }
        Ok(token)
    }

    /// Signs bytes that are no claims set of a token: what [`SignedPayload`](crate::SignedPayload) reads. They are not
    /// looked at.
    ///
    /// # Errors
    /// [`SignError::TooLarge`] for a text beyond `text_bytes_max`; [`SignError::Claims`] for no bytes at all, which no
    /// verifier of ours reads.
    pub fn sign_payload(&self, payload: &[u8], text_bytes_max: usize) -> Result<String, SignError> {
        if payload.is_empty() {
            return Err(SignError::Claims("the payload is empty"));
        }
        let text = self.sign_bytes(payload)?;
        if text.len() > text_bytes_max {
            return Err(SignError::TooLarge { what: "signed text", limit: text_bytes_max });
        }
        Ok(text)
    }

    /// Signs what is not written member by member: maps, large claims sets, whatever has something wrong with it.
    #[cold]
    fn sign_any<C: Serialize>(&self, claims: &C) -> Result<String, SignError> {
        let payload = serde_json::to_vec(claims).map_err(|_| SignError::Claims("they do not serialize"))?;
        // `#[serde(flatten)]` can write a member twice: that must not be signed.
        Object::default().read(&payload, Limits::CLAIMS)?;
        self.sign_bytes(&payload)
    }

    fn sign_bytes(&self, payload: &[u8]) -> Result<String, SignError> {
        if base64url::decoded_bytes(self.prefix.len().saturating_sub(1)) > HEADER_BYTES_MAX {
            return Err(SignError::TooLarge { what: "header", limit: HEADER_BYTES_MAX });
        }
        let lengths = [self.prefix.len(), base64url::encoded_bytes(payload.len()), self.signature_chars, 1];
        let mut text = String::with_capacity(lengths.into_iter().fold(0, usize::saturating_add));
        text.push_str(&self.prefix);
        base64url::encode_to(payload, &mut text);
        self.key.sign_onto(&mut text)?;
        Ok(text)
    }
}
