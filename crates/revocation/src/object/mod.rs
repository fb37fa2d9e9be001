//! The feed's objects: what they say, checked when they are made and when they are read.

mod batch;
mod chunks;
mod head;
mod signature;
mod snapshot;
mod wire;

pub use batch::{Batch, batch_chunks};
pub use head::Head;
pub use signature::{FEED_TYPE, FeedSigner, SignedObject};
pub use snapshot::{Part, SnapshotId, SnapshotPart, snapshot_parts};

use crate::{Entry, Epoch, ObjectError, Position, Sequence, SetDigest, limits::NUMBER_MAX};

/// Where the feed stood when an object was made: what every object says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The life of the numbering.
    pub epoch: Epoch,
    /// The last number that counts here.
    pub last: Sequence,
    /// The issuer's clock when nothing beyond `last` was committed yet, in milliseconds since 1970. **0 where the object
    /// does not reach the end of the log**, as a batch of a resumption does: it makes nobody fresh.
    pub as_of: u64,
    /// The digest of everything that the epoch said up to `last`, expired or not.
    pub set: SetDigest,
}

impl Point {
    /// Epoch and last number.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, sequence: self.last }
    }

    const fn check(&self) -> Result<(), ObjectError> {
        if self.last.0 > NUMBER_MAX {
            return Err(ObjectError::OutOfRange { what: "last" });
        }
        if self.as_of > NUMBER_MAX {
            return Err(ObjectError::OutOfRange { what: "as_of" });
        }
        Ok(())
    }
}

/// One object of the feed. Whatever there is of this type agrees with itself; that the issuer said it is what
/// [`SignedObject`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedObject {
    /// Entries that follow on one another.
    Batch(Batch),
    /// Some of everything that matters still.
    Snapshot(SnapshotPart),
    /// Where the feed stands.
    Head(Head),
}

impl FeedObject {
    /// Where the feed stood.
    #[must_use]
    pub const fn point(&self) -> &Point {
        match self {
            Self::Batch(batch) => batch.point(),
            Self::Snapshot(part) => part.point(),
            Self::Head(head) => head.point(),
        }
    }

    /// The entries; none for a head.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match self {
            Self::Batch(batch) => batch.entries(),
            Self::Snapshot(part) => part.entries(),
            Self::Head(_) => &[],
        }
    }

    /// The number of the first entry; that of the last where there are no entries.
    #[must_use]
    pub const fn first(&self) -> Sequence {
        match self {
            Self::Batch(batch) => batch.first(),
            Self::Snapshot(part) => part.first(),
            Self::Head(head) => head.point().last,
        }
    }
}

impl From<Batch> for FeedObject {
    fn from(batch: Batch) -> Self {
        Self::Batch(batch)
    }
}

impl From<SnapshotPart> for FeedObject {
    fn from(part: SnapshotPart) -> Self {
        Self::Snapshot(part)
    }
}

impl From<Head> for FeedObject {
    fn from(head: Head) -> Self {
        Self::Head(head)
    }
}
