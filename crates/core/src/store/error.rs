//! What can go wrong with a store. That something was not found, lost, taken or expired is an outcome, no error.

use std::error::Error;

/// The machine failed, not the request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Storage can't be reached or does not answer in time. Whether a change was made is unknown.
    #[error("storage is unavailable: {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The queue of waiting changes is full. Nothing was changed.
    #[error("storage is overloaded: more than {waiting_max} changes are waiting")]
    Overloaded {
        /// How many may wait.
        waiting_max: usize,
    },
    /// No space is left. Nothing was changed.
    #[error("storage is full: free some disk space; nothing was changed")]
    Full,
    /// What storage holds is damaged.
    #[error("storage is corrupt: {what}; the file was left as it is, restore a backup")]
    Corrupt {
        /// What is damaged.
        what: String,
    },
    /// Storage was written by a newer version.
    #[error(
        "storage has schema {found}, this version knows {known}: run the newer version; the file was left as it is"
    )]
    Newer {
        /// The schema that was found.
        found: u32,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// Our own mistake.
    #[error("a statement failed in a way that is a bug: {what}")]
    Bug {
        /// Which, and why.
        what: String,
    },
}
