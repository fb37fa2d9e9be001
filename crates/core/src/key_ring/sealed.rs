//! Sealing: what must be read again is encrypted at rest (AES-256-GCM).
//!
//! The operator's master key seals one storage key; the storage key seals everything else. So another master key means
//! one changed row, and a wrong one is noticed at the first look.

use crate::ids::AccountId;
use crate::key_ring::MacKeyId;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use countersign_jose::{KeyId, ProofNonces};
use zeroize::{Zeroize, Zeroizing};

/// The operator's 32 bytes, from a file, a variable or a command. Never in storage.
pub struct MasterKey(LessSafeKey);

/// What seals everything in storage: 32 random bytes, split into one key per use so that nothing sealed for one can be
/// passed off as another's.
pub struct StorageKey {
    signing_keys: LessSafeKey,
    mac_keys: LessSafeKey,
    password_hashes: LessSafeKey,
    nonces: ProofNonces,
}

/// Encrypted bytes: nonce 12 | ciphertext | tag 16.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// A seal did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the seal does not hold: sealed under another master key, for another owner, or damaged")]
pub struct UnsealError;

const NONCE_BYTES: usize = 12;

impl MasterKey {
    /// How many bytes a master key has.
    pub const BYTES: usize = 32;

    /// Prepares the operator's key.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(subkey(&Zeroizing::new(bytes), b"countersign seal 1 storage key"))
    }

    /// Seals the storage key's 32 bytes.
    #[must_use]
    pub fn seal_storage_key(&self, nonce: [u8; NONCE_BYTES], bytes: &[u8; StorageKey::BYTES]) -> Sealed {
        seal(&self.0, nonce, b"storage key", bytes)
    }

    /// Opens the storage key's 32 bytes.
    ///
    /// # Errors
    /// [`UnsealError`] under another master key.
    pub fn unseal_storage_key(&self, sealed: &Sealed) -> Result<Zeroizing<[u8; StorageKey::BYTES]>, UnsealError> {
        fixed(&unseal(&self.0, b"storage key", sealed)?)
    }
}

impl StorageKey {
    /// How many bytes a storage key has.
    pub const BYTES: usize = 32;

    /// Prepares a storage key.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        Self {
            signing_keys: subkey(bytes, b"countersign seal 1 signing key"),
            mac_keys: subkey(bytes, b"countersign seal 1 MAC key"),
            password_hashes: subkey(bytes, b"countersign seal 1 password hash"),
            nonces: ProofNonces::new(&nonce_key(bytes)),
        }
    }

    /// The nonces for proofs of possession (RFC 9449 §8): every node knows them, and nobody keeps them.
    #[must_use]
    pub const fn proof_nonces(&self) -> &ProofNonces {
        &self.nonces
    }

    /// Seals a signing key's stored form, bound to its id.
    #[must_use]
    pub fn seal_signing_key(&self, id: &KeyId, nonce: [u8; NONCE_BYTES], stored: &[u8]) -> Sealed {
        seal(&self.signing_keys, nonce, id.as_str().as_bytes(), stored)
    }

    /// Opens it again.
    ///
    /// # Errors
    /// [`UnsealError`] under another master key or id.
    pub fn unseal_signing_key(&self, id: &KeyId, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        unseal(&self.signing_keys, id.as_str().as_bytes(), sealed)
    }

    /// Seals a MAC key, bound to its id.
    #[must_use]
    pub fn seal_mac_key(&self, id: MacKeyId, nonce: [u8; NONCE_BYTES], secret: &[u8; 32]) -> Sealed {
        seal(&self.mac_keys, nonce, &[id.0], secret)
    }

    /// Opens it again.
    ///
    /// # Errors
    /// [`UnsealError`] under another master key or id.
    pub fn unseal_mac_key(&self, id: MacKeyId, sealed: &Sealed) -> Result<Zeroizing<[u8; 32]>, UnsealError> {
        fixed(&unseal(&self.mac_keys, &[id.0], sealed)?)
    }

    pub(crate) fn seal_password_hash(&self, account: AccountId, nonce: [u8; NONCE_BYTES], hash: &[u8]) -> Sealed {
        seal(&self.password_hashes, nonce, account.as_bytes(), hash)
    }

    pub(crate) fn unseal_password_hash(
        &self,
        account: AccountId,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        unseal(&self.password_hashes, account.as_bytes(), sealed)
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey([redacted])")
    }
}

impl std::fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StorageKey([redacted])")
    }
}

impl Sealed {
    /// What storage kept.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// As storage keeps it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn fixed(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, UnsealError> {
    bytes.try_into().map(Zeroizing::new).map_err(|_| UnsealError)
}

/// HKDF-Expand (RFC 5869 §2.3) of one block: the key is uniformly random, so there is nothing to extract.
/// The first block of HKDF-Expand (RFC 5869 §2.3).
fn block(key: &[u8; 32], label: &[u8]) -> hmac::Tag {
    let mut info = label.to_vec();
    info.push(1);
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &info)
}

fn nonce_key(key: &[u8; 32]) -> Zeroizing<[u8; ProofNonces::KEY_BYTES]> {
    let mut nonce_key = Zeroizing::new([0; ProofNonces::KEY_BYTES]);
    // An HMAC-SHA-256 tag has 32 bytes as well.
    nonce_key.copy_from_slice(block(key, b"countersign nonce 1").as_ref());
    nonce_key
}

fn subkey(key: &[u8; 32], label: &[u8]) -> LessSafeKey {
    let block = block(key, label);
    #[expect(clippy::expect_used, reason = "an HMAC-SHA-256 tag has the 32 bytes that an AES-256 key needs")]
    let key = UnboundKey::new(&AES_256_GCM, block.as_ref()).expect("32 bytes are an AES-256 key");
    LessSafeKey::new(key)
}

fn seal(key: &LessSafeKey, nonce: [u8; NONCE_BYTES], owner: &[u8], secret: &[u8]) -> Sealed {
    let mut sealed = Vec::with_capacity(NONCE_BYTES + secret.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(secret);
    let (_, plain) = sealed.split_at_mut(NONCE_BYTES);
    #[expect(clippy::expect_used, reason = "AES-GCM fails only beyond 64 GiB; a sealed secret has a few KiB")]
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), plain)
        .expect("a few KiB can be sealed");
    sealed.extend_from_slice(tag.as_ref());
    Sealed(sealed)
}

fn unseal(key: &LessSafeKey, owner: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
    let (nonce, rest) = sealed.0.split_first_chunk::<NONCE_BYTES>().ok_or(UnsealError)?;
    let mut bytes = Zeroizing::new(rest.to_vec());
    let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(owner), &mut bytes);
    let length = opened.map_err(|_| UnsealError)?.len();
    bytes[length..].zeroize();
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{MasterKey, Sealed, StorageKey, UnsealError};
    use crate::key_ring::MacKeyId;

    #[test]
    fn a_sealed_key_opens_under_its_own_id_alone() {
        let storage = StorageKey::from_bytes(&[1; 32]);
        let sealed = storage.seal_mac_key(MacKeyId(3), [2; 12], &[7; 32]);
        assert_eq!(storage.unseal_mac_key(MacKeyId(3), &sealed).map(|opened| *opened), Ok([7; 32]));
        assert_eq!(storage.unseal_mac_key(MacKeyId(4), &sealed).map(|opened| *opened), Err(UnsealError));
        let other = StorageKey::from_bytes(&[9; 32]);
        assert_eq!(other.unseal_mac_key(MacKeyId(3), &sealed).map(|opened| *opened), Err(UnsealError));
    }

    #[test]
    fn the_storage_key_opens_under_its_master_key_alone() {
        let sealed = MasterKey::from_bytes([1; 32]).seal_storage_key([2; 12], &[7; 32]);
        let opened = |master| MasterKey::from_bytes(master).unseal_storage_key(&sealed).map(|opened| *opened);
        assert_eq!(opened([1; 32]), Ok([7; 32]));
        assert_eq!(opened([2; 32]), Err(UnsealError));
    }

    #[test]
    fn damage_is_noticed() {
        let storage = StorageKey::from_bytes(&[1; 32]);
        let sealed = storage.seal_mac_key(MacKeyId(3), [2; 12], &[7; 32]);
        for at in 0..sealed.as_bytes().len() {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[at] ^= 1;
            assert!(storage.unseal_mac_key(MacKeyId(3), &Sealed::from_bytes(bytes)).is_err(), "byte {at}");
        }
        assert!(storage.unseal_mac_key(MacKeyId(3), &Sealed::from_bytes(vec![0; 5])).is_err());
    }
}
