//! What is kept on disk, so that a restart begins where it ended.

use std::sync::Arc;

use crate::limits::{TAIL_BYTES_MIN, TAIL_ENTRIES_MIN, UNSAVED_BYTES_MAX};

/// One step of what is kept on disk: the newest snapshot, the batches since, the newest head. After a restart all of it
/// is verified again and given to a new follower, in this order. What is lost is fetched again, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Save {
    /// All parts of a snapshot, in order. They replace everything kept before, or follow on it.
    Snapshot {
        /// The parts.
        texts: Vec<Arc<str>>,
        /// In a new epoch, or after a digest that differed: what was kept before stays, in front, through this second
        /// since 1970, for the sake of entries that the snapshot may not have. 0: for ever. None: it is replaced.
        keep_older_until: Option<u64>,
    },
    /// A batch, to be added.
    Batch(Arc<str>),
    /// A head, to replace the one before.
    Head(Arc<str>),
}

/// Entries and bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    entries: usize,
    bytes: usize,
}

impl Size {
    fn add(&mut self, entries: usize, bytes: usize) {
        self.entries = self.entries.saturating_add(entries);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// Steps that wait to be saved, and how large the tail has grown beside its snapshot.
#[derive(Debug, Default)]
pub(super) struct Saves {
    waiting: Vec<Save>,
    waiting_bytes: usize,
    snapshot: Size,
    tail: Size,
    /// Nobody took the steps: from here on batches are missing until the next snapshot.
    has_gap: bool,
}

impl Saves {
    pub(super) fn snapshot(&mut self, texts: Vec<Arc<str>>, entries: usize, keep_older_until: Option<u64>) {
        let bytes = texts.iter().map(|text| text.len()).fold(0, usize::saturating_add);
        // Steps of an older epoch that still wait are not replaced either.
        let waiting = if keep_older_until.is_some() { self.take() } else { Vec::new() };
        *self = Self { waiting, snapshot: Size { entries, bytes }, ..Self::default() };
        self.waiting.push(Save::Snapshot { texts, keep_older_until });
    }

    pub(super) fn batch(&mut self, text: &Arc<str>, entries: usize) {
        self.tail.add(entries, text.len());
        let bytes = self.waiting_bytes.saturating_add(text.len());
        if self.has_gap || bytes > UNSAVED_BYTES_MAX {
            self.has_gap = true;
            return;
        }
        self.waiting_bytes = bytes;
        self.waiting.push(Save::Batch(text.clone()));
    }

    /// A head fits what is kept only if no batch before it is missing.
    pub(super) fn head(&mut self, text: &Arc<str>) {
        if self.has_gap {
            return;
        }
        if matches!(self.waiting.last(), Some(Save::Head(_))) {
            self.waiting.pop();
        }
        self.waiting.push(Save::Head(text.clone()));
    }

    pub(super) fn take(&mut self) -> Vec<Save> {
        self.waiting_bytes = 0;
        std::mem::take(&mut self.waiting)
    }

    /// The tail has outgrown its snapshot: to read both would take longer than to read a new snapshot.
    pub(super) fn wants_snapshot(&self) -> bool {
        self.has_gap
            || self.tail.entries > self.snapshot.entries.max(TAIL_ENTRIES_MIN)
            || self.tail.bytes > self.snapshot.bytes.max(TAIL_BYTES_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_larger_than_its_snapshot_asks_for_a_new_one() {
        let mut saves = Saves::default();
        saves.snapshot(vec!["part".into()], 5_000, None);
        saves.batch(&"batch".into(), 5_000);
        assert!(!saves.wants_snapshot());
        saves.batch(&"batch".into(), 1);
        assert!(saves.wants_snapshot());
        saves.snapshot(vec!["part".into()], 10, None);
        assert!(!saves.wants_snapshot());
        assert_eq!(saves.take(), [Save::Snapshot { texts: vec!["part".into()], keep_older_until: None }]);
        saves.batch(&"b".repeat(TAIL_BYTES_MIN + 1).into(), 1);
        assert!(saves.wants_snapshot());
    }

    #[test]
    fn what_nobody_takes_is_bounded_and_leaves_no_hole_in_the_middle() {
        let mut saves = Saves::default();
        let batch: Arc<str> = "b".repeat(UNSAVED_BYTES_MAX / 2).into();
        for _ in 0..3 {
            saves.batch(&batch, 1);
            saves.head(&"head".into());
        }
        assert!(saves.wants_snapshot());
        assert_eq!(saves.take().len(), 4);
        saves.batch(&"small".into(), 1);
        saves.head(&"head".into());
        assert!(saves.take().is_empty(), "a batch after the gap would be useless");
        saves.snapshot(vec!["part".into()], 1, None);
        saves.batch(&"small".into(), 1);
        assert_eq!(saves.take().len(), 2);
    }
}
