//! The parts of one snapshot, until all are there.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Entry, FeedObject, Point, Sequence, SetDigest, SignedObject, SnapshotId, SnapshotPart};

/// What the parts of one snapshot agree in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    point: Point,
    id: SnapshotId,
    of: u32,
    live: SetDigest,
}

/// Parts of one snapshot at a time: a part of another one begins anew. As many as one snapshot may have.
#[derive(Debug, Default)]
pub(super) struct Parts {
    key: Option<Key>,
    parts: BTreeMap<u32, SignedObject>,
}

/// All parts of one snapshot, not compared with `live` yet.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) point: Point,
    live: SetDigest,
    parts: BTreeMap<u32, SignedObject>,
}

impl Parts {
    /// Adds a part; gives them all once the last one came.
    pub(super) fn add(&mut self, part: &SnapshotPart, object: &SignedObject) -> Option<Whole> {
        let key = Key { point: *part.point(), id: part.id(), of: part.part().of, live: part.live() };
        if self.key != Some(key) {
            self.clear();
            self.key = Some(key);
        }
        self.parts.insert(part.part().number, object.clone());
        // Numbers are 1 to `of`, each once: so many parts are all of them.
        if u32::try_from(self.parts.len()) != Ok(key.of) {
            return None;
        }
        self.key = None;
        Some(Whole { point: key.point, live: key.live, parts: std::mem::take(&mut self.parts) })
    }

    pub(super) fn clear(&mut self) {
        self.key = None;
        self.parts.clear();
    }
}

impl Whole {
    /// Whether the entries ascend through all parts and make up what `live` says.
    pub(super) fn holds(&self) -> bool {
        let mut found = SetDigest::EMPTY;
        let mut before = Sequence::ZERO;
        for entry in self.entries() {
            if entry.sequence() <= before {
                return false;
            }
            before = entry.sequence();
            found.toggle(self.point.epoch, entry);
        }
        found == self.live
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.parts.values().map(SignedObject::object).flat_map(FeedObject::entries)
    }

    pub(super) fn texts(&self) -> Vec<Arc<str>> {
        self.parts.values().map(|part| part.text().clone()).collect()
    }
}
