//! The hub: the log, its signed objects, and those who listen.

use super::log::{FeedLog, Tail, Taken};
use super::readers::Readers;
use super::reports::{Progress, Reports};
use super::snapshots::{Snapshots, Texts};
use super::tails::Tails;
use crate::limits::FEED_OBJECTS_WAITING_MAX;
use axum::body::Bytes;
use countersign_core::revocation::{Entry, NewEntry, Sequence, SetDigest};
use countersign_core::store::{FeedPage, RevocationStore, StoreError};
use countersign_core::{Source, Span, Time};
use countersign_revocation::{
    Batch, FeedObject, FeedSigner, Head, ObjectError, Point, Position, RevokedSet, SignObjectError, SnapshotId,
    batch_chunks, snapshot_parts,
};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, broadcast};

/// The feed of this process.
#[derive(Debug)]
pub(crate) struct Hub {
    state: RwLock<State>,
    /// What the log says is refused: for the server's own look at those who read the feed.
    revoked: RevokedSet,
    snapshots: Snapshots,
    tails: Tails,
    objects: broadcast::Sender<Object>,
    reports: Reports,
    readers: Readers,
    moving: Mutex<()>,
}

#[derive(Debug)]
struct State {
    log: FeedLog,
    /// When storage last said that nothing is beyond the log.
    as_of: Time,
    /// The newest head.
    head: Option<Object>,
    closed: bool,
}

/// A signed object, ready to be sent in any form.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    /// Where a follower is after it.
    pub(crate) position: Position,
    /// The compact JWS.
    pub(crate) text: Arc<str>,
    /// The same as a server-sent event.
    pub(crate) event: Bytes,
}

/// A listener, and what it has to be sent before what it hears.
pub(crate) struct Subscription {
    pub(crate) backlog: Vec<Object>,
    pub(crate) objects: broadcast::Receiver<Object>,
}

/// How the feed and those who follow it stand.
pub(crate) struct FeedFigures {
    pub(crate) subscribers: u64,
    /// The number of the last entry.
    pub(crate) sequence: u64,
    /// How long ago storage last said that nothing is missing.
    pub(crate) age: Span,
    /// Verifiers that reported lately.
    pub(crate) verifiers: u64,
    /// Entries that the slowest of them lacks.
    pub(crate) lag: u64,
}

/// An object could not be made: our own mistake, or a key that can't sign.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeedError {
    #[error("an object of the feed contradicts itself")]
    Object(#[from] ObjectError),
    #[error("an object of the feed can't be signed")]
    Sign(#[from] SignObjectError),
}

// Storage is asked for so many entries at once: as many as fit one object.
const PAGE_ENTRIES: u16 = 4_096;

impl Hub {
    /// Reads the whole feed from storage.
    pub(crate) async fn load(store: &dyn RevocationStore, now: Time) -> Result<Self, StoreError> {
        Ok(Self::of(read_log(store).await?, now))
    }

    /// Serves what a log holds, as storage had it at `now`.
    pub(super) fn of(log: FeedLog, now: Time) -> Self {
        let revoked = RevokedSet::new();
        revoked.insert_all(&log.live(now.timestamp().as_seconds()));
        Self {
            state: RwLock::new(State { log, as_of: now, head: None, closed: false }),
            revoked,
            snapshots: Snapshots::default(),
            tails: Tails::default(),
            objects: broadcast::Sender::new(FEED_OBJECTS_WAITING_MAX),
            reports: Reports::default(),
            readers: Readers::default(),
            moving: Mutex::new(()),
        }
    }

    /// Reads what storage has beyond the log, at a time before it is asked.
    pub(crate) async fn read(&self, store: &dyn RevocationStore) -> Result<FeedPage, StoreError> {
        let after = self.position().sequence;
        store.feed_after(after, PAGE_ENTRIES).await
    }

    /// Takes a page that storage gave for `now`, and tells those who listen.
    pub(crate) fn take(&self, page: &FeedPage, now: Time, signer: &FeedSigner) -> Result<Taken, FeedError> {
        let mut state = self.write();
        let before = (state.log.position(), state.log.set());
        let taken = state.log.take(page);
        let at_the_end = state.log.position().sequence == page.last;
        if at_the_end && matches!(taken, Taken::Advanced(_) | Taken::Unmoved) {
            state.as_of = now;
        }
        let Taken::Advanced(entries) = &taken else { return Ok(taken) };
        self.revoked.insert_all(entries);
        let as_of = if at_the_end { now } else { Time::from_millis(0) };
        let objects = batches(before.0, before.1, entries.clone(), as_of, signer)?;
        drop(state);
        objects.into_iter().for_each(|object| self.tell(object));
        Ok(taken)
    }

    /// Goes on from what storage holds now, whatever was before; who listens has to fetch a snapshot.
    pub(crate) async fn reload(&self, store: &dyn RevocationStore, now: Time) -> Result<(), StoreError> {
        let log = read_log(store).await?;
        self.revoked.insert_all(&log.live(now.timestamp().as_seconds()));
        let mut state = self.write();
        (state.log, state.as_of, state.head) = (log, now, None);
        Ok(())
    }

    /// Says that nothing is missing, as of when storage last said so.
    pub(crate) fn beat(&self, signer: &FeedSigner) -> Result<(), FeedError> {
        let point = self.point();
        let object = Object::sign(&Head::new(point)?.into(), signer)?;
        self.write().head = Some(object.clone());
        self.tell(object);
        Ok(())
    }

    /// Held by whoever moves the log on: one at a time.
    pub(crate) async fn moving(&self) -> MutexGuard<'_, ()> {
        self.moving.lock().await
    }

    /// How far the connected verifiers are with the entries up to `sequence`: as soon as all have applied them, after
    /// `wait` in any case.
    pub(crate) async fn progress(&self, sequence: Sequence, wait: Duration, source: &dyn Source) -> Progress {
        let since = source.now();
        let position = Position { sequence, ..self.position() };
        let progress = || self.reports.progress(position, since, source.now());
        let all = async {
            loop {
                let reported = self.reports.next();
                let now = progress();
                if now.applied == now.connected {
                    return;
                }
                reported.await;
            }
        };
        let _ = tokio::time::timeout(wait, all).await;
        progress()
    }

    /// Forgets what no longer matters.
    pub(crate) fn expire(&self, now: Time) {
        let now = now.timestamp().as_seconds();
        self.write().log.expire(now);
        self.revoked.expire(now);
        self.tails.forget();
    }

    /// Listens from now on; with a position, after what was missed since. `None`: a snapshot is needed first.
    pub(crate) fn subscribe(
        &self,
        after: Option<Position>,
        signer: &FeedSigner,
    ) -> Result<Option<Subscription>, FeedError> {
        let state = self.read_state();
        // Under the lock: whatever is told after this is heard.
        let objects = self.objects.subscribe();
        let Some(after) = after else {
            return Ok(Some(Subscription { backlog: state.head.iter().cloned().collect(), objects }));
        };
        let last = state.log.position();
        if let Some(backlog) = self.tails.find(after, last) {
            return Ok(Some(Subscription { backlog, objects }));
        }
        let backlog = match state.log.tail(after) {
            Tail::SnapshotNeeded => return Ok(None),
            Tail::UpToDate => state.head.iter().cloned().collect(),
            Tail::Entries(entries) => {
                let (set, as_of) = (state.log.set_before(&entries), state.as_of);
                drop(state);
                let backlog = batches(after, set, entries, as_of, signer)?;
                self.tails.keep(after, last, &backlog);
                backlog
            }
        };
        Ok(Some(Subscription { backlog, objects }))
    }

    /// Everything that matters, signed.
    pub(crate) fn snapshot(&self, id: SnapshotId, now: Time, signer: &FeedSigner) -> Result<Texts, FeedError> {
        let (point, as_of) = (self.point(), self.read_state().as_of);
        self.snapshots.get(point.position(), as_of, || {
            // Read again: the log may have moved while another snapshot was made.
            let (point, entries) = {
                let state = self.read_state();
                (state.point(), state.log.live(now.timestamp().as_seconds()))
            };
            let parts = snapshot_parts(point, id, entries)?;
            let sign = |part| Ok(signer.sign(&FeedObject::from(part))?.into());
            parts.into_iter().map(sign).collect::<Result<Texts, FeedError>>()
        })
    }

    /// How it stands.
    pub(crate) fn figures(&self, now: Time) -> FeedFigures {
        let (position, as_of) = {
            let state = self.read_state();
            (state.log.position(), state.as_of)
        };
        let (verifiers, lag) = self.reports.standing(position, now);
        let subscribers = self.objects.receiver_count() as u64;
        FeedFigures { subscribers, sequence: position.sequence.0, age: now.since(as_of), verifiers, lag }
    }

    /// Ends all subscriptions, and takes no new ones.
    pub(crate) fn close(&self) {
        self.write().closed = true;
        // Nobody hears of it but by the next object: so one is told.
        let head = self.read_state().head.clone();
        head.into_iter().for_each(|head| self.tell(head));
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.read_state().closed
    }

    pub(crate) fn position(&self) -> Position {
        self.read_state().log.position()
    }

    /// What the log holds, for an epoch in which it has to be said again.
    pub(crate) fn to_say_again(&self, now: Time) -> Vec<NewEntry> {
        self.read_state().log.to_say_again(now.timestamp().as_seconds())
    }

    pub(crate) const fn revoked(&self) -> &RevokedSet {
        &self.revoked
    }

    pub(crate) const fn reports(&self) -> &Reports {
        &self.reports
    }

    pub(crate) const fn readers(&self) -> &Readers {
        &self.readers
    }

    fn point(&self) -> Point {
        self.read_state().point()
    }

    fn tell(&self, object: Object) {
        // Nobody may be listening.
        let _ = self.objects.send(object);
    }

    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        // Nothing that holds the lock can leave the state half changed.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn point(&self) -> Point {
        let Position { epoch, sequence } = self.log.position();
        Point { epoch, last: sequence, as_of: self.as_of.as_millis(), set: self.log.set() }
    }
}

impl Object {
    fn sign(object: &FeedObject, signer: &FeedSigner) -> Result<Self, FeedError> {
        let position = object.point().position();
        let text: Arc<str> = signer.sign(object)?.into();
        let event = format!("id: {position}\ndata: {text}\n\n");
        Ok(Self { position, text, event: event.into() })
    }
}

/// Entries that follow on `after`, signed; only the last object reaches the end of the log as of `as_of`.
fn batches(
    after: Position,
    mut set: SetDigest,
    entries: Vec<Entry>,
    as_of: Time,
    signer: &FeedSigner,
) -> Result<Vec<Object>, FeedError> {
    let chunks = batch_chunks(entries);
    let count = chunks.len();
    let mut objects = Vec::with_capacity(count);
    for (number, chunk) in (1..).zip(chunks) {
        let last = chunk.last().map_or(after.sequence, Entry::sequence);
        chunk.iter().for_each(|entry| set.toggle(after.epoch, entry));
        let as_of = if number == count { as_of.as_millis() } else { 0 };
        let batch = Batch::new(Point { epoch: after.epoch, last, as_of, set }, chunk)?;
        objects.push(Object::sign(&batch.into(), signer)?);
    }
    Ok(objects)
}

async fn read_log(store: &dyn RevocationStore) -> Result<FeedLog, StoreError> {
    let mut log: Option<FeedLog> = None;
    loop {
        let after = log.as_ref().map_or(Sequence::ZERO, |log| log.position().sequence);
        let page = store.feed_after(after, PAGE_ENTRIES).await?;
        // Another epoch began meanwhile: from the beginning.
        if log.as_ref().is_some_and(|log| log.position().epoch != page.epoch) {
            log = None;
            continue;
        }
        let read = log.get_or_insert_with(|| FeedLog::begin(page.epoch));
        read.load(&page);
        if page.entries.is_empty() {
            return Ok(log.unwrap_or_else(|| FeedLog::begin(page.epoch)));
        }
    }
}
