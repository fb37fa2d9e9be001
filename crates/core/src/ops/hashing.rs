//! Hashing passwords, as the operations ask for it: on a bounded pool in the server, in place on the command line.

use crate::account::Password;
use crate::account::password::{HashMemory, PasswordHash, PasswordHashError};
use crate::time::Span;
use std::future::Future;
use std::pin::Pin;

/// What hashing returns.
pub type HashingFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, HashingError>> + Send + 'a>>;

/// Hashes and compares passwords. Each takes tens of milliseconds and 19 MiB.
pub trait PasswordHashing: Send + Sync {
    /// Hashes a new password.
    fn hash(&self, password: Password, salt: [u8; 16]) -> HashingFuture<'_, PasswordHash>;

    /// Whether a password is the one that was hashed.
    fn matches(&self, hash: PasswordHash, password: Password) -> HashingFuture<'_, bool>;
}

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashingError {
    /// Too many wait already.
    #[error("too many passwords are waiting to be hashed: try again in {} s", retry_after.as_seconds().max(1))]
    Busy {
        /// When to try again.
        retry_after: Span,
    },
    /// The pool is shutting down.
    #[error("the hashing pool has stopped")]
    Stopped,
    /// Storage holds something else than a hash.
    #[error("the stored password hash can't be compared")]
    Stored(#[from] PasswordHashError),
}

/// Hashes on the spot, for programs that do one thing at a time.
#[derive(Debug, Default)]
pub struct HashInPlace;

impl PasswordHashing for HashInPlace {
    fn hash(&self, password: Password, salt: [u8; 16]) -> HashingFuture<'_, PasswordHash> {
        Box::pin(async move { Ok(PasswordHash::of(&password, salt, &mut HashMemory::new())) })
    }

    fn matches(&self, hash: PasswordHash, password: Password) -> HashingFuture<'_, bool> {
        Box::pin(async move { Ok(hash.matches(&password, &mut HashMemory::new())?) })
    }
}
