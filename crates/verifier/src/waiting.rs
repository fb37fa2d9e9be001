//! Who waits for a token's end: a revocation looks them all through, and wakes those whom it concerns.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use countersign_revocation::RevokedSet;

use crate::ended::Following;

/// All who wait at one verifier. To look one of them through takes a fraction of what it takes to wake it: with
/// thousands of open connections that is what a revocation costs.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    by_number: HashMap<u64, Arc<Following>>,
    next: u64,
}

/// A place among those who wait, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'w> {
    waiting: &'w Waiting,
    number: u64,
}

impl Waiting {
    pub(crate) fn enter(&self, following: Arc<Following>) -> Place<'_> {
        let mut held = self.held();
        let number = held.next;
        held.next += 1;
        held.by_number.insert(number, following);
        Place { waiting: self, number }
    }

    /// Something was revoked.
    pub(crate) fn wake_revoked(&self, revoked: &RevokedSet) {
        self.held().by_number.values().filter(|following| following.is_revoked(revoked)).for_each(|one| one.wake());
    }

    /// Time has leapt: each may have expired.
    pub(crate) fn wake_all(&self) {
        self.held().by_number.values().for_each(|one| one.wake());
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.held().by_number.remove(&self.number);
    }
}
