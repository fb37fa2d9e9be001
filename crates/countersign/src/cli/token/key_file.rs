//! Keys from files: PEM, JWK, or a secret.

use crate::failure::Failure;
use crate::secrets::{read_file, utf8};
use countersign_jose::{Algorithm, Jwk, KeyError, KeyId, Secret, SigningKey, VerifyingKey};
use std::path::Path;

// A PEM block names its kind of key itself; each is of exactly one algorithm.
const OF_PEM: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

/// A private key: PKCS#8 in PEM, or a private JWK. With `algorithm`, only one of that.
pub(in crate::cli) fn signing_key(path: &Path, algorithm: Option<Algorithm>) -> Result<SigningKey, Failure> {
    let text = utf8(&read_file(path)?)?;
    let key = if is_json(text.as_bytes()) {
        SigningKey::from_jwk(text.as_bytes())
    } else {
        first(|algorithm| SigningKey::from_pkcs8_pem(algorithm, &text))
    };
    let key = key.map_err(|error| unusable(path, error).hint("expected PKCS#8 in PEM, or a private JWK"))?;
    match algorithm.filter(|algorithm| *algorithm != key.algorithm()) {
        Some(wanted) => {
            Err(Failure::usage(format!("{} is a key of {}, not of {wanted}", path.display(), key.algorithm())))
        }
        None => Ok(key),
    }
}

/// A public key: SPKI in PEM, a JWK, or the public part of a private key.
pub(super) fn verifying_key(path: &Path) -> Result<VerifyingKey, Failure> {
    let text = utf8(&read_file(path)?)?;
    let key = if is_json(text.as_bytes()) {
        match Jwk::parse(text.as_bytes()).and_then(|jwk| VerifyingKey::from_jwk(&jwk)) {
            Err(KeyError::PrivateMembers) => SigningKey::from_jwk(text.as_bytes()).map(|key| key.verifying_key()),
            parsed => parsed,
        }
    } else if text.contains("PRIVATE KEY") {
        first(|algorithm| SigningKey::from_pkcs8_pem(algorithm, &text)).map(|key| key.verifying_key())
    } else {
        first(|algorithm| VerifyingKey::from_spki_pem(algorithm, &text))
    };
    key.map_err(|error| unusable(path, error).hint("expected a public key in PEM, or a JWK"))
}

/// An HS256 secret: a JWK, or the bytes themselves without the newline that ends a text. Bytes have no name: `id`.
pub(super) fn secret(path: &Path, id: KeyId) -> Result<SigningKey, Failure> {
    let bytes = read_file(path)?;
    if is_json(&bytes) {
        let key = SigningKey::from_jwk(&bytes).map_err(|error| unusable(path, error))?;
        return if key.algorithm().is_symmetric() {
            Ok(key)
        } else {
            Err(Failure::usage(format!("{} holds no secret but a key of {}", path.display(), key.algorithm()))
                .hint("give it with `--key`"))
        };
    }
    let secret = match std::str::from_utf8(&bytes) {
        Ok(text) => text.trim_end_matches(['\n', '\r']).as_bytes(),
        Err(_) => &bytes,
    };
    let hint = "`openssl rand -base64 48` makes one";
    SigningKey::from_secret(Secret::new(secret.to_vec()), id).map_err(|error| unusable(path, error).hint(hint))
}

fn is_json(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

/// What the first algorithm that takes the key makes of it; else the last refusal.
fn first<K>(read: impl Fn(Algorithm) -> Result<K, KeyError>) -> Result<K, KeyError> {
    let mut refused = KeyError::Unsupported("expected a key of P-256, Ed25519 or RSA");
    for algorithm in OF_PEM {
        match read(algorithm) {
            Ok(key) => return Ok(key),
            // Too short is worth more than "another kind of key".
            Err(error @ (KeyError::ModulusBits { .. } | KeyError::Malformed(_))) => refused = error,
            Err(_) => {}
        }
    }
    Err(refused)
}

fn unusable(path: &Path, error: KeyError) -> Failure {
    Failure::usage(error).about(format!("{} can't be used", path.display()))
}
