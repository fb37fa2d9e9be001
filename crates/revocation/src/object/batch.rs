//! Batches: entries that follow on one another.

use super::{Point, chunks::chunks};
use crate::{Entry, ObjectError, Sequence, limits::BATCH_ENTRIES_MAX};

/// Entries `first` to `last`, none left out. One that does not reach the end of the log has `as_of` 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    point: Point,
    first: Sequence,
    entries: Vec<Entry>,
}

impl Batch {
    /// Takes entries that end with number `point.last`.
    ///
    /// # Errors
    /// [`ObjectError::Numbering`] if there is none, if a number is left out or if they end elsewhere;
    /// [`ObjectError::TooLarge`] for more than 4,096; [`ObjectError::OutOfRange`].
    pub fn new(point: Point, entries: Vec<Entry>) -> Result<Self, ObjectError> {
        point.check()?;
        let first = entries.first().ok_or(ObjectError::Numbering)?.sequence();
        if entries.len() > BATCH_ENTRIES_MAX {
            return Err(ObjectError::TooLarge { limit: BATCH_ENTRIES_MAX });
        }
        let mut expected = first;
        for entry in &entries {
            if entry.sequence() != expected {
                return Err(ObjectError::Numbering);
            }
            expected = expected.next();
        }
        if first == Sequence::ZERO || expected != point.last.next() {
            return Err(ObjectError::Numbering);
        }
        Ok(Self { point, first, entries })
    }

    /// Where the feed stood after the last entry.
    #[must_use]
    pub const fn point(&self) -> &Point {
        &self.point
    }

    /// The number of the first entry.
    #[must_use]
    pub const fn first(&self) -> Sequence {
        self.first
    }

    /// The entries, in order; at least one.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// Cuts entries into runs that each fit one batch, by number and by bytes, in order.
#[must_use]
pub fn batch_chunks(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    chunks(entries, BATCH_ENTRIES_MAX)
}
