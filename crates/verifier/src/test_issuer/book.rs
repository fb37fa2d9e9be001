//! What the issuer knows: keys, and the log of the feed.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use countersign_jose::{Algorithm, Jwk, JwkSet, KeyId, SigningKey};
use countersign_revocation::{
    Batch, Entry, Epoch, FeedObject, FeedSigner, Head, NewEntry, Point, Position, Sequence, SetDigest, SnapshotId,
    batch_chunks, snapshot_parts,
};

use super::stream::Fault;

/// Keys, log, and counts of what was asked.
pub(super) struct Book {
    keys: Vec<Arc<SigningKey>>,
    active: Arc<SigningKey>,
    keys_made: u32,
    feed: FeedSigner,
    feed_keys: Vec<Arc<SigningKey>>,
    epoch: Epoch,
    log: Vec<Entry>,
    digests: Vec<SetDigest>,
    snapshots: u128,
    /// Heads of epochs that have ended, and of yesterday.
    pub(super) old_objects: Vec<String>,
    pub(super) fault: Fault,
    pub(super) requests: HashMap<String, u64>,
    pub(super) applied: BTreeMap<String, Position>,
    pub(super) proofs_of_loss: usize,
    /// Tokens that read the feed.
    pub(super) feed_tokens: HashSet<String>,
    pub(super) hides_feed: bool,
}

#[expect(clippy::expect_used, reason = "a test kit: a test fails by panicking")]
impl Book {
    pub(super) fn new(issuer: &str, now_ms: u64) -> Self {
        let (active, feed_key) = (new_key(Algorithm::Es256, "key-1"), new_key(Algorithm::EdDsa, "feed-1"));
        Self {
            keys: vec![active.clone()],
            active,
            keys_made: 1,
            feed: FeedSigner::new(feed_key.clone(), issuer).expect("an Ed25519 key"),
            feed_keys: vec![feed_key],
            epoch: Epoch::new(now_ms, [7; 10]),
            log: Vec::new(),
            digests: vec![SetDigest::EMPTY],
            snapshots: 0,
            old_objects: Vec::new(),
            fault: Fault::None,
            requests: HashMap::new(),
            applied: BTreeMap::new(),
            proofs_of_loss: 0,
            feed_tokens: HashSet::new(),
            hides_feed: false,
        }
    }

    pub(super) const fn active_key(&self) -> &Arc<SigningKey> {
        &self.active
    }

    pub(super) fn add_key(&mut self) -> Arc<SigningKey> {
        self.keys_made += 1;
        let key = new_key(Algorithm::Es256, &format!("key-{}", self.keys_made));
        self.keys.push(key.clone());
        key
    }

    pub(super) fn activate(&mut self, id: &str) {
        self.active = self.keys.iter().find(|key| key.id().as_str() == id).expect("a published key").clone();
    }

    pub(super) fn remove_key(&mut self, id: &str) {
        self.keys.retain(|key| key.id().as_str() != id);
    }

    pub(super) fn jwks(&self) -> JwkSet {
        public(&self.keys)
    }

    pub(super) fn feed_jwks(&self) -> JwkSet {
        public(&self.feed_keys)
    }

    pub(super) fn rotate_feed_key(&mut self, issuer: &str) {
        let key = new_key(Algorithm::EdDsa, &format!("feed-{}", self.feed_keys.len() + 1));
        self.feed_keys.push(key.clone());
        self.feed = FeedSigner::new(key, issuer).expect("an Ed25519 key");
    }

    pub(super) fn position(&self) -> Position {
        Position { epoch: self.epoch, sequence: Sequence(self.log.len() as u64) }
    }

    pub(super) fn digest(&self) -> SetDigest {
        *self.digests.last().expect("never empty")
    }

    pub(super) fn append(&mut self, entry: NewEntry) {
        let entry = entry.numbered(self.position().sequence.next());
        let mut digest = self.digest();
        digest.toggle(self.epoch, &entry);
        self.digests.push(digest);
        self.log.push(entry);
    }

    pub(super) fn begin_epoch(&mut self, now_ms: u64, keep: bool) {
        self.old_objects.push(self.head(now_ms));
        self.epoch = Epoch::new_later_than(Some(self.epoch), now_ms, [8; 10]);
        self.digests = vec![SetDigest::EMPTY];
        let old = std::mem::take(&mut self.log);
        if keep {
            old.into_iter()
                .filter(|entry| entry.is_live(now_ms / 1_000))
                .for_each(|entry| self.append(entry.into_new()));
        }
    }

    pub(super) fn forget_last(&mut self, entries: usize) {
        self.log.truncate(self.log.len().saturating_sub(entries));
        self.digests.truncate(self.log.len() + 1);
    }

    /// Batches of everything after `after`; none if there is nothing.
    pub(super) fn batches(&self, after: Sequence, now_ms: u64) -> Vec<String> {
        let skip = usize::try_from(after.0).unwrap_or(usize::MAX);
        let entries: Vec<Entry> = self.log.iter().skip(skip).cloned().collect();
        let chunks = batch_chunks(entries).into_iter();
        let sign = |chunk: Vec<Entry>| {
            let last = chunk.last().map_or(0, |entry| entry.sequence().0);
            let as_of = if last == self.log.len() as u64 { now_ms } else { 0 };
            self.sign(&Batch::new(self.point(last, as_of), chunk).expect("a batch").into())
        };
        chunks.map(sign).collect()
    }

    pub(super) fn head(&self, now_ms: u64) -> String {
        self.sign(&Head::new(self.point(self.log.len() as u64, now_ms)).expect("a head").into())
    }

    pub(super) fn snapshot(&mut self, now_ms: u64) -> Vec<String> {
        self.snapshots += 1;
        let live = self.log.iter().filter(|entry| entry.is_live(now_ms / 1_000)).cloned().collect();
        let point = self.point(self.log.len() as u64, now_ms);
        let parts = snapshot_parts(point, SnapshotId(self.snapshots.to_be_bytes()), live).expect("a snapshot");
        parts.into_iter().map(|part| self.sign(&part.into())).collect()
    }

    /// Whether a session is among what was revoked: what introspection answers by.
    pub(super) fn is_revoked(&self, session: &str) -> bool {
        self.log.iter().any(|entry| entry.id() == session)
    }

    pub(super) fn keep_feed_token(&mut self, token: &str) {
        self.feed_tokens.insert(token.to_owned());
    }

    fn point(&self, last: u64, as_of: u64) -> Point {
        let index = usize::try_from(last).unwrap_or(usize::MAX);
        let set = *self.digests.get(index).expect("a number of the log");
        Point { epoch: self.epoch, last: Sequence(last), as_of, set }
    }

    fn sign(&self, object: &FeedObject) -> String {
        self.feed.sign(object).expect("an object within its limits")
    }
}

#[expect(clippy::expect_used, reason = "a test kit: a test fails by panicking")]
fn new_key(algorithm: Algorithm, id: &str) -> Arc<SigningKey> {
    let key = SigningKey::generate(algorithm).expect("a new key");
    Arc::new(key.with_id(KeyId::new(id).expect("a key id")))
}

fn public(keys: &[Arc<SigningKey>]) -> JwkSet {
    let keys: Vec<Jwk> = keys.iter().filter_map(|key| key.verifying_key().to_jwk()).collect();
    JwkSet { keys }
}
