//! What happened, counted. No exporter: whoever embeds the verifier has one.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// What a verifier has counted since it was built, and how it stands.
///
/// ```
/// # fn export(verifier: &countersign_verifier::Verifier) {
/// let metrics = verifier.metrics();
/// println!("hits {} misses {}", metrics.cache_hits, metrics.cache_misses);
/// for (code, count) in &metrics.refusals {
///     println!("refused {code} {count}");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Tokens found in the cache.
    pub cache_hits: u64,
    /// Tokens that had to be verified.
    pub cache_misses: u64,
    /// Tokens in the cache now.
    pub cache_entries: u64,
    /// What they take, as it is counted against the limit.
    pub cache_bytes: u64,
    /// Refused tokens by code.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Age of the last signed object when it came, in milliseconds, by this machine's wall clock.
    pub feed_lag_ms: u64,
    /// Age of what is known of revocations, in milliseconds; none if that is nothing.
    pub staleness_ms: Option<u64>,
    /// Whether a revocation would be known.
    pub is_fresh: bool,
    /// How far the wall clock is ahead of the issuer's, in milliseconds; negative: behind.
    pub clock_skew_ms: Option<i64>,
    /// Connections to the feed that were begun, the first included.
    pub feed_connections: u64,
    /// Snapshots that were fetched.
    pub snapshots: u64,
    /// Objects of the feed that were taken.
    pub objects: u64,
    /// Objects of the feed that were refused, by code.
    pub objects_refused: BTreeMap<&'static str, u64>,
    /// Sessions, tokens and clients that are revoked.
    pub revoked: u64,
    /// Changes of the key set.
    pub key_set_generation: u64,
    /// Fetches that failed, by what was fetched.
    pub fetch_failures: BTreeMap<&'static str, u64>,
    /// Introspections that were asked for.
    pub introspections: u64,
}

/// Counts of things that have names: a lock, as none of them is on the path of a token that holds.
#[derive(Debug, Default)]
struct Named(Mutex<BTreeMap<&'static str, u64>>);

impl Named {
    fn count(&self, name: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }

    fn all(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The counters behind [`Metrics`]; the cache has its own.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    refusals: Named,
    objects_refused: Named,
    fetch_failures: Named,
    pub(crate) feed_lag_ms: AtomicU64,
    pub(crate) feed_connections: AtomicU64,
    pub(crate) snapshots: AtomicU64,
    pub(crate) objects: AtomicU64,
    pub(crate) introspections: AtomicU64,
}

impl Counters {
    pub(crate) fn count_refusal(&self, code: &'static str) {
        self.refusals.count(code);
    }

    pub(crate) fn count_object_refused(&self, code: &'static str) {
        self.objects_refused.count(code);
    }

    pub(crate) fn count_fetch_failure(&self, what: &'static str) {
        self.fetch_failures.count(what);
    }

    pub(crate) fn lag_ms(&self) -> u64 {
        self.feed_lag_ms.load(Ordering::Relaxed)
    }

    /// What is counted here; the rest is the caller's to fill in.
    pub(crate) fn read(&self) -> Metrics {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Metrics {
            refusals: self.refusals.all(),
            objects_refused: self.objects_refused.all(),
            fetch_failures: self.fetch_failures.all(),
            feed_lag_ms: load(&self.feed_lag_ms),
            feed_connections: load(&self.feed_connections),
            snapshots: load(&self.snapshots),
            objects: load(&self.objects),
            introspections: load(&self.introspections),
            ..Metrics::default()
        }
    }
}

/// Adds one.
pub(crate) fn increment(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
