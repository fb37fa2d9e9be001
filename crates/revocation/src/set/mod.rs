//! The exact set of what is revoked: one writer, any number of readers. No false positives.
//!
//! Tokens are looked up by three ids. Each kind has a table of its own, cut into shards by a byte of the id, so that
//! growing one holds up a reader for a moment only. Ids are random (clients' are hashes), so their bytes are the hash.

mod keys;
mod shard;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Entry, Kind, Subject};

use keys::RefusedKeys;
use shard::{Id, Shards};

/// What a token is looked up by. `None` where it has no such id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subjects {
    /// The 128 bits of its `sid`.
    pub session: Option<[u8; 16]>,
    /// The 128 bits of its `jti`.
    pub token: Option<[u8; 16]>,
    /// [`client_key`](crate::client_key) of its `client_id`.
    pub client: Option<[u8; 16]>,
}

/// A token is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// By which of its ids; the session's first, then the token's, then the client's.
    pub kind: Kind,
}

/// One entry that the set holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveEntry {
    /// Session, token or client.
    pub kind: Kind,
    /// The 128 bits.
    pub id: [u8; 16],
    /// The last second, since 1970, at which it refuses; 0: for ever.
    pub until: u64,
}

/// Everything that is revoked and may still be alive, and the keys that are refused for ever.
///
/// # The version, and caches of verified tokens
/// [`version`](Self::version) is raised *after* each change that made the set refuse more. A cache that reads the
/// version, then looks up, then remembers that version with the answer, may give the same answer for as long as the
/// version stands: were there a change that the look-up missed, it had not finished when the version was read, so the
/// version moves when it does. The raise is a release and the reading an acquire, so whoever sees the new version finds
/// the change. While a change is under way no remembered answer stands ([`stands_at`](Self::stands_at)): else whoever was
/// just told that a token is revoked could see it accepted once more. Expiry takes away only what refuses tokens that have expired themselves, and does not raise it.
#[derive(Debug, Default)]
pub struct RevokedSet {
    sessions: Shards,
    tokens: Shards,
    clients: Shards,
    keys: RefusedKeys,
    version: AtomicU64,
    /// Changes under way: some of what they bring may be found already, and the version does not say so yet.
    changing: AtomicU64,
}

/// A change under way; it ends after the version was raised.
struct Change<'a>(&'a AtomicU64);

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

impl RevokedSet {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a token is revoked, and by what. Does not allocate.
    #[must_use]
    pub fn look_up(&self, subjects: &Subjects) -> Option<Hit> {
        let holds = |shards: &Shards, id: &Option<Id>| id.as_ref().is_some_and(|id| shards.contains(id));
        let kind = if holds(&self.sessions, &subjects.session) {
            Kind::Session
        } else if holds(&self.tokens, &subjects.token) {
            Kind::Token
        } else if holds(&self.clients, &subjects.client) {
            Kind::Client
        } else {
            return None;
        };
        Some(Hit { kind })
    }

    /// Whether keys of that id are refused, from whatever source they come.
    #[must_use]
    pub fn refuses_key(&self, kid: &str) -> bool {
        self.keys.contains(kid)
    }

    /// The ids of all keys that are refused, in order.
    #[must_use]
    pub fn refused_keys(&self) -> Vec<String> {
        self.keys.all()
    }

    /// Adds what an entry names; true if the set refuses more than before. The same id again keeps the later `until`.
    /// Announcements are none of the set's business.
    pub fn insert(&self, entry: &Entry) -> bool {
        self.insert_all([entry])
    }

    /// Adds what entries name, and raises the version once, after the last; true if the set refuses more than before.
    pub fn insert_all<'e>(&self, entries: impl IntoIterator<Item = &'e Entry>) -> bool {
        let _change = self.begin();
        let mut changed = false;
        for entry in entries {
            changed |= match entry.subject() {
                Subject::Session(id) => self.sessions.insert(*id, entry.until()),
                Subject::Token(id) => self.tokens.insert(*id, entry.until()),
                Subject::Client(id) => self.clients.insert(*id, entry.until()),
                Subject::KeyRefused(key) => self.keys.insert(key.as_str()),
                Subject::KeyAnnounced(_) => false,
            };
        }
        self.raise(changed)
    }

    /// Adds everything that another set holds; true if this one refuses more than before.
    pub fn union(&self, other: &Self) -> bool {
        let _change = self.begin();
        let mut changed = false;
        for entry in other.entries() {
            changed |= self.shards(entry.kind).is_some_and(|shards| shards.insert(entry.id, entry.until));
        }
        for key in other.refused_keys() {
            changed |= self.keys.insert(&key);
        }
        self.raise(changed)
    }

    /// Removes what no longer matters at `now`, seconds since 1970: an entry still refuses while `now <= until`. Looks
    /// only at what is due within some seconds. Returns how many it removed.
    pub fn expire(&self, now: u64) -> usize {
        [&self.sessions, &self.tokens, &self.clients].map(|shards| shards.expire(now)).into_iter().sum()
    }

    /// A number that moves with every change that makes the set refuse more.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Whether an answer that was remembered with this version still stands.
    #[must_use]
    pub fn stands_at(&self, version: u64) -> bool {
        // In this order: whoever finds the change over finds the version that it raised.
        self.changing.load(Ordering::Acquire) == 0 && self.version() == version
    }

    /// Number of sessions, tokens and clients held.
    #[must_use]
    pub fn len(&self) -> usize {
        [&self.sessions, &self.tokens, &self.clients].map(Shards::len).into_iter().sum()
    }

    /// Whether it refuses nothing, keys included.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.keys.is_empty()
    }

    /// Estimate of the memory held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let tables: usize = [&self.sessions, &self.tokens, &self.clients].map(Shards::bytes).into_iter().sum();
        tables.saturating_add(self.keys.bytes()).saturating_add(size_of::<Self>())
    }

    /// What is held and still matters at `now`, seconds since 1970, in no order; keys apart. It is read piece by piece:
    /// an entry added meanwhile may be missing.
    pub fn entries_live(&self, now: u64) -> impl Iterator<Item = LiveEntry> + '_ {
        self.entries().filter(move |entry| entry.until == 0 || now <= entry.until)
    }

    /// The last second, since 1970, at which anything held refuses, keys apart; 0: for ever.
    pub(crate) fn last_until(&self) -> u64 {
        let forever = |until| if until == 0 { u64::MAX } else { until };
        match self.entries().map(|entry| forever(entry.until)).max() {
            None => 1,
            Some(u64::MAX) => 0,
            Some(until) => until,
        }
    }

    fn entries(&self) -> impl Iterator<Item = LiveEntry> + '_ {
        [Kind::Session, Kind::Token, Kind::Client].into_iter().flat_map(|kind| {
            let held = self.shards(kind).into_iter().flat_map(Shards::entries);
            held.map(move |(id, until)| LiveEntry { kind, id, until })
        })
    }

    const fn shards(&self, kind: Kind) -> Option<&Shards> {
        match kind {
            Kind::Session => Some(&self.sessions),
            Kind::Token => Some(&self.tokens),
            Kind::Client => Some(&self.clients),
            Kind::KeyRefused | Kind::KeyAnnounced => None,
        }
    }

    /// Whoever finds something of the change finds it under way, or over and the version raised: the tables' locks order it.
    fn begin(&self) -> Change<'_> {
        self.changing.fetch_add(1, Ordering::Relaxed);
        Change(&self.changing)
    }

    /// Moves the version, after the change it tells of.
    fn raise(&self, changed: bool) -> bool {
        if changed {
            self.version.fetch_add(1, Ordering::Release);
        }
        changed
    }
}
