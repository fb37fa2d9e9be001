//! One part of the cache: a table behind a lock of its own, and the order in which entries leave.

use std::{
    any::{Any, TypeId},
    collections::VecDeque,
    sync::{
        Arc, PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use hashbrown::HashTable;

use super::CacheCounts;

/// On a cache line of its own: readers of one do not slow down those of the next.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Shard {
    table: RwLock<Table>,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Default)]
struct Table {
    held: HashTable<Held>,
    /// Hashes in the order in which their entries may leave; one may be left over from an entry that is gone.
    order: VecDeque<u64>,
    bytes: usize,
}

/// One token and what is known of it.
pub(super) struct Held {
    hash: u64,
    kind: TypeId,
    token: Box<str>,
    value: Arc<dyn Any + Send + Sync>,
    dead_at_ms: u64,
    bytes: usize,
    /// Since it was last passed over when room was made.
    is_used: AtomicBool,
}

impl Held {
    pub(super) fn new(
        hash: u64,
        kind: TypeId,
        token: &str,
        value: Arc<dyn Any + Send + Sync>,
        dead_at_ms: u64,
        bytes: usize,
    ) -> Self {
        Self { hash, kind, token: token.into(), value, dead_at_ms, bytes, is_used: AtomicBool::new(false) }
    }

    /// The hash finds a place; all bytes of the token decide.
    fn is(&self, hash: u64, kind: TypeId, token: &str) -> bool {
        self.hash == hash && self.kind == kind && *self.token == *token
    }
}

impl Shard {
    pub(super) fn get(&self, hash: u64, kind: TypeId, token: &str) -> Option<Arc<dyn Any + Send + Sync>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let held = table.held.find(hash, |held| held.is(hash, kind, token))?;
        // Written once, not on each hit: the line stays shared.
        if !held.is_used.load(Ordering::Relaxed) {
            held.is_used.store(true, Ordering::Relaxed);
        }
        Some(held.value.clone())
    }

    pub(super) fn has(&self, hash: u64, token: &str) -> bool {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.held.find(hash, |held| held.hash == hash && *held.token == *token).is_some()
    }

    pub(super) fn count_hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn insert(&self, new: Held, bytes_max: usize, now_ms: u64) {
        let mut table = self.write();
        table.remove(new.hash, new.kind, &new.token);
        if new.bytes > bytes_max {
            return;
        }
        table.make_room(bytes_max - new.bytes, now_ms);
        table.bytes += new.bytes;
        table.order.push_back(new.hash);
        table.held.insert_unique(new.hash, new, |held| held.hash);
    }

    pub(super) fn remove(&self, hash: u64, kind: TypeId, token: &str) {
        self.write().remove(hash, kind, token);
    }

    pub(super) fn counts(&self) -> CacheCounts {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        CacheCounts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: table.held.len() as u64,
            bytes: table.bytes as u64,
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn remove(&mut self, hash: u64, kind: TypeId, token: &str) {
        if let Ok(found) = self.held.find_entry(hash, |held| held.is(hash, kind, token)) {
            self.bytes -= found.remove().0.bytes;
        }
        // What is left over in the order must not outgrow what is held.
        if self.order.len() > self.held.len() * 2 + 64 {
            let held = &self.held;
            self.order.retain(|hash| held.find(*hash, |held| held.hash == *hash).is_some());
        }
    }

    /// Lets entries go, oldest first, until no more than `bytes` are taken. One that was used gets a second turn, unless
    /// it is dead.
    fn make_room(&mut self, bytes: usize, now_ms: u64) {
        while self.bytes > bytes {
            let Some(hash) = self.order.pop_front() else { return };
            let Ok(found) = self.held.find_entry(hash, |held| held.hash == hash) else { continue };
            let held = found.get();
            if now_ms < held.dead_at_ms && held.is_used.swap(false, Ordering::Relaxed) {
                self.order.push_back(hash);
                continue;
            }
            self.bytes -= found.remove().0.bytes;
        }
    }
}
