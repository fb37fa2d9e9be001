//! The hub: the log, and those who listen. Objects come from the verifier's own task, one after the other.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use countersign_jose::KeySet;
use countersign_revocation::{Position, SignedObject};
use tokio::{
    sync::{Semaphore, broadcast},
    time::Instant,
};

use super::{
    limits::{OBJECTS_WAITING_MAX, READERS_MAX},
    log::{Fit, Log, Size, Tail, Taken},
    object::{Object, Snapshot},
};

/// What is held and handed on.
#[derive(Debug)]
pub(super) struct Hub {
    log: Mutex<Log>,
    heard: broadcast::Sender<Heard>,
    is_closed: AtomicBool,
    /// Streams and waiting polls that may begin still.
    pub(super) places: Arc<Semaphore>,
    pub(super) counts: Counts,
}

/// What has happened since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Objects that were handed on, each counted once.
    pub(super) objects: AtomicU64,
    /// Times that all readers had to come again.
    pub(super) restarts: AtomicU64,
    /// Readers cut off: too slow.
    pub(super) cut_slow: AtomicU64,
    /// Readers cut off: their token ended.
    pub(super) cut_ended: AtomicU64,
    /// Readers turned away: there were too many.
    pub(super) turned_away: AtomicU64,
}

/// What those who listen hear.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    Object(Object),
    /// Come again: what follows does not follow on what you have, or the relay stops.
    Restart,
}

/// A listener, and what it has to be sent before what it hears.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) backlog: Vec<Object>,
    pub(super) heard: broadcast::Receiver<Heard>,
}

/// Nobody can listen from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotFrom {
    SnapshotNeeded,
    /// Nothing is held yet, or the relay stops.
    Unready,
}

/// How the log stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) position: Option<Position>,
    pub(super) tail: Size,
    pub(super) snapshot_bytes: usize,
    pub(super) has_snapshot: bool,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            log: Mutex::default(),
            heard: broadcast::Sender::new(OBJECTS_WAITING_MAX),
            is_closed: AtomicBool::new(false),
            places: Arc::new(Semaphore::new(READERS_MAX)),
            counts: Counts::default(),
        }
    }
}

impl Hub {
    /// Takes what the follower has taken, and hands it on.
    pub(super) fn take(&self, signed: &SignedObject, is_advance: bool) {
        let mut log = self.log();
        let heard = match log.take(signed, is_advance, Instant::now()) {
            Taken::HandOn(object) => {
                count(&self.counts.objects);
                Heard::Object(object)
            }
            Taken::Restart => {
                count(&self.counts.restarts);
                Heard::Restart
            }
            Taken::Nothing => return,
        };
        // Under the lock, as whoever subscribes is: nobody hears twice what was in its backlog. There may be nobody.
        let _ = self.heard.send(heard);
    }

    /// Listens from now on; with a position, after what was missed since.
    pub(super) fn subscribe(&self, after: Option<Position>) -> Result<Subscription, NotFrom> {
        let log = self.log();
        if self.is_closed() {
            return Err(NotFrom::Unready);
        }
        match log.tail(after) {
            Tail::Objects(backlog) => Ok(Subscription { backlog, heard: self.heard.subscribe() }),
            Tail::SnapshotNeeded => Err(NotFrom::SnapshotNeeded),
            Tail::Empty => Err(NotFrom::Unready),
        }
    }

    /// All that somebody needs who joins; none where there is no snapshot that leads on.
    pub(super) fn whole(&self) -> Option<Vec<Arc<str>>> {
        self.log().whole()
    }

    pub(super) fn wants_snapshot(&self) -> bool {
        self.log().wants_snapshot(Instant::now())
    }

    pub(super) fn replace_snapshot(&self, snapshot: &Snapshot) -> Fit {
        self.log().replace_snapshot(snapshot, Instant::now())
    }

    pub(super) fn recheck(&self, keys: &KeySet, issuer: &str) {
        self.log().recheck(keys, issuer);
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.log().position()
    }

    pub(super) fn standing(&self) -> Standing {
        let log = self.log();
        Standing {
            position: log.position(),
            tail: log.size(),
            snapshot_bytes: log.snapshot_bytes(),
            has_snapshot: log.has_snapshot(),
        }
    }

    pub(super) fn readers(&self) -> u64 {
        (READERS_MAX - self.places.available_permits()) as u64
    }

    /// Ends all streams, and takes no new ones.
    pub(super) fn close(&self) {
        let _log = self.log();
        self.is_closed.store(true, Ordering::Release);
        let _ = self.heard.send(Heard::Restart);
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // Nothing that holds the lock can leave the log half changed.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
