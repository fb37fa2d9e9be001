//! The keys of one issuer, ready to use, found by `kid`.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};

use super::VerifyingKey;
use crate::{Jwk, JwkSet, KeyError, RefusedKey, jwk, limits::KEYS_MAX};

/// Prepared keys of one issuer, cheap to clone. An issuer's tokens are checked with its own set and no other.
///
/// ```
/// use countersign_jose::{Algorithm, KeySet, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::EdDsa)?;
/// let keys = KeySet::new([key.verifying_key()])?;
/// assert!(keys.get(key.id().as_str()).is_some());
/// # Ok::<(), countersign_jose::KeyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    by_id: Arc<HashMap<String, VerifyingKey>>,
    refused: Arc<[RefusedKey]>,
}

impl KeySet {
    /// Takes prepared keys.
    ///
    /// # Errors
    /// [`KeyError::MixedSet`] for symmetric beside asymmetric keys, [`KeyError::DuplicateKeyId`] for two keys with one
    /// id, [`KeyError::TooManyKeys`] for more than 64.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, KeyError> {
        let mut by_id: HashMap<String, VerifyingKey> = HashMap::new();
        for key in keys {
            if by_id.len() == KEYS_MAX {
                return Err(KeyError::TooManyKeys);
            }
            if by_id.values().next().is_some_and(|other| is_symmetric(other) != is_symmetric(&key)) {
                return Err(KeyError::MixedSet);
            }
            match by_id.entry(key.id().as_str().to_owned()) {
                Entry::Occupied(_) => return Err(KeyError::DuplicateKeyId(key.id().clone())),
                Entry::Vacant(vacant) => vacant.insert(key),
            };
        }
        Ok(Self { by_id: Arc::new(by_id), refused: Arc::default() })
    }

    /// Prepares the keys of a JWK Set. A key that is not usable is left out (RFC 7517 §5), both of a pair with one
    /// `kid` too; [`refused`](Self::refused) tells which and why.
    ///
    /// # Errors
    /// The first refusal if no key is left of those that the set had.
    pub fn from_jwks(jwks: &JwkSet) -> Result<Self, KeyError> {
        Self::prepare(jwks.keys.iter().cloned().map(Ok))
    }

    /// Reads a JWK Set (RFC 7517 §5) as published and prepares its keys as [`from_jwks`](Self::from_jwks) does.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] and its like for what is no JWK Set; [`KeyError::MixedSet`] if it has symmetric keys
    /// beside asymmetric ones; the first refusal if it had keys and none is usable.
    pub fn from_json(json: &[u8]) -> Result<Self, KeyError> {
        Self::prepare(jwk::entries(json)?)
    }

    /// The key of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&VerifyingKey> {
        self.by_id.get(id)
    }

    /// The key, if there is exactly one.
    pub(crate) fn only(&self) -> Option<&VerifyingKey> {
        self.by_id.values().next().filter(|_| self.by_id.len() == 1)
    }

    /// All keys, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.by_id.values()
    }

    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// What was left out when the set was loaded: for the log.
    #[must_use]
    pub fn refused(&self) -> &[RefusedKey] {
        &self.refused
    }

    fn prepare(entries: impl IntoIterator<Item = Result<Jwk, KeyError>>) -> Result<Self, KeyError> {
        let (mut usable, mut refused): (Vec<VerifyingKey>, Vec<RefusedKey>) = (Vec::new(), Vec::new());
        let (mut seen, mut twice) = (HashSet::new(), HashSet::new());
        for (index, entry) in entries.into_iter().enumerate() {
            match entry.and_then(|jwk| VerifyingKey::from_jwk(&jwk)) {
                Ok(key) if seen.insert(key.id().clone()) => usable.push(key),
                Ok(key) => {
                    refused.push(RefusedKey { index, error: KeyError::DuplicateKeyId(key.id().clone()) });
                    twice.insert(key.id().clone());
                }
                Err(error) => refused.push(RefusedKey { index, error }),
            }
        }
        usable.retain(|key| !twice.contains(key.id()));
        if let ([], [first, ..]) = (&*usable, &*refused) {
            return Err(first.error.clone());
        }
        Ok(Self { refused: refused.into(), ..Self::new(usable)? })
    }
}

const fn is_symmetric(key: &VerifyingKey) -> bool {
    key.algorithm().is_symmetric()
}
