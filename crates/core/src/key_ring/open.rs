//! The ring opened: keys unsealed and prepared, ready to sign, verify and publish.

use crate::key_ring::{
    KeyRing, KeyState, MacKey, MacKeyState, MasterKey, Purpose, RingKey, RingVersion, StorageKey, UnsealError,
};
use crate::logout::LogoutClaims;
use crate::token::{MacKeys, MacStanding};
use countersign_jose::{JwkSet, KeyError, KeyId, KeySet, Signer, SigningKey};
use countersign_revocation::{FeedSigner, SignObjectError};
use std::sync::Arc;

/// Every key of a ring version, ready to use. Immutable: a change of the ring makes another.
pub struct OpenKeyRing {
    /// Which version of the ring this is.
    pub version: RingVersion,
    /// Signs access tokens.
    pub signer: Signer,
    /// Signs the objects of the revocation feed.
    pub feed: FeedSigner,
    /// The published keys of the feed.
    pub feed_jwks: JwkSet,
    /// What checks the objects of the feed.
    pub feed_keys: KeySet,
    /// Makes and opens refresh tokens.
    pub mac_keys: MacKeys,
    /// Signs ID tokens; none until their first key is made.
    pub id_tokens: Option<Signer>,
    /// Signs logout tokens with the same key: clients check both alike.
    pub logout_tokens: Option<Signer>,
    /// What checks ID tokens.
    pub id_token_keys: KeySet,
    /// The published keys of access tokens and ID tokens: `next`, `active` and `retiring` ones that have a public part.
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
    /// The feed's key can't sign the feed.
    #[error("key `{key}` can't sign the revocation feed")]
    Feed {
        /// Which.
        key: KeyId,
        /// Why.
        #[source]
        source: SignObjectError,
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
        let tokens = OpenedKeys::of(Purpose::AccessToken, ring, storage)?;
        let feed = OpenedKeys::of(Purpose::Feed, ring, storage)?;
        let feed_key = feed.active(ring)?;
        let feed_key_id = feed_key.id().clone();
        let signer = FeedSigner::new(feed_key, issuer);
        let id_tokens = OpenedKeys::of(Purpose::IdToken, ring, storage)?;
        Ok(Self {
            version: ring.version,
            signer: Signer::new(tokens.active(ring)?, "at+jwt"),
            feed: signer.map_err(|source| KeyRingError::Feed { key: feed_key_id, source })?,
            feed_jwks: feed.jwks(),
            feed_keys: feed.set(Kind::Asymmetric)?,
            mac_keys: open_mac_keys(ring, storage, issuer)?,
            jwks: JwkSet { keys: [tokens.jwks().keys, id_tokens.jwks().keys].concat() },
            id_tokens: id_tokens.active(ring).ok().map(|key| Signer::new(key, "JWT")),
            logout_tokens: id_tokens.active(ring).ok().map(|key| Signer::new(key, LogoutClaims::TYPE)),
            id_token_keys: id_tokens.set(Kind::Asymmetric)?,
            asymmetric: tokens.set(Kind::Asymmetric)?,
            symmetric: tokens.set(Kind::Symmetric)?,
        })
    }

    /// The set in which a token's key must be looked up. Two sets, because one that held both kinds could be confused
    /// (RFC 8725 §3.1).
    #[must_use]
    pub fn keys_for(&self, kid: Option<&str>) -> &KeySet {
        if kid.is_some_and(|kid| self.symmetric.get(kid).is_some()) { &self.symmetric } else { &self.asymmetric }
    }
}

/// The keys of one purpose that are not revoked, unsealed.
struct OpenedKeys {
    purpose: Purpose,
    keys: Vec<Arc<SigningKey>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Symmetric,
    Asymmetric,
}

impl OpenedKeys {
    fn of(purpose: Purpose, ring: &KeyRing, storage: &StorageKey) -> Result<Self, KeyRingError> {
        let kept = ring.keys.iter().filter(|key| key.purpose == purpose && key.state != KeyState::Revoked);
        Ok(Self { purpose, keys: kept.map(|key| unseal(key, storage).map(Arc::new)).collect::<Result<_, _>>()? })
    }

    fn active(&self, ring: &KeyRing) -> Result<Arc<SigningKey>, KeyRingError> {
        let active = ring.in_state(self.purpose, KeyState::Active).ok_or(KeyRingError::NothingActive)?;
        self.keys.iter().find(|key| *key.id() == active.id).cloned().ok_or(KeyRingError::NothingActive)
    }

    fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.keys.iter().filter_map(|key| key.verifying_key().to_jwk()).collect() }
    }

    fn set(&self, kind: Kind) -> Result<KeySet, KeyRingError> {
        let of_kind = self.keys.iter().filter(|key| key.algorithm().is_symmetric() == (kind == Kind::Symmetric));
        KeySet::new(of_kind.map(|key| key.verifying_key())).map_err(KeyRingError::Set)
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
