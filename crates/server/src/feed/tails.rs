//! What follows on a position, as it was last signed: after a restart thousands resume from the same one.

use super::hub::Object;
use crate::limits::FEED_TAILS_KEPT_MAX;
use countersign_revocation::Position;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Tails(Mutex<VecDeque<Made>>);

#[derive(Debug)]
struct Made {
    after: Position,
    last: Position,
    objects: Vec<Object>,
}

impl Tails {
    /// What was made for those who are at `after`, if it reaches `last`.
    pub(super) fn find(&self, after: Position, last: Position) -> Option<Vec<Object>> {
        let made = self.lock();
        let found = made.iter().find(|made| made.after == after && made.last == last);
        found.map(|made| made.objects.clone())
    }

    /// Keeps what leads from `after` to `last`; the oldest makes room.
    pub(super) fn keep(&self, after: Position, last: Position, objects: &[Object]) {
        let mut made = self.lock();
        if made.len() == FEED_TAILS_KEPT_MAX {
            made.pop_front();
        }
        made.push_back(Made { after, last, objects: objects.to_vec() });
    }

    /// Gives the memory back: a tail can be long, and who resumes together does so within a moment.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Made>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
