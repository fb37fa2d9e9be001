//! Snapshots: everything that matters still, in parts.

use countersign_jose::base64url;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Point, chunks::chunks};
use crate::{
    Entry, ObjectError, Sequence, SetDigest,
    digest::bits,
    limits::{SNAPSHOT_PART_ENTRIES_MAX, SNAPSHOT_PARTS_MAX},
};

/// What the parts of one snapshot have in common: 128 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SnapshotId(pub [u8; 16]);

/// Which part of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    /// Which one, counted from 1.
    pub number: u32,
    /// How many there are; 1 at least.
    pub of: u32,
}

/// One part of a snapshot. It counts once all parts of the same point and id are there and their entries, all together,
/// have the digest `live`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotPart {
    point: Point,
    id: SnapshotId,
    part: Part,
    live: SetDigest,
    entries: Vec<Entry>,
}

impl SnapshotPart {
    /// Takes the entries of one part, ascending by number, none beyond `point.last`. Use [`snapshot_parts`] to cut them.
    ///
    /// # Errors
    /// [`ObjectError::Numbering`] if they do not ascend or go beyond; [`ObjectError::TooLarge`] for more than 4,096;
    /// [`ObjectError::OutOfRange`] for a part that there cannot be.
    pub fn new(
        point: Point,
        id: SnapshotId,
        part: Part,
        live: SetDigest,
        entries: Vec<Entry>,
    ) -> Result<Self, ObjectError> {
        point.check()?;
        if part.of > SNAPSHOT_PARTS_MAX || !(1..=part.of).contains(&part.number) {
            return Err(ObjectError::OutOfRange { what: "part" });
        }
        if entries.len() > SNAPSHOT_PART_ENTRIES_MAX {
            return Err(ObjectError::TooLarge { limit: SNAPSHOT_PART_ENTRIES_MAX });
        }
        let mut before = Sequence::ZERO;
        for entry in &entries {
            if entry.sequence() <= before {
                return Err(ObjectError::Numbering);
            }
            before = entry.sequence();
        }
        if before > point.last {
            return Err(ObjectError::Numbering);
        }
        Ok(Self { point, id, part, live, entries })
    }

    /// Where the feed stood when the snapshot was made.
    #[must_use]
    pub const fn point(&self) -> &Point {
        &self.point
    }

    /// The number of the first entry; that of the point where the part has none.
    #[must_use]
    pub const fn first(&self) -> Sequence {
        match self.entries.as_slice() {
            [first, ..] => first.sequence(),
            [] => self.point.last,
        }
    }

    /// What all parts have in common.
    #[must_use]
    pub const fn id(&self) -> SnapshotId {
        self.id
    }

    /// Which part this is.
    #[must_use]
    pub const fn part(&self) -> Part {
        self.part
    }

    /// The digest of exactly the entries of all parts.
    #[must_use]
    pub const fn live(&self) -> SetDigest {
        self.live
    }

    /// The entries, ascending.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// Cuts a snapshot into parts: `entries` is all that matters still, ascending by number. One part at least, so that an
/// empty feed can be joined too.
///
/// # Errors
/// Those of [`SnapshotPart::new`], and [`ObjectError::OutOfRange`] for more than 4,096 parts.
pub fn snapshot_parts(point: Point, id: SnapshotId, entries: Vec<Entry>) -> Result<Vec<SnapshotPart>, ObjectError> {
    let mut live = SetDigest::EMPTY;
    for entry in &entries {
        live.toggle(point.epoch, entry);
    }
    if entries.windows(2).any(|pair| matches!(pair, [one, next] if one.sequence() >= next.sequence())) {
        return Err(ObjectError::Numbering);
    }
    let mut chunks = chunks(entries, SNAPSHOT_PART_ENTRIES_MAX);
    if chunks.is_empty() {
        chunks.push(Vec::new());
    }
    let of = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    let numbered = (1..=of).zip(chunks);
    numbered.map(|(number, entries)| SnapshotPart::new(point, id, Part { number, of }, live, entries)).collect()
}

impl Serialize for SnapshotId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for SnapshotId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        bits(&text).map(Self).ok_or_else(|| de::Error::custom("not 16 bytes in base64url"))
    }
}
