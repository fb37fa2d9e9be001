//! The follower against everything that could happen to it, and a model that simply remembers everything.
//!
//! `REVOCATION_STEPS` makes the long run longer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{collections::BTreeMap, env, sync::Arc};

use countersign_jose::{KeyId, base64url};
use countersign_revocation::{
    Applied, Entry, Epoch, FeedObject, Follower, Kind, NewEntry, RevokedSet, Save, SignedObject, SnapshotPart,
};
use proptest::prelude::*;
use support::{ISSUER, Issuer, id, keys, subjects, verify};

const START_MS: u64 = 1_750_000_000_000;

/// What happens next; the numbers pick which.
#[derive(Debug, Clone, Copy)]
enum Step {
    Append {
        about: u64,
        lasts: u64,
    },
    Wait {
        ms: u64,
    },
    SendBatch {
        first: u64,
        length: u64,
    },
    SendHead,
    SendSnapshot {
        size: usize,
    },
    Deliver {
        which: usize,
    },
    Lose {
        which: usize,
    },
    Duplicate {
        which: usize,
    },
    Truncate {
        which: usize,
        length: usize,
    },
    /// What the follower asked for last is fetched, and arrives.
    Fetch,
    /// The issuer's storage goes back, and it knows.
    NewEpoch {
        lost: u64,
    },
    /// The issuer's storage goes back, and it does not know yet.
    GoBack {
        lost: u64,
    },
    Save,
    /// The follower starts again from what was saved.
    Restart,
}

impl Step {
    fn of(number: u64) -> Self {
        let [kind, a, b, ..] = number.to_le_bytes();
        let (small, which) = (u64::from(b), usize::from(a));
        match kind % 64 {
            0..=15 => Self::Append { about: a.into(), lasts: small },
            16..=19 => Self::Wait { ms: u64::from(a) * small },
            20..=27 => Self::SendBatch { first: a.into(), length: small % 6 },
            28..=32 => Self::SendHead,
            33..=34 => Self::SendSnapshot { size: 1 + usize::from(b) % 5 },
            35..=47 => Self::Deliver { which },
            48..=49 => Self::Lose { which },
            50..=51 => Self::Duplicate { which },
            52 => Self::Truncate { which, length: b.into() },
            53..=58 => Self::Fetch,
            59 => Self::NewEpoch { lost: small % 4 },
            60 => Self::GoBack { lost: small % 3 },
            61..=62 => Self::Save,
            _ => Self::Restart,
        }
    }
}

/// Everything that was ever given to the follower, by kind and id, with the latest `until`.
type Held = BTreeMap<(Kind, String), u64>;

struct World {
    issuer: Issuer,
    /// When each entry of the log was committed.
    committed_ms: Vec<u64>,
    ever: Held,
    now_ms: u64,
    network: Vec<SignedObject>,
    follower: Follower,
    asked: Applied,
    given: Held,
    /// Parts of snapshots that were delivered.
    parts: Vec<SnapshotPart>,
    /// On disk: texts of older epochs, with the last second at which they are kept (0: for ever), and of this one.
    disk_older: Vec<(Arc<str>, u64)>,
    disk: Vec<Arc<str>>,
}

impl World {
    fn new() -> Self {
        Self {
            issuer: Issuer::new(),
            committed_ms: Vec::new(),
            ever: Held::new(),
            now_ms: START_MS,
            network: Vec::new(),
            follower: new_follower(),
            asked: Applied::Nothing,
            given: Held::new(),
            parts: Vec::new(),
            disk_older: Vec::new(),
            disk: Vec::new(),
        }
    }

    fn now(&self) -> u64 {
        self.now_ms / 1000
    }

    fn step(&mut self, step: Step) {
        // No two things happen in one millisecond.
        self.now_ms += 1;
        match step {
            Step::Append { about, lasts } => self.append(about, lasts),
            Step::Wait { ms } => self.now_ms += ms,
            Step::SendBatch { first, length } => self.send_batch(first, length),
            Step::SendHead => self.network.push(self.issuer.head(self.now_ms)),
            Step::SendSnapshot { size } => self.network.extend(self.issuer.snapshot(self.now_ms, size)),
            Step::Deliver { which } => {
                if let Some(at) = self.pick(which) {
                    let object = self.network.remove(at);
                    self.deliver(&object);
                }
            }
            Step::Lose { which } => {
                self.pick(which).map(|at| self.network.swap_remove(at));
            }
            Step::Duplicate { which } => {
                self.network.extend(self.pick(which).map(|at| self.network[at].clone()));
            }
            Step::Truncate { which, length } => {
                if let Some(at) = self.pick(which) {
                    let text = self.network[at].text().clone();
                    let cut = &text[..text.len() - 1 - length % text.len()];
                    assert!(SignedObject::verify(cut, &keys(), ISSUER).is_err());
                }
            }
            Step::Fetch => self.fetch(),
            Step::NewEpoch { lost } => self.new_epoch(lost),
            Step::GoBack { lost } => self.go_back(lost),
            Step::Save => self.save(),
            Step::Restart => self.restart(),
        }
        self.check();
    }

    fn append(&mut self, about: u64, lasts: u64) {
        let text = base64url::encode(&id(about % 50));
        let until = if about.is_multiple_of(17) { 0 } else { self.now() + lasts };
        let entry = match about % 8 {
            0 => NewEntry::key_refused(KeyId::new(format!("k{}", lasts % 3)).unwrap()),
            1 => NewEntry::client(&format!("client-{}", lasts % 5), until).unwrap(),
            2 | 3 => NewEntry::token(&text, until).unwrap(),
            _ => NewEntry::session(&text, until).unwrap(),
        };
        self.issuer.append(entry);
        self.committed_ms.push(self.now_ms);
        remember(&mut self.ever, self.issuer.log.last().unwrap());
    }

    fn send_batch(&mut self, first: u64, length: u64) {
        let end = self.issuer.last();
        if end == 0 {
            return;
        }
        // Mostly near the end, as publishers are.
        let first = if first.is_multiple_of(2) { end - (first / 2) % end.min(4) } else { 1 + first % end };
        let last = (first + length).min(end);
        let as_of = if last == end { self.now_ms } else { 0 };
        self.network.push(self.issuer.batch(first, last, as_of));
    }

    fn pick(&self, which: usize) -> Option<usize> {
        // Mostly in order.
        let at = if which.is_multiple_of(3) { which } else { 0 };
        (!self.network.is_empty()).then(|| at % self.network.len())
    }

    fn deliver(&mut self, object: &SignedObject) {
        let before = (self.follower.position(), self.follower.as_of(), self.follower.set().version());
        // Its clock is half a minute behind or ahead.
        let now = self.now() + [0, 30, 60][object.text().len() % 3] - 30;
        let applied = self.follower.apply(object, now);
        if let Applied::Refused { .. } = applied {
            assert_eq!(before, (self.follower.position(), self.follower.as_of(), self.follower.set().version()));
            return;
        }
        match object.object() {
            // Entries of a batch count from the moment it came, those of a snapshot once it is whole.
            FeedObject::Batch(batch) => batch.entries().iter().for_each(|entry| remember(&mut self.given, entry)),
            FeedObject::Snapshot(part) => {
                self.parts.push(part.clone());
                if applied == Applied::Advanced {
                    let whole = self.parts.iter().filter(|other| other.id() == part.id());
                    whole.flat_map(SnapshotPart::entries).for_each(|entry| remember(&mut self.given, entry));
                    self.parts.clear();
                }
            }
            FeedObject::Head(_) => {}
        }
        if matches!(applied, Applied::NeedTail { .. } | Applied::NeedSnapshot { .. }) {
            self.asked = applied;
        }
    }

    fn fetch(&mut self) {
        match std::mem::replace(&mut self.asked, Applied::Nothing) {
            Applied::NeedTail { after } if after.epoch == self.issuer.epoch => {
                let (mut first, end) = (after.sequence.0 + 1, self.issuer.last());
                while first <= end {
                    let last = (first + 2).min(end);
                    let batch = self.issuer.batch(first, last, if last == end { self.now_ms } else { 0 });
                    self.deliver(&batch);
                    first = last + 1;
                }
            }
            Applied::NeedTail { .. } | Applied::NeedSnapshot { .. } => self.fetch_snapshot(),
            _ => {}
        }
    }

    fn fetch_snapshot(&mut self) {
        for part in self.issuer.snapshot(self.now_ms, 3) {
            self.deliver(&part);
        }
    }

    fn new_epoch(&mut self, lost: u64) {
        self.go_back(lost);
        let draw = [u8::try_from(self.now_ms % 251).unwrap(); 10];
        self.issuer.epoch = Epoch::new_later_than(Some(self.issuer.epoch), self.now_ms, draw);
        for committed in &mut self.committed_ms {
            *committed = self.now_ms;
        }
        self.now_ms += 1;
    }

    fn go_back(&mut self, lost: u64) {
        let left = usize::try_from(self.issuer.last().saturating_sub(lost)).unwrap();
        self.issuer.log.truncate(left);
        self.committed_ms.truncate(left);
    }

    fn save(&mut self) {
        for save in self.follower.take_saves() {
            match save {
                Save::Snapshot { texts, keep_older_until } => {
                    let before = std::mem::replace(&mut self.disk, texts);
                    if let Some(until) = keep_older_until {
                        self.disk_older.extend(before.into_iter().map(|text| (text, until)));
                        self.disk_older.iter_mut().for_each(|(_, kept)| *kept = until);
                    }
                }
                Save::Batch(text) | Save::Head(text) => self.disk.push(text),
            }
        }
    }

    fn restart(&mut self) {
        self.save();
        let place = |follower: &Follower| (follower.position(), follower.digest());
        let (before, as_of) = (place(&self.follower), self.follower.as_of());
        self.follower = new_follower();
        self.given.clear();
        let now = self.now();
        self.disk_older.retain(|(_, until)| *until == 0 || now <= *until);
        let older: Vec<Arc<str>> = self.disk_older.iter().map(|(text, _)| text.clone()).collect();
        for text in older.into_iter().chain(self.disk.clone()) {
            self.deliver(&verify(&text));
        }
        self.follower.take_saves();
        // A head may have been replaced by a snapshot that is older by a moment: less fresh, never more.
        assert!(self.follower.as_of() <= as_of || as_of.is_none());
        if as_of.is_some() {
            assert_eq!(before, place(&self.follower));
        }
    }

    fn check(&self) {
        let set = self.follower.set();
        for ((kind, id), until) in &self.given {
            if *until == 0 || self.now() <= *until {
                assert!(holds(set, *kind, id), "{kind:?} {id} was given, matters until {until} and is let in");
            }
        }
        for entry in set.entries_live(0) {
            let until = self.ever.get(&(entry.kind, base64url::encode(&entry.id)));
            assert!(until.is_some(), "{entry:?} was never revoked");
        }
        assert!(set.refused_keys().iter().all(|key| self.ever.contains_key(&(Kind::KeyRefused, key.clone()))));
        if let Some(as_of) = self.follower.as_of() {
            self.check_complete(as_of);
        }
    }

    /// Whoever is fresh as of a time holds all that was committed by then and that the issuer has not lost.
    fn check_complete(&self, as_of: u64) {
        for (entry, committed) in self.issuer.log.iter().zip(&self.committed_ms) {
            if *committed <= as_of && entry.is_live(self.now()) {
                let held = holds(self.follower.set(), entry.kind(), &entry.id());
                assert!(held, "{entry:?}, committed at {committed}, is let in by a set that is fresh as of {as_of}");
            }
        }
    }

    /// The line is good again: everything arrives, and both sides agree.
    fn settle(&mut self) {
        self.network.clear();
        for _ in 0..4 {
            self.now_ms += 1;
            let head = self.issuer.head(self.now_ms);
            self.deliver(&head);
            if self.follower.issuer_behind() {
                let proof = verify(self.follower.newest_proof().unwrap());
                assert!(proof.object().point().position() >= self.follower.position().unwrap());
                self.new_epoch(0);
            }
            self.fetch();
            self.check();
        }
        let point = self.issuer.point(self.issuer.last(), self.now_ms);
        assert_eq!(self.follower.position(), Some(point.position()));
        assert_eq!(self.follower.digest(), Some(point.set));
        assert_eq!(self.follower.as_of(), Some(self.now_ms));
        assert!(!self.follower.issuer_behind());
    }
}

fn new_follower() -> Follower {
    Follower::new(ISSUER, Arc::new(RevokedSet::new())).saving()
}

fn remember(held: &mut Held, entry: &Entry) {
    if entry.kind() == Kind::KeyAnnounced {
        return;
    }
    let until = held.entry((entry.kind(), entry.id().into_owned())).or_insert(1);
    *until = if *until == 0 || entry.until() == 0 { 0 } else { entry.until().max(*until) };
}

fn holds(set: &RevokedSet, kind: Kind, id: &str) -> bool {
    let entry = NewEntry::new(kind, id, 0, None).unwrap();
    subjects(entry.subject()).map_or_else(|| set.refuses_key(id), |subjects| set.look_up(&subjects).is_some())
}

fn run(steps: impl IntoIterator<Item = u64>) {
    let mut world = World::new();
    steps.into_iter().map(Step::of).for_each(|step| world.step(step));
    world.settle();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_on_the_way_the_follower_is_complete_or_knows_that_it_is_not(
        steps in prop::collection::vec(any::<u64>(), 0..150)
    ) {
        run(steps);
    }
}

/// As many steps as asked for, in worlds of up to 400 each, the same ones each time.
#[test]
fn a_long_life_holds_the_same_promises() {
    let steps: u64 = env::var("REVOCATION_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(4_000);
    let mut state = 0x5eed_u64;
    let mut draw = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut left = steps;
    while left > 0 {
        let length = (1 + draw() % 400).min(left);
        run((0..length).map(|_| draw()).collect::<Vec<_>>());
        left -= length;
    }
}
