//! A fixed key, and an issuer that says whatever a test wants it to say.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::{Arc, LazyLock};

use countersign_jose::{KeySet, SigningKey, base64url};
use countersign_revocation::{
    Applied, Batch, Entry, Epoch, FeedObject, FeedSigner, Follower, Head, Kind, NewEntry, Part, Point, RevokedSet,
    Sequence, SetDigest, SignedObject, SnapshotId, SnapshotPart, Subject, Subjects,
};

pub(crate) const ISSUER: &str = "https://issuer.example";

/// The key of RFC 8037 §A.1, under the id `feed-1`.
const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"feed-1","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

static SIGNING: LazyLock<Arc<SigningKey>> = LazyLock::new(|| Arc::new(SigningKey::from_jwk(KEY.as_bytes()).unwrap()));
static KEYS: LazyLock<KeySet> = LazyLock::new(|| KeySet::new([SIGNING.verifying_key()]).unwrap());
pub(crate) static EPOCH: LazyLock<Epoch> = LazyLock::new(|| Epoch::new(1_750_000_000_000, [0xa5; 10]));

pub(crate) fn key() -> Arc<SigningKey> {
    SIGNING.clone()
}

pub(crate) fn keys() -> KeySet {
    KEYS.clone()
}

pub(crate) fn signer() -> FeedSigner {
    FeedSigner::new(key(), ISSUER).unwrap()
}

/// A point of the fixed epoch with an empty digest.
pub(crate) fn point(last: u64, as_of: u64) -> Point {
    Point { epoch: *EPOCH, last: Sequence(last), as_of, set: SetDigest::EMPTY }
}

/// The 128 bits that stand for a number.
pub(crate) fn id(number: u64) -> [u8; 16] {
    countersign_revocation::client_key(&number.to_string())
}

pub(crate) fn new_session(number: u64, until: u64) -> NewEntry {
    NewEntry::new(Kind::Session, &base64url::encode(&id(number)), until, None).unwrap()
}

/// Entry `number`, about the session of that number.
pub(crate) fn session(number: u64, until: u64) -> Entry {
    new_session(number, until).numbered(Sequence(number))
}

/// What a token would be looked up by that the entry refuses.
pub(crate) fn subjects(subject: &Subject) -> Option<Subjects> {
    let none = Subjects::default();
    match *subject {
        Subject::Session(id) => Some(Subjects { session: Some(id), ..none }),
        Subject::Token(id) => Some(Subjects { token: Some(id), ..none }),
        Subject::Client(id) => Some(Subjects { client: Some(id), ..none }),
        Subject::KeyRefused(_) | Subject::KeyAnnounced(_) => None,
    }
}

/// The issuer's side: one log, and objects about it.
pub(crate) struct Issuer {
    pub(crate) epoch: Epoch,
    pub(crate) log: Vec<Entry>,
    snapshots: u64,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        Self { epoch: *EPOCH, log: Vec::new(), snapshots: 0 }
    }

    pub(crate) fn last(&self) -> u64 {
        u64::try_from(self.log.len()).unwrap()
    }

    pub(crate) fn append(&mut self, entry: NewEntry) {
        let sequence = Sequence(self.last() + 1);
        self.log.push(entry.numbered(sequence));
    }

    /// The point after the first `last` entries.
    pub(crate) fn point(&self, last: u64, as_of: u64) -> Point {
        let mut set = SetDigest::EMPTY;
        for entry in &self.log[..usize::try_from(last).unwrap()] {
            set.toggle(self.epoch, entry);
        }
        Point { epoch: self.epoch, last: Sequence(last), as_of, set }
    }

    /// Entries `first` to `last`.
    pub(crate) fn batch(&self, first: u64, last: u64, as_of: u64) -> SignedObject {
        let entries = &self.log[usize::try_from(first - 1).unwrap()..usize::try_from(last).unwrap()];
        sign(Batch::new(self.point(last, as_of), entries.to_vec()).unwrap())
    }

    pub(crate) fn head(&self, as_of: u64) -> SignedObject {
        sign(Head::new(self.point(self.last(), as_of)).unwrap())
    }

    /// What matters still at `as_of`, in parts of `size` entries.
    pub(crate) fn snapshot(&mut self, as_of: u64, size: usize) -> Vec<SignedObject> {
        let live: Vec<Entry> = self.log.iter().filter(|entry| entry.is_live(as_of / 1000)).cloned().collect();
        let mut digest = SetDigest::EMPTY;
        live.iter().for_each(|entry| digest.toggle(self.epoch, entry));
        self.snapshots += 1;
        let (id, point) = (SnapshotId(id(self.snapshots)), self.point(self.last(), as_of));
        let chunks: Vec<&[Entry]> = if live.is_empty() { vec![&[]] } else { live.chunks(size).collect() };
        let of = u32::try_from(chunks.len()).unwrap();
        let parts = (1..=of).zip(chunks).map(|(number, entries)| {
            sign(SnapshotPart::new(point, id, Part { number, of }, digest, entries.to_vec()).unwrap())
        });
        parts.collect()
    }
}

/// Signs and reads back.
pub(crate) fn sign(object: impl Into<FeedObject>) -> SignedObject {
    verify(&signer().sign(&object.into()).unwrap())
}

pub(crate) fn verify(text: &str) -> SignedObject {
    SignedObject::verify(text, &KEYS, ISSUER).unwrap()
}

/// An issuer and one who follows it.
pub(crate) struct Feed {
    pub(crate) issuer: Issuer,
    pub(crate) follower: Follower,
}

impl Feed {
    /// Nothing said, nothing held.
    pub(crate) fn new() -> Self {
        let follower = Follower::new(ISSUER, Arc::new(RevokedSet::new())).saving();
        Self { issuer: Issuer::new(), follower }
    }

    /// `entries` sessions revoked until second 1,000, all of them held as of millisecond 1,000.
    pub(crate) fn joined(entries: u64) -> Self {
        let mut feed = Self::new();
        (1..=entries).for_each(|number| feed.issuer.append(new_session(number, 1_000)));
        let parts = feed.issuer.snapshot(1_000, 4_096);
        assert!(parts.iter().all(|part| feed.apply(part) == Applied::Advanced));
        feed
    }

    pub(crate) fn apply(&mut self, object: &SignedObject) -> Applied {
        self.follower.apply(object, 0)
    }

    pub(crate) fn set(&self) -> &RevokedSet {
        self.follower.set()
    }

    pub(crate) fn last(&self) -> Option<u64> {
        self.follower.position().map(|position| position.sequence.0)
    }

    pub(crate) fn holds(&self, number: u64) -> bool {
        self.set().look_up(&Subjects { session: Some(id(number)), ..Subjects::default() }).is_some()
    }
}
