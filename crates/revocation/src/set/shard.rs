//! One kind of id: 64 tables behind locks of their own, marks that mostly spare the lock, and buckets that tell what has
//! expired.

use std::{
    collections::BTreeMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use hashbrown::{HashTable, hash_table::Entry};

use crate::limits::{EXPIRY_BUCKET_SECONDS, UNTIL_SECONDS_MAX};

pub(super) type Id = [u8; 16];

/// A power of two, so that a byte of the id picks evenly.
const SHARDS: usize = 64;
/// With more entries than this nearly all marks are set: not worth being read through.
const MARKED_ANEW_MAX: usize = 256;
/// `until` of an entry that never expires: the latest there is, so that the later of two is the greater.
const NEVER: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Shards {
    /// Of all shards.
    count: AtomicUsize,
    shards: [Shard; SHARDS],
}

/// On a cache line of its own: readers of one do not slow down those of the next.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard {
    /// The [`mark`] of every id that is held, and may be of some that were: an id without it needs no lock, which costs
    /// more than the look-up. It spares most of them up to some thousands of a kind, and nothing beyond.
    marks: AtomicU64,
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    held: HashTable<Held>,
    /// For each stretch of time the hashes of what ends in it. Whatever is held and ends has its hash in its bucket; a
    /// hash may be left over from an `until` that was put off.
    due: BTreeMap<u32, Vec<u32>>,
}

/// 20 bytes: seconds in 32 bits last until 2106.
#[derive(Debug, Clone, Copy)]
struct Held {
    id: Id,
    until: u32,
}

impl Default for Shards {
    fn default() -> Self {
        Self { count: AtomicUsize::new(0), shards: std::array::from_fn(|_| Shard::default()) }
    }
}

impl Shards {
    pub(super) fn contains(&self, id: &Id) -> bool {
        let shard = self.shard(id);
        if shard.marks.load(Ordering::Acquire) & mark(id) == 0 {
            return false;
        }
        let table = shard.table.read().unwrap_or_else(PoisonError::into_inner);
        table.held.find(hash(short_hash(id)), |held| held.id == *id).is_some()
    }

    /// True if the id is new or ends later than before.
    pub(super) fn insert(&self, id: Id, until: u64) -> bool {
        let until = to_held(until);
        let shard = self.shard(&id);
        let mut table = shard.table.write().unwrap_or_else(PoisonError::into_inner);
        match table.held.entry(hash(short_hash(&id)), |held| held.id == id, |held| hash(short_hash(&held.id))) {
            Entry::Occupied(held) if held.get().until >= until => return false,
            Entry::Occupied(mut held) => held.get_mut().until = until,
            Entry::Vacant(vacant) => {
                vacant.insert(Held { id, until });
                // Before the version is raised: whoever sees that finds the mark.
                shard.marks.fetch_or(mark(&id), Ordering::Release);
                self.count.fetch_add(1, Ordering::Release);
            }
        }
        if until != NEVER {
            table.due.entry(bucket(until)).or_default().push(short_hash(&id));
        }
        true
    }

    pub(super) fn expire(&self, now: u64) -> usize {
        let Ok(now) = u32::try_from(now.min(UNTIL_SECONDS_MAX.saturating_add(1))) else { return 0 };
        self.shards.iter().map(|shard| self.expire_in(shard, now)).sum()
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(super) fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.table.read().unwrap_or_else(PoisonError::into_inner).bytes()).sum()
    }

    /// Ids and `until`, a shard at a time.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Id, u64)> + '_ {
        self.shards.iter().flat_map(|shard| {
            let table = shard.table.read().unwrap_or_else(PoisonError::into_inner);
            table.held.iter().map(|held| (held.id, from_held(held.until))).collect::<Vec<_>>()
        })
    }

    fn expire_in(&self, shard: &Shard, now: u32) -> usize {
        {
            let table = shard.table.read().unwrap_or_else(PoisonError::into_inner);
            if table.due.first_key_value().is_none_or(|(first, _)| *first > bucket(now)) {
                return 0;
            }
        }
        let mut table = shard.table.write().unwrap_or_else(PoisonError::into_inner);
        let removed = table.expire(now);
        if removed > 0 && table.held.len() <= MARKED_ANEW_MAX {
            // Under the lock: nothing is inserted meanwhile, so no mark is lost.
            let marks = table.held.iter().fold(0, |marks, held| marks | mark(&held.id));
            shard.marks.store(marks, Ordering::Release);
        }
        self.count.fetch_sub(removed, Ordering::Release);
        removed
    }

    fn shard(&self, id: &Id) -> &Shard {
        let [.., last] = *id;
        #[expect(clippy::indexing_slicing, reason = "the remainder is below the length of the array")]
        &self.shards[usize::from(last) % SHARDS]
    }
}

impl Table {
    /// Removes what ended before `now`. Only the bucket that `now` falls in keeps some of its hashes.
    fn expire(&mut self, now: u32) -> usize {
        let mut removed: usize = 0;
        while let Some(mut first) = self.due.first_entry() {
            if *first.key() > bucket(now) {
                break;
            }
            let is_past = *first.key() < bucket(now);
            let held = &mut self.held;
            first.get_mut().retain(|short| {
                // Two ids may share a hash: whichever of them is past may go, each has a hash in its own bucket.
                let past = held.find_entry(hash(*short), |held| short_hash(&held.id) == *short && held.until < now);
                let Ok(past) = past else { return !is_past };
                past.remove();
                removed = removed.saturating_add(1);
                false
            });
            if !is_past {
                let left = first.get().is_empty();
                if left {
                    first.remove();
                }
                break;
            }
            first.remove();
        }
        if removed > 0 {
            self.give_back();
        }
        removed
    }

    /// A table that was once large gives its memory back, with room to grow so that it does not do so every second.
    fn give_back(&mut self) {
        let used = self.held.len();
        if self.held.capacity() > used.saturating_mul(4).max(64) {
            self.held.shrink_to(used.saturating_mul(2), |held| hash(short_hash(&held.id)));
        }
    }

    fn bytes(&self) -> usize {
        let due = self
            .due
            .values()
            .map(|hashes| size_of::<(u32, Vec<u32>)>().saturating_add(hashes.capacity().saturating_mul(4)));
        self.held.allocation_size().saturating_add(due.sum())
    }
}

/// 32 bits of an id that is random already. The byte that picks the shard is not among them.
fn short_hash(id: &Id) -> u32 {
    let [a, b, c, d, ..] = *id;
    u32::from_le_bytes([a, b, c, d])
}

/// One bit of 64, by a byte that picks neither shard nor place.
fn mark(id: &Id) -> u64 {
    let [_, _, _, _, byte, ..] = *id;
    1 << (byte % 64)
}

/// The table takes its position from the low bits and its tag from the high ones.
fn hash(short: u32) -> u64 {
    u64::from(short) | (u64::from(short) << 32)
}

const fn bucket(until: u32) -> u32 {
    until / EXPIRY_BUCKET_SECONDS
}

/// Beyond 2106 is never: to refuse for too long is safe.
fn to_held(until: u64) -> u32 {
    match until {
        0 => NEVER,
        until => u32::try_from(until).unwrap_or(NEVER),
    }
}

fn from_held(until: u32) -> u64 {
    if until == NEVER { 0 } else { until.into() }
}
