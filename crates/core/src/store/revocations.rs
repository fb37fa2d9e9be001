//! Revocations: the numbered list of what verifiers must refuse, and where the feed of it stands.

use crate::audit::AuditEvent;
use crate::revocation::{Entry, NewEntry, Revocation, RevocationSubject, Sequence, SetDigest};
use crate::session::{End, EpochCause};
use crate::store::{EndedSessions, StoreFuture};
use crate::time::Time;
use countersign_jose::Timestamp;
use countersign_revocation::Epoch;

/// What the feed and the command line need of a store.
pub trait RevocationStore: Send + Sync {
    /// Appends entries where no session ends (tokens, clients). Numbers are given in commit order, without a gap.
    fn publish_revocations(&self, revocations: Vec<Revocation>, audit: AuditEvent) -> StoreFuture<'_, Published>;

    /// Where the feed stands, and entries after this number, in order, `limit` at most: one consistent read of the
    /// storage that new connections would find too. It fails where that is no longer what this store has open.
    fn feed_after(&self, after: Sequence, limit: u16) -> StoreFuture<'_, FeedPage>;

    /// Waits until something was committed since `seen`, by whomever, and gives what to wait with the next time; with
    /// `None` at once. It may come for nothing, and a moment late, but never misses a commit.
    fn changed(&self, seen: Option<ChangeMark>) -> StoreFuture<'_, ChangeMark>;

    /// Begins another epoch: in one commit every entry that still matters is numbered anew from 1, those that storage
    /// had lost after those that it has. Where sessions do not go on, they end in that commit; so many.
    fn begin_epoch(&self, begin: BeginEpoch) -> StoreFuture<'_, EndedSessions>;

    /// The number of the last entry that was appended; 0 before the first.
    fn last_sequence(&self) -> StoreFuture<'_, Sequence>;

    /// Whether an entry names any of these subjects.
    fn is_revoked(&self, subjects: Vec<RevocationSubject>) -> StoreFuture<'_, bool>;

    /// Forgets entries whose `until` has passed; how many there were.
    fn forget_revocations(&self, now: Timestamp) -> StoreFuture<'_, u64>;
}

/// A state of storage, to be compared with the next one. It says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeMark(pub i64);

/// The number of the last entry that was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// It.
    pub last: Sequence,
}

/// Where the feed stands, and some of its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// The epoch of all numbers.
    pub epoch: Epoch,
    /// The number of the last entry there is.
    pub last: Sequence,
    /// The digest of everything that was appended in this epoch up to `last`, forgotten or not.
    pub set: SetDigest,
    /// The entries that were asked for. Where numbers are left out, those entries no longer matter.
    pub entries: Vec<Entry>,
}

/// An epoch to be begun.
#[derive(Debug, Clone)]
pub struct BeginEpoch {
    /// Later than the one that is.
    pub epoch: Epoch,
    /// Why.
    pub cause: EpochCause,
    /// Entries that storage has lost; those that it has for as long are not appended twice.
    pub lost: Vec<NewEntry>,
    /// Ends every session that has not ended; none: they go on.
    pub end_sessions: Option<EndWithEpoch>,
    /// Told in the same commit.
    pub audit: AuditEvent,
    /// When.
    pub now: Time,
}

/// How sessions end with the epoch before: storage went back, so their rows may say less than was.
#[derive(Debug, Clone)]
pub struct EndWithEpoch {
    /// Why.
    pub end: End,
    /// Their tokens may live until then, or until the session's absolute expiry, whatever their rows say.
    pub tokens_until: Time,
}
