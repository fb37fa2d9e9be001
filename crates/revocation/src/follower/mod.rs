//! The follower: objects in, a set out that knows how far it reaches and how fresh it is. Pure: no clock, no network.

mod outcome;
mod parts;
mod saves;

use std::{collections::VecDeque, sync::Arc};

use crate::{
    Announcement, Batch, Entry, Epoch, FeedObject, Head, Kind, Point, Position, RevokedSet, SetDigest, SignedObject,
    SnapshotPart, limits::ANNOUNCEMENTS_MAX,
};

pub use outcome::{Applied, Refusal, Why};
pub use saves::Save;

use parts::{Parts, Whole};
use saves::Saves;

/// Follows the feed of one issuer.
///
/// It never takes back a refusal: across gaps, epochs and snapshots the set is the union of all that was held, until each
/// entry has expired. An entry expires by the *lesser* of the time given and the `as_of` of the object applied, so that
/// neither clock alone, gone astray, lets a revoked token in again.
///
/// It is **fresh** as of a time only if a signed object says so that ends exactly where the follower is, with the
/// digest that it has. Entries of a batch are refused from the moment it came, even if others before it are missing.
#[derive(Debug)]
pub struct Follower {
    issuer: String,
    set: Arc<RevokedSet>,
    /// The latest epoch of any object accepted; what is older is refused.
    newest_epoch: Option<Epoch>,
    joined: Option<Joined>,
    as_of: Option<u64>,
    parts: Parts,
    proof: Option<Proof>,
    issuer_behind: bool,
    announcements: VecDeque<Announcement>,
    saves: Option<Saves>,
}

/// Where the follower is, since it joined a snapshot.
#[derive(Debug, Clone, Copy)]
struct Joined {
    position: Position,
    digest: SetDigest,
    /// False from a digest that differed to the next snapshot joined.
    agrees: bool,
}

/// The signed object that says most.
#[derive(Debug)]
struct Proof {
    position: Position,
    text: Arc<str>,
}

impl Follower {
    /// A follower that holds nothing yet and adds to `set`, which may hold something already.
    #[must_use]
    pub fn new(issuer: impl Into<String>, set: Arc<RevokedSet>) -> Self {
        Self {
            issuer: issuer.into(),
            set,
            newest_epoch: None,
            joined: None,
            as_of: None,
            parts: Parts::default(),
            proof: None,
            issuer_behind: false,
            announcements: VecDeque::new(),
            saves: None,
        }
    }

    /// Also collects what to keep on disk, for [`take_saves`](Self::take_saves).
    #[must_use]
    pub fn saving(self) -> Self {
        Self { saves: Some(Saves::default()), ..self }
    }

    /// Takes the next object, whatever carried it, at `now` (seconds since 1970, of the
    /// [`VerifierClock`](crate::VerifierClock)).
    pub fn apply(&mut self, object: &SignedObject, now: u64) -> Applied {
        if object.issuer() != self.issuer {
            return Applied::Refused { why: Refusal::WrongIssuer };
        }
        let point = *object.object().point();
        if self.newest_epoch.is_some_and(|newest| point.epoch < newest) {
            return Applied::Refused { why: Refusal::OlderEpoch };
        }
        if self.newest_epoch != Some(point.epoch) {
            self.newest_epoch = Some(point.epoch);
            self.parts.clear();
            self.issuer_behind = false;
        }
        self.keep_proof(object, point.position());
        // `as_of` is 0 in a resumption: then nothing has expired.
        let now = now.min(point.as_of / 1000);
        let applied = match object.object() {
            FeedObject::Batch(batch) => self.batch(batch, object.text(), now),
            FeedObject::Snapshot(part) => self.snapshot(part, object, now),
            FeedObject::Head(head) => self.head(head, object.text()),
        };
        self.set.expire(now);
        applied
    }

    /// The set that it adds to.
    #[must_use]
    pub const fn set(&self) -> &Arc<RevokedSet> {
        &self.set
    }

    /// The latest time, in the issuer's milliseconds since 1970, at which everything committed was held. None before
    /// that was ever so, and from a digest that differed to the next snapshot joined.
    #[must_use]
    pub const fn as_of(&self) -> Option<u64> {
        self.as_of
    }

    /// How far it is, without a gap. None before the first snapshot.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.joined.map(|joined| joined.position)
    }

    /// The digest of all that the epoch said up to there.
    #[must_use]
    pub fn digest(&self) -> Option<SetDigest> {
        self.joined.map(|joined| joined.digest)
    }

    /// The latest epoch known, joined or not.
    #[must_use]
    pub const fn epoch(&self) -> Option<Epoch> {
        self.newest_epoch
    }

    /// Whether the latest head or snapshot of this epoch was behind what is held: its issuer has lost entries, or it came
    /// late. Then report [`newest_proof`](Self::newest_proof): the issuer judges.
    #[must_use]
    pub const fn issuer_behind(&self) -> bool {
        self.issuer_behind
    }

    /// The text of the signed object that says most, by epoch and last number; the shortest of those that say the same,
    /// which mostly is a head.
    #[must_use]
    pub fn newest_proof(&self) -> Option<&Arc<str>> {
        self.proof.as_ref().map(|proof| &proof.text)
    }

    /// Announcements of keys since the last call, oldest first, 64 at most.
    pub fn take_announcements(&mut self) -> Vec<Announcement> {
        self.announcements.drain(..).collect()
    }

    /// What to keep on disk since the last call, in order; nothing unless [`saving`](Self::saving).
    pub fn take_saves(&mut self) -> Vec<Save> {
        self.saves.as_mut().map(Saves::take).unwrap_or_default()
    }

    /// Whether a snapshot should be fetched for the disk's sake: the batches kept have outgrown the snapshot before them.
    #[must_use]
    pub fn wants_snapshot(&self) -> bool {
        self.saves.as_ref().is_some_and(Saves::wants_snapshot)
    }

    fn batch(&mut self, batch: &Batch, text: &Arc<str>, now: u64) -> Applied {
        let point = batch.point();
        // A gap is no reason to let in what is known to be revoked.
        self.hold(batch.entries(), now);
        let mut joined = match self.joined_in(point.epoch) {
            Ok(joined) => joined,
            Err(why) => return Applied::NeedSnapshot { why },
        };
        let after = joined.position;
        if point.last <= after.sequence {
            return self.nothing();
        }
        if batch.first() > after.sequence.next() {
            return Applied::NeedTail { after };
        }
        for entry in batch.entries().iter().filter(|entry| entry.sequence() > after.sequence) {
            joined.digest.toggle(point.epoch, entry);
            self.announce(entry);
        }
        joined.position = point.position();
        joined.agrees &= joined.digest == point.set;
        self.joined = Some(joined);
        if !joined.agrees {
            return self.differs();
        }
        self.refresh(point.as_of);
        if let Some(saves) = &mut self.saves {
            saves.batch(text, batch.entries().len());
        }
        Applied::Advanced
    }

    fn head(&mut self, head: &Head, text: &Arc<str>) -> Applied {
        let point = head.point();
        let mut joined = match self.joined_in(point.epoch) {
            Ok(joined) => joined,
            Err(why) => return Applied::NeedSnapshot { why },
        };
        self.issuer_behind = point.last < joined.position.sequence;
        if self.issuer_behind || !joined.agrees {
            return self.nothing();
        }
        if point.last > joined.position.sequence {
            return Applied::NeedTail { after: joined.position };
        }
        if point.set != joined.digest {
            joined.agrees = false;
            self.joined = Some(joined);
            return self.differs();
        }
        if !self.refresh(point.as_of) {
            return Applied::Nothing;
        }
        if let Some(saves) = &mut self.saves {
            saves.head(text);
        }
        Applied::Advanced
    }

    fn snapshot(&mut self, part: &SnapshotPart, object: &SignedObject, now: u64) -> Applied {
        let point = part.point();
        let behind = |joined: Joined| point.last < joined.position.sequence;
        if self.joined_in(point.epoch).is_ok_and(behind) {
            // Who can't resume gets no head: this is how it learns that the issuer has less.
            self.issuer_behind = true;
            return self.nothing();
        }
        let Some(whole) = self.parts.add(part, object) else { return Applied::Nothing };
        if !whole.holds() {
            return Applied::Refused { why: Refusal::LiveDiffers };
        }
        self.join(&whole, now);
        Applied::Advanced
    }

    /// Adds a whole snapshot to what is held, and goes on from there.
    fn join(&mut self, whole: &Whole, now: u64) {
        let Point { epoch, as_of, set, .. } = whole.point;
        self.hold(whole.entries(), now);
        let mut entries: usize = 0;
        for entry in whole.entries() {
            self.announce(entry);
            entries = entries.saturating_add(1);
        }
        let joined = self.joined_in(epoch);
        if joined.is_err() {
            // What the old epoch said of its freshness says nothing about the new one.
            self.as_of = None;
        }
        // Also where the issuer says something else under the same numbers: it has lost what it said before.
        let replaces = joined.is_ok_and(|joined| joined.agrees);
        let keep_older_until = self.joined.filter(|_| !replaces).map(|_| self.older_matters_until(whole));
        self.joined = Some(Joined { position: whole.point.position(), digest: set, agrees: true });
        self.issuer_behind = false;
        self.refresh(as_of);
        if let Some(saves) = &mut self.saves {
            saves.snapshot(whole.texts(), entries, keep_older_until);
        }
    }

    /// Until when what was held before a snapshot that may lack some of it has to be kept: for ever, if it refuses a key
    /// that the snapshot does not.
    fn older_matters_until(&self, whole: &Whole) -> u64 {
        let refuses = |key: &str| whole.entries().any(|entry| entry.kind() == Kind::KeyRefused && entry.id() == key);
        if self.set.refused_keys().iter().all(|key| refuses(key)) { self.set.last_until() } else { 0 }
    }

    fn joined_in(&self, epoch: Epoch) -> Result<Joined, Why> {
        let joined = self.joined.ok_or(Why::NothingHeld)?;
        if joined.position.epoch == epoch { Ok(joined) } else { Err(Why::NewEpoch) }
    }

    /// Refuses from now on what these entries name, as far as it matters still.
    fn hold<'e>(&self, entries: impl IntoIterator<Item = &'e Entry>, now: u64) {
        self.set.insert_all(entries.into_iter().filter(|entry| entry.is_live(now)));
    }

    fn announce(&mut self, entry: &Entry) {
        let Some(announcement) = entry.announcement() else { return };
        if self.announcements.len() == ANNOUNCEMENTS_MAX {
            self.announcements.pop_front();
        }
        self.announcements.push_back(announcement);
    }

    /// True if it is fresh to a later time than before. 0 makes nobody fresh.
    fn refresh(&mut self, as_of: u64) -> bool {
        let later = as_of > self.as_of.unwrap_or(0);
        if later {
            self.as_of = Some(as_of);
        }
        later
    }

    fn differs(&mut self) -> Applied {
        self.as_of = None;
        Applied::NeedSnapshot { why: Why::DigestDiffers }
    }

    /// Nothing new; but whoever lost the thread goes on asking for a snapshot.
    fn nothing(&self) -> Applied {
        match self.joined {
            Some(Joined { agrees: false, .. }) => Applied::NeedSnapshot { why: Why::DigestDiffers },
            _ => Applied::Nothing,
        }
    }

    fn keep_proof(&mut self, object: &SignedObject, position: Position) {
        let text = object.text();
        let says_more = self.proof.as_ref().is_none_or(|proof| {
            position > proof.position || (position == proof.position && text.len() < proof.text.len())
        });
        if says_more {
            self.proof = Some(Proof { position, text: text.clone() });
        }
    }
}
