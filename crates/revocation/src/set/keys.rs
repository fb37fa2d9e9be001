//! Keys that are refused for ever: few, and asked for whenever a key is picked.

use std::{
    collections::BTreeSet,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

#[derive(Debug, Default)]
pub(super) struct RefusedKeys {
    /// Mostly none: then no lock is taken.
    count: AtomicUsize,
    ids: RwLock<BTreeSet<String>>,
}

impl RefusedKeys {
    pub(super) fn contains(&self, kid: &str) -> bool {
        !self.is_empty() && self.ids.read().unwrap_or_else(PoisonError::into_inner).contains(kid)
    }

    /// True if it is new.
    pub(super) fn insert(&self, kid: &str) -> bool {
        let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        let added = ids.insert(kid.to_owned());
        self.count.store(ids.len(), Ordering::Release);
        added
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.ids.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(super) fn bytes(&self) -> usize {
        let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
        ids.iter().map(|id| id.capacity().saturating_add(size_of::<String>())).sum()
    }
}
