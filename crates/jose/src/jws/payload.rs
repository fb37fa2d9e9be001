//! Signed bytes that are no token: other kinds of payload, with a length of their own.

use super::{CompactJws, CompactLimits, pick_key};
use crate::{Algorithm, Header, KeySet, TokenType, VerifyError};

/// What a signed text must be before its payload is believed: its kind, its one algorithm, its length. It is parsed by
/// the parser of tokens and picks its key by the same rule; only the payload is the caller's to read.
///
/// ```
/// use std::sync::Arc;
/// use countersign_jose::{Algorithm, KeySet, SignedPayload, Signer, SigningKey, TokenType};
///
/// let key = Arc::new(SigningKey::generate(Algorithm::EdDsa)?);
/// let keys = KeySet::new([key.verifying_key()])?;
/// let text = Signer::new(key, "example-feed+jwt").sign_payload(b"any bytes", 100_000)?;
///
/// let expected = SignedPayload::new(TokenType::named("example-feed+jwt"), Algorithm::EdDsa, 100_000);
/// assert_eq!(expected.verify(&text, &keys)?, b"any bytes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPayload {
    typ: TokenType,
    algorithm: Algorithm,
    text_bytes_max: usize,
}

impl SignedPayload {
    /// One kind, one algorithm, and a limit on the length of the whole text in bytes.
    #[must_use]
    pub const fn new(typ: TokenType, algorithm: Algorithm, text_bytes_max: usize) -> Self {
        Self { typ, algorithm, text_bytes_max }
    }

    /// Checks size, shape, base64, header, kind, algorithm and key, signature, in this order, and gives the payload. It
    /// says nothing about what the payload means.
    ///
    /// # Errors
    /// [`VerifyError`] says which check failed. [`VerifyError::AlgNotAllowed`] also where text and key agree on an
    /// algorithm that is not the one asked for (RFC 8725 §3.1).
    pub fn verify(&self, text: &str, keys: &KeySet) -> Result<Vec<u8>, VerifyError> {
        let jws = CompactJws::parse(text, CompactLimits::text_bytes(self.text_bytes_max))?;
        let header = Header::parse(&jws.header)?;
        if !header.typ().is_some_and(|typ| self.typ.matches(typ)) {
            return Err(VerifyError::WrongType { expected: self.typ.as_str().to_owned() });
        }
        let key = pick_key(&header, keys)?;
        if key.algorithm() != self.algorithm {
            let (key, found) = (key.id().clone(), key.algorithm());
            return Err(VerifyError::AlgNotAllowed { key, found, expected: self.algorithm });
        }
        key.check(jws.signing_input.as_bytes(), &jws.signature)?;
        Ok(jws.payload)
    }
}
