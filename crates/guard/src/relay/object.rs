//! A signed object as it is handed on: byte for byte as it came.

use std::{collections::BTreeMap, sync::Arc};

use axum::body::Bytes;
use countersign_revocation::{FeedObject, Follower, Point, Position, RevokedSet, SetDigest, SignedObject, SnapshotId};

/// A signed object, ready to be sent in any form.
#[derive(Debug, Clone)]
pub(super) struct Object {
    /// Where a follower is after it.
    pub(super) position: Position,
    /// The compact JWS.
    pub(super) text: Arc<str>,
    /// The same as a server-sent event.
    pub(super) event: Bytes,
}

/// A place in the feed, and the digest of all that was said up to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) position: Position,
    pub(super) set: SetDigest,
}

/// All parts of one snapshot.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub(super) end: End,
    pub(super) texts: Vec<Arc<str>>,
}

/// A snapshot that is put together from verified objects, beside the feed.
pub(super) struct Joining {
    follower: Follower,
    parts: Parts,
}

/// Parts of one snapshot at a time, as they come.
#[derive(Debug, Default)]
pub(super) struct Parts {
    of: Option<(Point, SnapshotId)>,
    texts: BTreeMap<u32, Arc<str>>,
}

impl Object {
    pub(super) fn new(signed: &SignedObject) -> Self {
        let (position, text) = (signed.object().point().position(), signed.text().clone());
        let event = format!("id: {position}\ndata: {text}\n\n").into();
        Self { position, text, event }
    }
}

impl End {
    pub(super) const fn of(point: &Point) -> Self {
        Self { position: point.position(), set: point.set }
    }
}

impl Snapshot {
    /// What all of it takes.
    pub(super) fn bytes(&self) -> usize {
        self.texts.iter().map(|text| text.len()).sum()
    }
}

impl Joining {
    pub(super) fn new(issuer: &str) -> Self {
        let follower = Follower::new(issuer, Arc::new(RevokedSet::new()));
        Self { follower, parts: Parts::default() }
    }

    /// Takes the next object; gives the snapshot once all of it is there and agrees with itself.
    pub(super) fn add(&mut self, object: &SignedObject) -> Option<Snapshot> {
        self.parts.add(object);
        // It is used for no more than this: a place is all that tells.
        let _ = self.follower.apply(object, 0);
        self.follower.position().and_then(|_| self.parts.take())
    }
}

impl Parts {
    /// Takes a part; a part of another snapshot begins anew.
    pub(super) fn add(&mut self, signed: &SignedObject) {
        let FeedObject::Snapshot(part) = signed.object() else { return };
        let of = Some((*part.point(), part.id()));
        if self.of != of {
            *self = Self { of, texts: BTreeMap::new() };
        }
        self.texts.insert(part.part().number, signed.text().clone());
    }

    /// All of them, once a follower has joined by the last one.
    pub(super) fn take(&mut self) -> Option<Snapshot> {
        let Self { of, texts } = std::mem::take(self);
        Some(Snapshot { end: End::of(&of?.0), texts: texts.into_values().collect() })
    }
}
