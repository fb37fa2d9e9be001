//! HS256: HMAC with SHA-256 (RFC 7518 §3.2), and what is no secret although somebody passed it as one.

use aws_lc_rs::hmac;

use crate::{
    KeyError, Secret,
    der::{BIT_STRING, Reader, SEQUENCE},
    limits::{HMAC_SECRET_BYTES_MAX, HMAC_SECRET_BYTES_MIN},
};

pub(super) const TAG_BYTES: usize = 32;

/// A secret and the state prepared from it.
pub(crate) struct HmacKey {
    key: hmac::Key,
    secret: Secret<Vec<u8>>,
}

impl HmacKey {
    /// Takes a secret of 32 to 1,024 bytes that is not a public key in disguise.
    pub(super) fn new(secret: Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let bytes = secret.expose().as_slice();
        if !(HMAC_SECRET_BYTES_MIN..=HMAC_SECRET_BYTES_MAX).contains(&bytes.len()) {
            // A PEM text is often too long as well; say what is really wrong.
            return Err(if is_key_text(bytes) { NOT_A_SECRET } else { KeyError::SecretBytes { bytes: bytes.len() } });
        }
        if bytes.iter().all(|byte| Some(byte) == bytes.first()) {
            return Err(KeyError::Unusable("an HMAC secret of one repeated byte"));
        }
        if is_key_text(bytes) || is_key_der(bytes) {
            return Err(NOT_A_SECRET);
        }
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, bytes), secret })
    }

    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.expose()
    }

    pub(super) fn sign(&self, input: &[u8]) -> impl AsRef<[u8]> {
        hmac::sign(&self.key, input)
    }

    /// Compares in constant time.
    pub(super) fn check(&self, input: &[u8], tag: &[u8]) -> bool {
        tag.len() == TAG_BYTES && hmac::verify(&self.key, input, tag).is_ok()
    }
}

const NOT_A_SECRET: KeyError =
    KeyError::Unusable("this is a key or certificate, not a secret: whoever has the public key could sign");

/// A PEM, JWK or OpenSSH text, whatever stands before it: white space, a byte order mark, a comment.
fn is_key_text(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 7] = [
        b"-----BEGIN",
        b"\"kty\"",
        b"ssh-rsa ",
        b"ssh-ed25519 ",
        b"ecdsa-sha2-",
        b"ssh-dss ",
        b"---- BEGIN SSH2", // RFC 4716
    ];
    marks.into_iter().any(|mark| bytes.windows(mark.len()).any(|window| window == mark))
}

/// One DER sequence that ends where the bytes end: `RSAPublicKey`, `SubjectPublicKeyInfo`, a certificate or PKCS#8.
/// The shape is checked beyond the first bytes, so that no random secret is taken for one.
fn is_key_der(bytes: &[u8]) -> bool {
    let mut outer = Reader::new(bytes);
    let Some(content) = outer.read(SEQUENCE).filter(|_| outer.is_empty()) else { return false };
    let is_rsa_public = super::rsa::split_public(bytes).is_some();
    let mut spki = Reader::new(content);
    let is_spki = spki.read(SEQUENCE).is_some() && spki.read(BIT_STRING).is_some() && spki.is_empty();
    let mut signed = Reader::new(content);
    let is_certificate = signed.read(SEQUENCE).is_some()
        && signed.read(SEQUENCE).is_some()
        && signed.read(BIT_STRING).is_some()
        && signed.is_empty();
    let mut private = Reader::new(content);
    let is_private = private.unsigned().is_some()
        && private.read(SEQUENCE).is_some()
        && private.read(crate::der::OCTET_STRING).is_some();
    is_rsa_public || is_spki || is_certificate || is_private
}
