//! What SQLite reports, as the contract tells it.

use countersign_core::store::StoreError;
use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
use std::sync::Arc;

/// Why one change or read failed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite says so.
    Sql(rusqlite::Error),
    /// The file is not there any more, or another is in its place.
    File(std::io::Error),
    /// A row holds what was never written there.
    Damaged(String),
    /// We asked for something that can't be.
    Bug(&'static str),
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Full,
    Corrupt,
    Unavailable,
    Bug,
}

/// A transaction that did not become durable, told to each change that rode in it.
#[derive(Debug, Clone)]
pub(crate) struct CommitFailure {
    kind: Kind,
    source: Arc<dyn std::error::Error + Send + Sync>,
}

/// The thread that was to answer is gone.
#[derive(Debug, thiserror::Error)]
#[error("the store was closed")]
pub(crate) struct Closed;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// The error that the contract has for it.
    pub(crate) fn into_store(self, doing: &'static str) -> StoreError {
        match self {
            Self::File(error) => StoreError::Unavailable { doing, source: Box::new(error) },
            Self::Damaged(what) => StoreError::Corrupt { what },
            Self::Bug(what) => StoreError::Bug { what: format!("{doing}: {what}") },
            Self::Sql(error) => match kind(&error) {
                Kind::Full => StoreError::Full,
                Kind::Corrupt => StoreError::Corrupt { what: error.to_string() },
                Kind::Bug => StoreError::Bug { what: format!("{doing}: {error}") },
                Kind::Unavailable => StoreError::Unavailable { doing, source: Box::new(error) },
            },
        }
    }
}

impl CommitFailure {
    /// The transaction failed for this.
    pub(crate) fn new(error: rusqlite::Error) -> Self {
        Self { kind: kind(&error), source: Arc::new(error) }
    }

    /// The transaction was not begun: it would go to a file that nobody finds any more.
    pub(crate) fn orphaned(error: std::io::Error) -> Self {
        Self { kind: Kind::Unavailable, source: Arc::new(error) }
    }

    /// What one of the changes in it is answered. Short of a full disk, whether it was made is unknown.
    pub(crate) fn answer(&self, doing: &'static str) -> StoreError {
        match self.kind {
            Kind::Full => StoreError::Full,
            Kind::Corrupt => StoreError::Corrupt { what: self.source.to_string() },
            Kind::Unavailable | Kind::Bug => {
                StoreError::Unavailable { doing, source: Box::new(Arc::clone(&self.source)) }
            }
        }
    }
}

fn kind(error: &rusqlite::Error) -> Kind {
    match error {
        // The log's index could not grow: the disk is full, and SQLite calls that an I/O error.
        rusqlite::Error::SqliteFailure(failure, _) if failure.extended_code == SQLITE_IOERR_SHMSIZE => Kind::Full,
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => Kind::Full,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Kind::Corrupt,
            ErrorCode::PermissionDenied
            | ErrorCode::OperationAborted
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::ReadOnly
            | ErrorCode::OperationInterrupted
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::NoLargeFileSupport => Kind::Unavailable,
            _ => Kind::Bug,
        },
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::InvalidColumnType(..) => Kind::Corrupt,
        _ => Kind::Bug,
    }
}
