//! JWK Sets (RFC 7517 §5).

use super::Jwk;
use crate::{
    KeyError,
    json::{self, Limits},
    limits::KEYS_MAX,
};

/// Public keys as they are published.
///
/// ```
/// use countersign_jose::{Algorithm, JwkSet, KeySet, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::Es256)?.verifying_key();
/// let published = serde_json::to_vec(&JwkSet { keys: key.to_jwk().into_iter().collect() })?;
/// assert_eq!(KeySet::from_json(&published)?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JwkSet {
    /// The keys, in the order of the text.
    pub keys: Vec<Jwk>,
}

/// A key that was left out of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedKey {
    /// Its place in `keys`, counted from zero.
    pub index: usize,
    /// What is wrong with it.
    pub error: KeyError,
}

impl JwkSet {
    /// Reads a JWK Set and leaves out keys that we do not work with (RFC 7517 §5);
    /// [`KeySet::from_json`](crate::KeySet::from_json) tells which.
    ///
    /// # Errors
    /// [`KeyError`] if it is no JWK Set, has more than 64 keys, or symmetric beside asymmetric ones.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { keys: entries(json)?.into_iter().filter_map(Result::ok).collect() })
    }
}

/// Each entry of a JWK Set, read or refused.
pub(crate) fn entries(json: &[u8]) -> Result<Vec<Result<Jwk, KeyError>>, KeyError> {
    let set = json::object(json, Limits::JWK_SET)?;
    let keys = set.get("keys").ok_or(KeyError::Malformed("`keys` is missing"))?;
    let keys = keys.elements().ok_or(KeyError::Malformed("`keys` is not an array"))?;
    if keys.len() > KEYS_MAX {
        return Err(KeyError::TooManyKeys);
    }
    let keys: Vec<_> = keys.into_iter().map(|key| json::object(key.raw().as_bytes(), Limits::JWK)).collect();
    let is_secret =
        |key: &json::Object<'_>| key.get("kty").and_then(json::Value::string).is_some_and(|kty| kty == "oct");
    let secrets = keys.iter().flatten().filter(|key| is_secret(key)).count();
    if (1..keys.len()).contains(&secrets) {
        return Err(KeyError::MixedSet);
    }
    Ok(keys.into_iter().map(|key| Jwk::from_object(&key?)).collect())
}
