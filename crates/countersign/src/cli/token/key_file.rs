//! Keys from files: PEM, JWK, or a secret.

use crate::failure::Failure;
use crate::secrets::{read_file, utf8};
use countersign_jose::{Algorithm, Jwk, KeyError, KeyId, Secret, SigningKey, VerifyingKey};
use std::path::Path;

// A PEM block names its kind of key itself. An RSA key may be for six algorithms: unless told, the one that all implement.
const OF_PEM: [Algorithm; 5] =
    [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Es384, Algorithm::Es512, Algorithm::Rs256];

/// A private key: PKCS#8, PKCS#1 or SEC1 in PEM, or a private JWK. With `algorithm`, only one of that.
pub(in crate::cli) fn signing_key(path: &Path, algorithm: Option<Algorithm>) -> Result<SigningKey, Failure> {
    let text = utf8(&read_file(path)?)?;
    let key = if is_json(text.as_bytes()) {
        SigningKey::from_jwk(text.as_bytes())
    } else {
        first(algorithm, |algorithm| private_pem(algorithm, &text))
    };
    let key = key.map_err(|error| unusable(path, error).hint("expected PKCS#8 in PEM, or a private JWK"))?;
    only_of(path, key, algorithm, SigningKey::algorithm)
}

/// A public key: SPKI or PKCS#1 in PEM, a JWK, or the public part of a private key. With `algorithm`, only one of that.
pub(super) fn verifying_key(path: &Path, algorithm: Option<Algorithm>) -> Result<VerifyingKey, Failure> {
    let text = utf8(&read_file(path)?)?;
    let key = if is_json(text.as_bytes()) {
        match Jwk::parse(text.as_bytes()).and_then(|jwk| VerifyingKey::from_jwk(&jwk)) {
            Err(KeyError::PrivateMembers) => SigningKey::from_jwk(text.as_bytes()).map(|key| key.verifying_key()),
            parsed => parsed,
        }
    } else if text.contains("PRIVATE KEY") {
        first(algorithm, |algorithm| private_pem(algorithm, &text)).map(|key| key.verifying_key())
    } else if text.starts_with("-----BEGIN RSA PUBLIC KEY-----") {
        first(algorithm, |algorithm| VerifyingKey::from_pkcs1_pem(algorithm, &text))
    } else {
        first(algorithm, |algorithm| VerifyingKey::from_spki_pem(algorithm, &text))
    };
    let key = key.map_err(|error| unusable(path, error).hint("expected a public key in PEM, or a JWK"))?;
    only_of(path, key, algorithm, VerifyingKey::algorithm)
}

/// An HMAC secret: a JWK, or the bytes themselves without the newline that ends a text. Bytes have no name: `id`; and no
/// algorithm: HS256 unless told.
pub(super) fn secret(path: &Path, id: KeyId, algorithm: Option<Algorithm>) -> Result<SigningKey, Failure> {
    let bytes = read_file(path)?;
    if is_json(&bytes) {
        let key = SigningKey::from_jwk(&bytes).map_err(|error| unusable(path, error))?;
        return if key.algorithm().is_symmetric() {
            only_of(path, key, algorithm, SigningKey::algorithm)
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
    SigningKey::from_hmac_secret(algorithm.unwrap_or(Algorithm::Hs256), Secret::new(secret.to_vec()), id)
        .map_err(|error| unusable(path, error).hint(hint))
}

/// The form is what the block says it is.
fn private_pem(algorithm: Algorithm, text: &str) -> Result<SigningKey, KeyError> {
    if text.starts_with("-----BEGIN RSA PRIVATE KEY-----") {
        SigningKey::from_pkcs1_pem(algorithm, text)
    } else if text.starts_with("-----BEGIN EC PRIVATE KEY-----") {
        SigningKey::from_sec1_pem(algorithm, text)
    } else {
        SigningKey::from_pkcs8_pem(algorithm, text)
    }
}

fn is_json(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

/// The key of the algorithm that was named; without one, what the first that takes the key makes of it, else the last
/// refusal.
fn first<K>(named: Option<Algorithm>, read: impl Fn(Algorithm) -> Result<K, KeyError>) -> Result<K, KeyError> {
    if let Some(named) = named {
        return read(named);
    }
    let mut refused = KeyError::Unsupported("expected a key of P-256, P-384, P-521, Ed25519 or RSA");
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

fn only_of<K>(
    path: &Path,
    key: K,
    wanted: Option<Algorithm>,
    algorithm: impl Fn(&K) -> Algorithm,
) -> Result<K, Failure> {
    let found = algorithm(&key);
    match wanted.filter(|wanted| *wanted != found) {
        Some(wanted) => Err(Failure::usage(format!("{} is a key of {found}, not of {wanted}", path.display()))),
        None => Ok(key),
    }
}

fn unusable(path: &Path, error: KeyError) -> Failure {
    Failure::usage(error).about(format!("{} can't be used", path.display()))
}
