//! Argon2id (RFC 9106): how a password becomes what storage holds, and how one is compared with it.
//!
//! The memory that a hash fills is the caller's, so that a pool can use it again and wipe it.

use crate::account::Password;
use crate::ids::AccountId;
use crate::key_ring::{Sealed, StorageKey, UnsealError};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::{Zeroize, Zeroizing};

const MEMORY_KIB: u32 = 19 * 1024;
const ITERATIONS: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 32;
const FORMAT: u8 = 1;

/// The 19 MiB that one hash fills. Wiped when dropped and by [`wipe`](Self::wipe).
pub struct HashMemory(Vec<Block>);

/// A password's hash: format 1 | memory 4, iterations 4, lanes 4 (big-endian) | salt 16 | tag 32. Stored sealed only.
pub struct PasswordHash(Zeroizing<Vec<u8>>);

/// What storage holds is no hash that this version can compare.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordHashError {
    /// The seal did not hold: another storage key, or another account's hash.
    #[error("the stored password hash does not open")]
    Sealed(#[source] UnsealError),
    /// Written by a newer version, or damaged.
    #[error("the stored password hash has a form that this version does not know")]
    Form,
}

impl HashMemory {
    /// Memory for one hash at a time.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![
            Block::default();
            Params::new(MEMORY_KIB, ITERATIONS, LANES, Some(TAG_BYTES)).map_or(0, |params| params.block_count())
        ])
    }

    /// Overwrites what the last hash left.
    pub fn wipe(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl Default for HashMemory {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for HashMemory {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl PasswordHash {
    /// Hashes a new password. Takes tens of milliseconds: call it on the hashing pool.
    #[must_use]
    pub fn of(password: &Password, salt: [u8; SALT_BYTES], memory: &mut HashMemory) -> Self {
        let tag = derive(password, &salt, memory);
        let mut bytes = Zeroizing::new(Vec::with_capacity(1 + 12 + SALT_BYTES + TAG_BYTES));
        bytes.push(FORMAT);
        for cost in [MEMORY_KIB, ITERATIONS, LANES] {
            bytes.extend_from_slice(&cost.to_be_bytes());
        }
        bytes.extend_from_slice(&salt);
        bytes.extend_from_slice(&*tag);
        Self(bytes)
    }

    /// Whether `password` is the one. As slow as [`of`](Self::of), and compared in constant time.
    ///
    /// # Errors
    /// [`PasswordHashError::Form`] where storage holds something else.
    pub fn matches(&self, password: &Password, memory: &mut HashMemory) -> Result<bool, PasswordHashError> {
        let rest = self.0.strip_prefix(&[FORMAT]).ok_or(PasswordHashError::Form)?;
        let (costs, rest) = rest.split_at_checked(12).ok_or(PasswordHashError::Form)?;
        let expected = [MEMORY_KIB, ITERATIONS, LANES].map(u32::to_be_bytes).concat();
        let (salt, tag) = rest.split_at_checked(SALT_BYTES).ok_or(PasswordHashError::Form)?;
        if costs != expected || tag.len() != TAG_BYTES {
            return Err(PasswordHashError::Form);
        }
        Ok(verify_slices_are_equal(&*derive(password, salt, memory), tag).is_ok())
    }

    /// Encrypts it for storage, bound to its account.
    #[must_use]
    pub fn seal(&self, key: &StorageKey, account: AccountId, nonce: [u8; 12]) -> Sealed {
        key.seal_password_hash(account, nonce, &self.0)
    }

    /// Decrypts what storage holds for `account`.
    ///
    /// # Errors
    /// [`PasswordHashError::Sealed`] under another storage key or for another account.
    pub fn unseal(sealed: &Sealed, key: &StorageKey, account: AccountId) -> Result<Self, PasswordHashError> {
        key.unseal_password_hash(account, sealed).map(Self).map_err(PasswordHashError::Sealed)
    }

    /// A hash of nothing known, compared where there is no account, so that both take equal time.
    #[must_use]
    pub fn of_nobody() -> Self {
        let mut bytes = vec![FORMAT];
        bytes.extend([MEMORY_KIB, ITERATIONS, LANES].map(u32::to_be_bytes).concat());
        bytes.extend([0; SALT_BYTES + TAG_BYTES]);
        Self(Zeroizing::new(bytes))
    }
}

fn derive(password: &Password, salt: &[u8], memory: &mut HashMemory) -> Zeroizing<[u8; TAG_BYTES]> {
    let mut tag = Zeroizing::new([0; TAG_BYTES]);
    // Neither can fail: costs, salt and tag are constants within RFC 9106 §3.1, a password has at most 1,024 bytes and
    // the memory has the blocks that the costs ask for. A tag of zeros would match nothing but a hash made likewise.
    #[expect(clippy::expect_used, reason = "constant parameters, proven by this file's tests")]
    Params::new(MEMORY_KIB, ITERATIONS, LANES, Some(TAG_BYTES))
        .and_then(|params| {
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
                password.expose(),
                salt,
                &mut *tag,
                &mut memory.0,
            )
        })
        .expect("constant parameters within RFC 9106 §3.1");
    tag
}

#[cfg(test)]
mod tests {
    use super::{HashMemory, PasswordHash, PasswordHashError};
    use crate::account::Password;
    use crate::ids::AccountId;
    use crate::key_ring::StorageKey;

    fn password(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    #[test]
    fn only_the_same_password_matches_and_memory_can_be_used_again() {
        let mut memory = HashMemory::new();
        let hash = PasswordHash::of(&password("correct horse"), [7; 16], &mut memory);
        assert!(hash.matches(&password("correct horse"), &mut memory).unwrap());
        memory.wipe();
        assert!(!hash.matches(&password("correct house"), &mut memory).unwrap());
        assert!(!PasswordHash::of_nobody().matches(&password("correct horse"), &mut memory).unwrap());
    }

    #[test]
    fn a_sealed_hash_opens_for_its_account_alone() {
        let (ana, ben) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let key = StorageKey::from_bytes(&[9; 32]);
        let sealed = PasswordHash::of_nobody().seal(&key, ana, [3; 12]);
        assert!(PasswordHash::unseal(&sealed, &key, ana).is_ok());
        assert!(matches!(PasswordHash::unseal(&sealed, &key, ben), Err(PasswordHashError::Sealed(_))));
        let other = StorageKey::from_bytes(&[8; 32]);
        assert!(matches!(PasswordHash::unseal(&sealed, &other, ana), Err(PasswordHashError::Sealed(_))));
    }
}
