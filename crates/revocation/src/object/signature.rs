//! Objects signed and read: a compact JWS, EdDSA and nothing else, of a kind of its own.

use std::sync::{Arc, LazyLock};

use countersign_jose::{Algorithm, KeySet, SignedPayload, Signer, SigningKey, TokenType};

use super::{FeedObject, wire};
use crate::{
    ObjectError, SignObjectError,
    limits::{ISSUER_BYTES_MAX, OBJECT_BYTES_MAX},
};

/// The `typ` of a signed object: no token passes for one, and none for a token.
pub const FEED_TYPE: &str = "countersign-feed+jwt";

static EXPECTED: LazyLock<SignedPayload> =
    LazyLock::new(|| SignedPayload::new(TokenType::named(FEED_TYPE), Algorithm::EdDsa, OBJECT_BYTES_MAX));

/// Signs objects of one issuer under one key.
#[derive(Debug)]
pub struct FeedSigner {
    signer: Signer,
    issuer: Arc<str>,
}

impl FeedSigner {
    /// Takes the feed's key, which signs nothing else.
    ///
    /// # Errors
    /// [`SignObjectError::Algorithm`] for a key that is not an Ed25519 key; [`SignObjectError::Issuer`].
    pub fn new(key: Arc<SigningKey>, issuer: &str) -> Result<Self, SignObjectError> {
        if key.algorithm() != Algorithm::EdDsa {
            return Err(SignObjectError::Algorithm);
        }
        if !(1..=ISSUER_BYTES_MAX).contains(&issuer.len()) {
            return Err(SignObjectError::Issuer);
        }
        Ok(Self { signer: Signer::new(key, FEED_TYPE), issuer: issuer.into() })
    }

    /// The key that signs.
    #[must_use]
    pub const fn key(&self) -> &Arc<SigningKey> {
        self.signer.key()
    }

    /// Signs one object: the same text each time.
    ///
    /// # Errors
    /// [`SignObjectError::Sign`] for a text beyond 1 MiB: cut the entries with [`batch_chunks`](crate::batch_chunks) or
    /// [`snapshot_parts`](crate::snapshot_parts).
    pub fn sign(&self, object: &FeedObject) -> Result<String, SignObjectError> {
        Ok(self.signer.sign_payload(&wire::write(&self.issuer, object), OBJECT_BYTES_MAX)?)
    }
}

/// An object that its issuer signed, and the text that proves it. Cheap to clone; nothing outside this module can build
/// one.
#[derive(Debug, Clone)]
pub struct SignedObject {
    text: Arc<str>,
    issuer: Arc<str>,
    object: Arc<FeedObject>,
}

impl SignedObject {
    /// Reads a text: signature first, with the feed's own keys, then JSON, then what it says.
    ///
    /// # Errors
    /// [`ObjectError`] says which check failed; then nothing of the text is to be used.
    pub fn verify(text: impl Into<Arc<str>>, keys: &KeySet, issuer: &str) -> Result<Self, ObjectError> {
        let text = text.into();
        let object = wire::read(&EXPECTED.verify(&text, keys)?, issuer)?;
        Ok(Self { text, issuer: issuer.into(), object: Arc::new(object) })
    }

    /// The compact JWS, byte for byte as it came.
    #[must_use]
    pub const fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Who signed.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What it says.
    #[must_use]
    pub fn object(&self) -> &FeedObject {
        &self.object
    }
}
