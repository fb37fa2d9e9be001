//! What the background knows and requests read: keys, revocations, freshness, time.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
};

use countersign_revocation::{Announcement, RevokedSet};
use tokio::sync::{Notify, watch};

use crate::{
    clock::{Now, Timekeeper},
    keys::Keys,
    metrics::Counters,
    staleness::Freshness,
};

/// Whether the issuer has a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedKind {
    /// Its metadata never came.
    Unknown,
    /// A Countersign issuer.
    Countersign,
    /// Any other issuer.
    None,
}

/// What is known of one issuer.
pub(crate) struct State {
    pub(crate) issuer: String,
    pub(crate) time: Timekeeper,
    pub(crate) keys: Keys,
    pub(crate) revoked: Arc<RevokedSet>,
    /// The set's version, for those who wait for a revocation.
    pub(crate) version: watch::Sender<u64>,
    pub(crate) metrics: Counters,
    /// A key was announced.
    pub(crate) announced: Notify,
    announcements: Mutex<HashMap<String, Announcement>>,
    feed: FeedStanding,
}

/// How far the feed reaches, in atomics: read by each request.
struct FeedStanding {
    kind: AtomicU8,
    /// 0: nothing is held, or not everything.
    as_of_ms: AtomicU64,
    /// Until when, by the monotonic clock, the feed's keys count as current.
    keys_good_until_ms: AtomicU64,
    staleness_ms_max: u64,
}

impl State {
    pub(crate) fn new(issuer: String, time: Timekeeper, keys: Keys, staleness_ms_max: u64) -> Self {
        Self {
            issuer,
            time,
            keys,
            revoked: Arc::new(RevokedSet::new()),
            version: watch::Sender::new(0),
            metrics: Counters::default(),
            announced: Notify::new(),
            announcements: Mutex::new(HashMap::new()),
            feed: FeedStanding {
                kind: AtomicU8::new(FeedKind::Unknown as u8),
                as_of_ms: AtomicU64::new(0),
                keys_good_until_ms: AtomicU64::new(0),
                staleness_ms_max,
            },
        }
    }

    pub(crate) fn feed_kind(&self) -> FeedKind {
        match self.feed.kind.load(Ordering::Acquire) {
            kind if kind == FeedKind::Countersign as u8 => FeedKind::Countersign,
            kind if kind == FeedKind::None as u8 => FeedKind::None,
            _ => FeedKind::Unknown,
        }
    }

    pub(crate) fn set_feed_kind(&self, kind: FeedKind) {
        self.feed.kind.store(kind as u8, Ordering::Release);
    }

    pub(crate) fn set_as_of(&self, as_of_ms: Option<u64>) {
        self.feed.as_of_ms.store(as_of_ms.unwrap_or(0), Ordering::Release);
    }

    pub(crate) fn as_of_ms(&self) -> Option<u64> {
        Some(self.feed.as_of_ms.load(Ordering::Acquire)).filter(|as_of| *as_of > 0)
    }

    pub(crate) fn set_feed_keys_good_until(&self, monotonic_ms: u64) {
        self.feed.keys_good_until_ms.store(monotonic_ms, Ordering::Release);
    }

    /// Judged for each request: it turns stale by time alone.
    pub(crate) fn freshness(&self, now: Now) -> Freshness {
        match self.feed_kind() {
            FeedKind::None => Freshness::NoFeed,
            FeedKind::Unknown => Freshness::Stale,
            FeedKind::Countersign => {
                let as_of_ms = self.feed.as_of_ms.load(Ordering::Acquire);
                let keys_good_until_ms = self.feed.keys_good_until_ms.load(Ordering::Acquire);
                let is_fresh = as_of_ms > 0
                    && now.ms.saturating_sub(as_of_ms) <= self.feed.staleness_ms_max
                    && now.monotonic_ms < keys_good_until_ms;
                if is_fresh { Freshness::Fresh } else { Freshness::Stale }
            }
        }
    }

    /// How old what is known of revocations is; none if that is nothing.
    pub(crate) fn staleness_ms(&self, now: Now) -> Option<u64> {
        self.as_of_ms().map(|as_of| now.ms.saturating_sub(as_of))
    }

    /// Whether requests can be served: there are keys.
    pub(crate) fn is_ready(&self) -> bool {
        self.keys.are_known() && self.feed_kind() != FeedKind::Unknown
    }

    /// The set has changed: keys that it refuses go at once, and whoever waits for a revocation looks.
    pub(crate) fn revocations_changed(&self) {
        if self.keys.rebuild(&self.revoked) {
            tracing::warn!(issuer = %self.issuer, "a key was refused by its issuer");
        }
        let version = self.revoked.version();
        self.version.send_if_modified(|held| std::mem::replace(held, version) != version);
    }

    /// Keys that will sign soon.
    pub(crate) fn announce(&self, announcements: Vec<Announcement>) {
        if announcements.is_empty() {
            return;
        }
        let mut held = self.announcements.lock().unwrap_or_else(PoisonError::into_inner);
        for announcement in announcements {
            held.insert(announcement.key.to_string(), announcement);
        }
        drop(held);
        self.announced.notify_one();
    }

    /// Whether a key was announced, matters still, and is not in the set.
    pub(crate) fn lacks_announced_key(&self) -> bool {
        let (ring, now) = (self.keys.ring(), self.time.now().ms / 1000);
        let mut held = self.announcements.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|kid, announcement| {
            let found = ring.keys.get(kid).is_some_and(|key| *key.thumbprint().as_bytes() == announcement.thumbprint);
            let matters = announcement.until == 0 || now <= announcement.until;
            !found && matters && !self.revoked.refuses_key(kid)
        });
        !held.is_empty()
    }
}
