//! The ring opened: keys unsealed and prepared, ready to sign, verify and publish.

use crate::key_ring::{
    KeyRing, KeyState, MacKey, MacKeyState, MasterKey, Purpose, RingKey, RingVersion, StorageKey, UnsealError,
};
use crate::token::{MacKeys, MacStanding};
use countersign_jose::{JwkSet, KeyError, KeyId, KeySet, Signer, SigningKey};
use std::sync::Arc;

/// Every key of a ring version, ready to use. Immutable: a change of the ring makes another.
pub struct OpenKeyRing {
    /// Which version of the ring this is.
    pub version: RingVersion,
    /// Signs access tokens.
    pub signer: Signer,
    /// Makes and opens refresh tokens.
    pub mac_keys: MacKeys,
    /// What is published: `next`, `active` and `retiring` keys that have a public part.
    pub jwks: JwkSet,
    asymmetric: KeySet,
    symmetric: KeySet,
}

/// A ring that can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The storage key does not open.
    #[error("the storage key does not open: this is not the master key that it was sealed under")]
    WrongMasterKey(#[source] UnsealError),
    /// A seal does not hold.
    #[error("key `{key}` does not open: storage is damaged, or was put together from two")]
    Sealed {
        /// Whose.
        key: String,
        /// Why.
        #[source]
        source: UnsealError,
    },
    /// A key opened but can't be used.
    #[error("key `{key}` can't be used")]
    Unusable {
        /// Which.
        key: KeyId,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The keys don't make a set.
    #[error("the published keys can't be used together")]
    Set(#[source] KeyError),
    /// Nothing signs, or nothing makes refresh tokens.
    #[error("the key ring has no active key: start the server once, it makes one")]
    NothingActive,
}

impl KeyRing {
    /// Opens the key that seals all the rest.
    ///
    /// # Errors
    /// [`KeyRingError::WrongMasterKey`], or [`KeyRingError::NothingActive`] in a deployment that was never started.
    pub fn storage_key(&self, master: &MasterKey) -> Result<StorageKey, KeyRingError> {
        let sealed = self.storage_key.as_ref().ok_or(KeyRingError::NothingActive)?;
        let bytes = master.unseal_storage_key(sealed).map_err(KeyRingError::WrongMasterKey)?;
        Ok(StorageKey::from_bytes(&bytes))
    }
}

impl OpenKeyRing {
    /// Unseals and prepares every key of `ring`.
    ///
    /// # Errors
    /// [`KeyRingError`] tells which key does not open, and why.
    pub fn open(ring: &KeyRing, storage: &StorageKey, issuer: &str) -> Result<Self, KeyRingError> {
        let published: Vec<_> = ring.keys.iter().filter(|key| key.state != KeyState::Revoked).collect();
        let keys = published.iter().map(|key| unseal(key, storage).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        let signs = |key: &&RingKey| key.purpose == Purpose::AccessToken && key.state == KeyState::Active;
        let active = ring.keys.iter().find(signs).ok_or(KeyRingError::NothingActive)?;
        let signing = keys.iter().find(|key| *key.id() == active.id).ok_or(KeyRingError::NothingActive)?;
        let set = |symmetric: bool| {
            let of_kind = keys.iter().filter(|key| key.algorithm().is_symmetric() == symmetric);
            KeySet::new(of_kind.map(|key| key.verifying_key())).map_err(KeyRingError::Set)
        };
        Ok(Self {
            version: ring.version,
            signer: Signer::new(Arc::clone(signing), "at+jwt"),
            mac_keys: open_mac_keys(ring, storage, issuer)?,
            jwks: JwkSet { keys: keys.iter().filter_map(|key| key.verifying_key().to_jwk()).collect() },
            asymmetric: set(false)?,
            symmetric: set(true)?,
        })
    }

    /// The set in which a token's key must be looked up. Two sets, because one that held both kinds could be confused
    /// (RFC 8725 §3.1).
    #[must_use]
    pub fn keys_for(&self, kid: Option<&str>) -> &KeySet {
        if kid.is_some_and(|kid| self.symmetric.get(kid).is_some()) { &self.symmetric } else { &self.asymmetric }
    }
}

/// Opens one signing key.
///
/// # Errors
/// [`KeyRingError::Sealed`] under another storage key, [`KeyRingError::Unusable`] where it is damaged.
pub(crate) fn unseal(key: &RingKey, storage: &StorageKey) -> Result<SigningKey, KeyRingError> {
    let stored = storage
        .unseal_signing_key(&key.id, &key.sealed)
        .map_err(|source| KeyRingError::Sealed { key: key.id.as_str().to_owned(), source })?;
    SigningKey::from_stored(key.algorithm, key.id.clone(), &stored)
        .map_err(|source| KeyRingError::Unusable { key: key.id.clone(), source })
}

fn open_mac_keys(ring: &KeyRing, storage: &StorageKey, issuer: &str) -> Result<MacKeys, KeyRingError> {
    let active = ring.active_mac().ok_or(KeyRingError::NothingActive)?;
    let open = |key: &MacKey| {
        let secret = storage
            .unseal_mac_key(key.id, &key.sealed)
            .map_err(|source| KeyRingError::Sealed { key: format!("MAC key {}", key.id), source })?;
        let standing = match key.state {
            MacKeyState::Active | MacKeyState::Retired => MacStanding::Trusted,
            MacKeyState::Distrusted => MacStanding::Distrusted,
        };
        Ok((key.id, secret, standing))
    };
    let keys = ring.mac_keys.iter().map(open).collect::<Result<Vec<_>, KeyRingError>>()?;
    Ok(MacKeys::new(issuer, active.id, &keys))
}
