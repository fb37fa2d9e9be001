//! HS256, HS384, HS512: HMAC (RFC 7518 §3.2), and what is no secret although somebody passed it as one.

use aws_lc_rs::hmac;

use crate::{
    Algorithm, KeyError, Secret,
    der::{BIT_STRING, Reader, SEQUENCE},
    limits::{HMAC_SECRET_BYTES_MAX, HMAC_SECRET_BYTES_MIN},
};

/// A secret and the state prepared from it.
pub(crate) struct HmacKey {
    key: hmac::Key,
    tag_bytes: usize,
    secret: Secret<Vec<u8>>,
}

impl HmacKey {
    /// Takes a secret at least as long as the hash (RFC 7518 §3.2) that is not a public key in disguise.
    pub(super) fn new(algorithm: Algorithm, secret: Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let (hash, bytes_min) = hash(algorithm).ok_or(KeyError::Unusable("a secret is for HS256, HS384 or HS512"))?;
        let bytes = secret.expose().as_slice();
        if !(bytes_min..=HMAC_SECRET_BYTES_MAX).contains(&bytes.len()) {
            // A PEM text is often too long as well; say what is really wrong.
            return Err(if is_key_text(bytes) {
                NOT_A_SECRET
            } else {
                KeyError::SecretBytes { bytes: bytes.len(), bytes_min }
            });
        }
        if bytes.iter().all(|byte| Some(byte) == bytes.first()) {
            return Err(KeyError::Unusable("an HMAC secret of one repeated byte"));
        }
        if is_key_text(bytes) || is_key_der(bytes) {
            return Err(NOT_A_SECRET);
        }
        Ok(Self { key: hmac::Key::new(hash, bytes), tag_bytes: bytes_min, secret })
    }

    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.expose()
    }

    pub(super) const fn tag_bytes(&self) -> usize {
        self.tag_bytes
    }

    pub(super) fn sign(&self, input: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, input)
    }

    /// Compares in constant time.
    pub(super) fn check(&self, input: &[u8], tag: &[u8]) -> bool {
        tag.len() == self.tag_bytes && hmac::verify(&self.key, input, tag).is_ok()
    }
}

/// Length of the secrets that are generated: that of the hash.
pub(super) fn secret_bytes(algorithm: Algorithm) -> usize {
    hash(algorithm).map_or(HMAC_SECRET_BYTES_MIN, |(_, bytes)| bytes)
}

/// The hash and its length in bytes.
fn hash(algorithm: Algorithm) -> Option<(hmac::Algorithm, usize)> {
    match algorithm {
        Algorithm::Hs256 => Some((hmac::HMAC_SHA256, 32)),
        Algorithm::Hs384 => Some((hmac::HMAC_SHA384, 48)),
        Algorithm::Hs512 => Some((hmac::HMAC_SHA512, 64)),
        _ => None,
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
    let mut sec1 = Reader::new(content);
    let is_sec1 = sec1.unsigned().is_some()
        && sec1.read(crate::der::OCTET_STRING).is_some()
        && (sec1.read(crate::der::CONTEXT_0).is_some() || sec1.read(crate::der::CONTEXT_1).is_some());
    is_rsa_public || is_spki || is_certificate || is_private || is_sec1
}
