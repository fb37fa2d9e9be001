//! Revocations: the numbered list of what verifiers must refuse.

use crate::audit::AuditEvent;
use crate::revocation::{Revocation, RevocationSubject, Sequence};
use crate::store::StoreFuture;
use countersign_jose::Timestamp;

/// What the feed and the command line need of a store.
pub trait RevocationStore: Send + Sync {
    /// Appends entries where no session ends (tokens, clients). Numbers are given in commit order, without a gap.
    fn publish_revocations(&self, revocations: Vec<Revocation>, audit: AuditEvent) -> StoreFuture<'_, Published>;

    /// Entries after this number, in order, `limit` at most.
    fn revocations_after(&self, after: Sequence, limit: u16) -> StoreFuture<'_, Vec<SequencedRevocation>>;

    /// The number of the last entry that was appended; 0 before the first.
    fn last_sequence(&self) -> StoreFuture<'_, Sequence>;

    /// Whether an entry names any of these subjects.
    fn is_revoked(&self, subjects: Vec<RevocationSubject>) -> StoreFuture<'_, bool>;

    /// Forgets entries whose `until` has passed; how many there were.
    fn forget_revocations(&self, now: Timestamp) -> StoreFuture<'_, u64>;
}

/// The number of the last entry that was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// It.
    pub last: Sequence,
}

/// An entry and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequencedRevocation {
    /// Its number.
    pub sequence: Sequence,
    /// What it says.
    pub revocation: Revocation,
}
