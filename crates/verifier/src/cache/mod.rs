//! Tokens that have been verified, found again by all of their bytes.
//!
//! Only what was verified gets in, so nobody fills it with tokens of his own making. A hash finds a place, the whole
//! token decides; the hash has a key of this process, so that nobody can choose tokens that fall into one place. The
//! answer for a token is never kept: time, key set and revocations are looked at on each hit, by whoever asks.

mod shard;

use std::{
    any::{Any, TypeId},
    hash::{BuildHasher as _, Hasher as _},
    sync::Arc,
};

use foldhash::{SharedSeed, fast::SeedableRandomState};

use crate::{limits::CACHE_ENTRY_BYTES, random};
use shard::{Held, Shard};

/// A power of two, so that bits of the hash pick evenly.
const SHARDS: usize = 64;

/// The cache of one audience.
pub(crate) struct Cache {
    hasher: SeedableRandomState,
    /// All ones; tests clear bits to make tokens collide.
    mask: u64,
    shard_bytes_max: usize,
    shards: Vec<Shard>,
}

/// Hits and misses, and what is held.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CacheCounts {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// Where a token would be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(u64);

impl Cache {
    pub(crate) fn new(bytes_max: usize, mask: u64) -> Self {
        Self {
            hasher: SeedableRandomState::with_seed(random::bits(), SharedSeed::global_random()),
            mask,
            shard_bytes_max: bytes_max / SHARDS,
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
        }
    }

    pub(crate) fn place(&self, token: &str) -> Place {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(token.as_bytes());
        Place(hasher.finish() & self.mask)
    }

    /// What was kept for exactly this token and type.
    pub(crate) fn get<T: Any + Send + Sync>(&self, place: Place, token: &str) -> Option<Arc<T>> {
        self.shard(place)?.get(place.0, TypeId::of::<T>(), token)?.downcast().ok()
    }

    /// Whether anything is kept for that token.
    pub(crate) fn has(&self, token: &str) -> bool {
        let place = self.place(token);
        self.shard(place).is_some_and(|shard| shard.has(place.0, token))
    }

    /// Counts a token that was found and held; in the shard, so that counting does not bring cores together.
    pub(crate) fn count_hit(&self, place: Place) {
        if let Some(shard) = self.shard(place) {
            shard.count_hit();
        }
    }

    pub(crate) fn count_miss(&self, place: Place) {
        if let Some(shard) = self.shard(place) {
            shard.count_miss();
        }
    }

    /// Keeps `value` for that token, in place of what was kept before, until there is no more room; of what is dead
    /// at `now_ms` nothing is kept.
    pub(crate) fn insert<T: Any + Send + Sync>(
        &self,
        place: Place,
        token: &str,
        value: Arc<T>,
        dead_at_ms: u64,
        now_ms: u64,
    ) {
        // The token itself, its claims read once as strings and once as the caller's type, and what surrounds them.
        let bytes = token.len().saturating_mul(3).saturating_add(CACHE_ENTRY_BYTES);
        let held = Held::new(place.0, TypeId::of::<T>(), token, value, dead_at_ms, bytes);
        if let Some(shard) = self.shard(place) {
            shard.insert(held, self.shard_bytes_max, now_ms);
        }
    }

    /// Forgets a token that no longer holds.
    pub(crate) fn remove<T: Any + Send + Sync>(&self, place: Place, token: &str) {
        if let Some(shard) = self.shard(place) {
            shard.remove(place.0, TypeId::of::<T>(), token);
        }
    }

    pub(crate) fn counts(&self) -> CacheCounts {
        self.shards.iter().fold(CacheCounts::default(), |sum, shard| sum.plus(shard.counts()))
    }

    /// By the high bits; the table uses the low ones.
    fn shard(&self, place: Place) -> Option<&Shard> {
        self.shards.get(usize::try_from(place.0 >> 58).unwrap_or(0))
    }
}

impl CacheCounts {
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            entries: self.entries + other.entries,
            bytes: self.bytes + other.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(cache: &Cache, token: &str, value: u32) {
        cache.insert(cache.place(token), token, Arc::new(value), 1_000, 0);
    }

    fn find(cache: &Cache, token: &str) -> Option<u32> {
        cache.get::<u32>(cache.place(token), token).map(|found| *found)
    }

    #[test]
    fn tokens_that_fall_into_one_place_are_told_apart() {
        let cache = Cache::new(64 << 20, 0);
        for number in 0..100 {
            keep(&cache, &format!("token {number}"), number);
        }
        for number in 0..100 {
            assert_eq!(find(&cache, &format!("token {number}")), Some(number));
        }
        assert_eq!(find(&cache, "token 100"), None);
        cache.remove::<u32>(cache.place("token 7"), "token 7");
        assert_eq!((find(&cache, "token 7"), find(&cache, "token 8")), (None, Some(8)));
    }

    #[test]
    fn another_type_is_another_entry() {
        let cache = Cache::new(1 << 20, u64::MAX);
        keep(&cache, "token", 1);
        assert!(cache.get::<u64>(cache.place("token"), "token").is_none());
        keep(&cache, "token", 2);
        assert_eq!((find(&cache, "token"), cache.counts().entries), (Some(2), 1));
    }

    #[test]
    fn it_never_takes_more_than_its_limit() {
        let bytes_max = 256 * 1024;
        let cache = Cache::new(bytes_max, u64::MAX);
        for number in 0..10_000 {
            keep(&cache, &format!("token {number}"), number);
        }
        let counts = cache.counts();
        assert!(counts.bytes <= bytes_max as u64 && counts.entries > 200, "{counts:?}");
        assert_eq!(find(&Cache::new(0, u64::MAX), "token"), None);
    }

    #[test]
    fn what_is_used_outlives_what_is_not() {
        let cache = Cache::new(64 * 16 * 1024, u64::MAX);
        keep(&cache, "used", 1);
        for number in 0..20_000 {
            keep(&cache, &format!("token {number}"), number);
            assert_eq!(find(&cache, "used"), Some(1), "after {number}");
        }
    }

    #[test]
    fn what_is_dead_goes_first() {
        let cache = Cache::new(64 * 4 * 1024, 0);
        cache.insert(cache.place("dead"), "dead", Arc::new(0_u32), 5, 0);
        assert_eq!(find(&cache, "dead"), Some(0), "used, which would keep it");
        for number in 0..8 {
            let token = format!("token {number}");
            cache.insert(cache.place(&token), &token, Arc::new(number), 1_000, 10);
        }
        assert_eq!(find(&cache, "dead"), None);
    }
}
