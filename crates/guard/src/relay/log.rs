//! What the relay holds: the last snapshot, all batches since and some before, the newest head. Pure: time is a value.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use countersign_jose::KeySet;
use countersign_revocation::{Batch, FeedObject, Position, Sequence, SignedObject};
use tokio::time::Instant;

use super::{
    limits::{SNAPSHOT_AGE_MAX, SNAPSHOT_IDLE_AGE_MAX, TAIL_BYTES_MAX, TAIL_ENTRIES_MAX, TAIL_OBJECTS_MAX},
    object::{End, Object, Parts, Snapshot},
};

/// The feed as this relay can hand it on. It is always exactly as far as the follower above it.
#[derive(Debug, Default)]
pub(super) struct Log {
    end: Option<End>,
    snapshot: Option<(Snapshot, Instant)>,
    /// The newest batches, none left out, through `end`.
    tail: VecDeque<Held>,
    size: Size,
    head: Option<Object>,
    parts: Parts,
}

#[derive(Debug)]
struct Held {
    first: Sequence,
    end: End,
    entries: usize,
    object: Object,
}

/// Of the tail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) objects: usize,
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

/// What an object means for those who listen.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is for them, too.
    HandOn(Object),
    /// What follows does not follow on what they have: they have to come again.
    Restart,
    /// Nothing.
    Nothing,
}

/// What follows on a position.
#[derive(Debug)]
pub(super) enum Tail {
    /// Objects, in order; the newest head is the last of them where there is one.
    Objects(Vec<Object>),
    /// The log does not reach back that far, or knows nothing of that position.
    SnapshotNeeded,
    /// Nothing is held yet.
    Empty,
}

/// What becomes of a snapshot that was fetched beside the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Taken,
    /// It is ahead of the log: try again when that has moved.
    TooEarly,
    /// It leads nowhere from here, or is no newer than what is held.
    Useless,
}

impl Log {
    /// Takes what the follower has taken.
    pub(super) fn take(&mut self, signed: &SignedObject, is_advance: bool, now: Instant) -> Taken {
        match signed.object() {
            FeedObject::Snapshot(_) => {
                self.parts.add(signed);
                if is_advance { self.rejoin(now) } else { Taken::Nothing }
            }
            _ if !is_advance => Taken::Nothing,
            FeedObject::Batch(batch) => self.extend(batch, signed),
            FeedObject::Head(_) => {
                let head = Object::new(signed);
                self.head = Some(head.clone());
                Taken::HandOn(head)
            }
        }
    }

    /// The follower has joined by a snapshot.
    fn rejoin(&mut self, now: Instant) -> Taken {
        let Some(snapshot) = self.parts.take() else { return Taken::Nothing };
        let end = snapshot.end;
        self.snapshot = Some((snapshot, now));
        if self.end == Some(end) {
            return Taken::Nothing;
        }
        // Whatever lies between was never here.
        (self.end, self.head, self.size) = (Some(end), None, Size::default());
        self.tail.clear();
        Taken::Restart
    }

    fn extend(&mut self, batch: &Batch, signed: &SignedObject) -> Taken {
        let end = End::of(batch.point());
        let follows = self.end.is_some_and(|held| {
            held.position.epoch == end.position.epoch && batch.first() <= held.position.sequence.next()
        });
        if !follows {
            // The follower says that it does: then what is held is not what it has.
            *self = Self { end: Some(end), ..Self::default() };
            return Taken::Restart;
        }
        let object = Object::new(signed);
        let held = Held { first: batch.first(), end, entries: batch.entries().len(), object: object.clone() };
        self.size = self.size.with(&held);
        self.tail.push_back(held);
        self.end = Some(end);
        // A head says where the feed ended before this.
        self.head = None;
        while self.size.is_over() && self.drop_oldest() {}
        Taken::HandOn(object)
    }

    /// Takes a snapshot that was fetched beside the feed, if it lies on the way that the log came.
    pub(super) fn replace_snapshot(&mut self, snapshot: &Snapshot, now: Instant) -> Fit {
        let Some(end) = self.end else { return Fit::Useless };
        let at = snapshot.end;
        if at.position > end.position {
            let is_other = at.position.epoch != end.position.epoch;
            return if is_other { Fit::Useless } else { Fit::TooEarly };
        }
        let on_the_way = at == end || self.tail.iter().any(|held| held.end == at);
        let is_newer = self.snapshot.as_ref().is_none_or(|(held, _)| at.position >= held.end.position);
        if !on_the_way || !is_newer {
            return Fit::Useless;
        }
        self.snapshot = Some((snapshot.clone(), now));
        // Half of it stays, for readers that were away for a moment.
        let before = |held: &Held| held.end.position <= at.position;
        while self.size.is_over_half() && self.tail.front().is_some_and(before) && self.drop_oldest() {}
        Fit::Taken
    }

    /// Whether a newer snapshot should be fetched.
    pub(super) fn wants_snapshot(&self, now: Instant) -> bool {
        let Some(end) = self.end else { return false };
        let Some((snapshot, since)) = &self.snapshot else { return true };
        let age = now.saturating_duration_since(*since);
        let most = if snapshot.end == end { SNAPSHOT_IDLE_AGE_MAX } else { SNAPSHOT_AGE_MAX };
        age >= most || self.size_since(snapshot.end.position).is_over_half()
    }

    /// Drops whatever these keys no longer sign for: nobody would believe it.
    pub(super) fn recheck(&mut self, keys: &KeySet, issuer: &str) {
        // All objects with the same header have the same key.
        let mut known = HashMap::new();
        let mut holds = |text: &Arc<str>| {
            let header = text.split('.').next().unwrap_or_default().to_owned();
            *known.entry(header).or_insert_with(|| SignedObject::verify(text.clone(), keys, issuer).is_ok())
        };
        if self.head.as_ref().is_some_and(|head| !holds(&head.text)) {
            self.head = None;
        }
        if self.snapshot.as_ref().is_some_and(|(snapshot, _)| !snapshot.texts.iter().all(&mut holds)) {
            self.snapshot = None;
        }
        let sound = self.tail.iter().rev().take_while(|held| holds(&held.object.text)).count();
        while self.tail.len() > sound && self.drop_oldest() {}
    }

    /// What follows on `after`; without a position, the newest head.
    pub(super) fn tail(&self, after: Option<Position>) -> Tail {
        let Some(end) = self.end else { return Tail::Empty };
        let head = || self.head.iter().cloned();
        let Some(after) = after else { return Tail::Objects(head().collect()) };
        if after.epoch != end.position.epoch || after > end.position {
            return Tail::SnapshotNeeded;
        }
        if after == end.position {
            return Tail::Objects(head().collect());
        }
        let begin = self.tail.partition_point(|held| held.end.position <= after);
        match self.tail.get(begin) {
            Some(next) if next.first <= after.sequence.next() => {
                let batches = self.tail.range(begin..).map(|held| held.object.clone());
                Tail::Objects(batches.chain(head()).collect())
            }
            _ => Tail::SnapshotNeeded,
        }
    }

    /// All that somebody needs who joins: the snapshot, what came since, and the newest head.
    pub(super) fn whole(&self) -> Option<Vec<Arc<str>>> {
        let (snapshot, _) = self.snapshot.as_ref()?;
        let Tail::Objects(since) = self.tail(Some(snapshot.end.position)) else { return None };
        Some(snapshot.texts.iter().cloned().chain(since.into_iter().map(|object| object.text)).collect())
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.end.map(|end| end.position)
    }

    pub(super) const fn size(&self) -> Size {
        self.size
    }

    pub(super) fn snapshot_bytes(&self) -> usize {
        self.snapshot.as_ref().map_or(0, |(snapshot, _)| snapshot.bytes())
    }

    pub(super) const fn has_snapshot(&self) -> bool {
        self.snapshot.is_some()
    }

    fn size_since(&self, position: Position) -> Size {
        let since = self.tail.iter().filter(|held| held.end.position > position);
        since.fold(Size::default(), Size::with)
    }

    /// False if there is none.
    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.tail.pop_front() else { return false };
        self.size = self.size.without(&oldest);
        // A snapshot from which nothing leads on is none.
        if self.snapshot.as_ref().is_some_and(|(snapshot, _)| snapshot.end.position < oldest.end.position) {
            self.snapshot = None;
        }
        true
    }
}

impl Size {
    const fn is_over(self) -> bool {
        self.objects > TAIL_OBJECTS_MAX || self.entries > TAIL_ENTRIES_MAX || self.bytes > TAIL_BYTES_MAX
    }

    const fn is_over_half(self) -> bool {
        Self { objects: self.objects * 2, entries: self.entries * 2, bytes: self.bytes * 2 }.is_over()
    }

    fn with(self, held: &Held) -> Self {
        Self {
            objects: self.objects + 1,
            entries: self.entries + held.entries,
            bytes: self.bytes + held.object.text.len(),
        }
    }

    fn without(self, held: &Held) -> Self {
        Self {
            objects: self.objects - 1,
            entries: self.entries - held.entries,
            bytes: self.bytes - held.object.text.len(),
        }
    }
}

#[cfg(test)]
mod tests;
