//! From the ending of a session to a verifier's answer about a token, with everything in between that can go wrong, against
//! a model that simply remembers: issue, refresh, revoke, expire, forget, lose, restart, in a random order.
//!
//! `FEED_MODEL_STEPS=1000000 cargo test --release -p countersign-server feed::model` is the long run.

use super::hub::Hub;
use super::log::{FeedLog, Taken};
use countersign_core::client::ClientId;
use countersign_core::limits::{ACCESS_LIFETIME_MAX, MINT_AHEAD};
use countersign_core::revocation::{Entry, Revocation, Sequence, SetDigest};
use countersign_core::store::FeedPage;
use countersign_core::{Epoch, SessionId, Span, Time, TokenId};
use countersign_jose::{Algorithm, KeySet, SigningKey, Timestamp};
use countersign_revocation::{
    Applied, FeedSigner, Follower, Position, RevokedSet, Save, SignedObject, SnapshotId, Subjects, client_key,
};
use std::sync::Arc;

const ISSUER: &str = "https://issuer.example";
const EPOCH: Epoch = Epoch::new(1_800_000_000_000, [7; 10]);
const BEGIN: Time = Time::from_millis(1_800_000_000_000);
const CLIENTS: u64 = 5;
/// The longest leeway that a verifier grants.
const LEEWAY: Span = Span::from_seconds(60);
const SETTLED_EVERY: u64 = 64;

/// splitmix64: the same steps on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// What a database keeps of the feed.
struct Storage {
    entries: Vec<Entry>,
    last: Sequence,
    set: SetDigest,
}

impl Storage {
    fn append(&mut self, revocation: &Revocation) {
        self.last = self.last.next();
        let entry = revocation.entry().unwrap().numbered(self.last);
        self.set.toggle(EPOCH, &entry);
        self.entries.push(entry);
    }

    fn page(&self, after: Sequence) -> FeedPage {
        let entries = self.entries.iter().filter(|entry| entry.sequence() > after).take(100).cloned().collect();
        FeedPage { epoch: EPOCH, last: self.last, set: self.set, entries }
    }
}

struct Session {
    id: SessionId,
    client: u64,
    last_token_expires_at: Time,
    ended: bool,
}

struct Token {
    id: TokenId,
    session: usize,
    expires_at: Time,
    revoked: bool,
}

/// All of it.
struct World {
    dice: Dice,
    now: Time,
    storage: Storage,
    hub: Hub,
    signer: FeedSigner,
    keys: KeySet,
    follower: Follower,
    saved: Vec<Arc<str>>,
    sessions: Vec<Session>,
    tokens: Vec<Token>,
    /// The last second in which their tokens are refused.
    clients_refused_until: [Timestamp; CLIENTS as usize],
    ids: u128,
    compared: u64,
}

fn client(number: u64) -> ClientId {
    ClientId::parse(&format!("client-{number}")).unwrap()
}

impl World {
    fn new(seed: u64) -> Self {
        let key = Arc::new(SigningKey::generate(Algorithm::EdDsa).unwrap());
        Self {
            dice: Dice(seed),
            now: BEGIN,
            storage: Storage { entries: Vec::new(), last: Sequence::ZERO, set: SetDigest::EMPTY },
            hub: Hub::of(FeedLog::begin(EPOCH), BEGIN),
            keys: KeySet::new([key.verifying_key()]).unwrap(),
            signer: FeedSigner::new(key, ISSUER).unwrap(),
            follower: Follower::new(ISSUER, Arc::new(RevokedSet::new())).saving(),
            saved: Vec::new(),
            sessions: Vec::new(),
            tokens: Vec::new(),
            clients_refused_until: [Timestamp::from_seconds(0); CLIENTS as usize],
            ids: 1 << 100,
            compared: 0,
        }
    }

    fn step(&mut self) {
        match self.dice.roll(100) {
            0..=19 => self.sign_in(),
            20..=44 => self.refresh(),
            45..=59 => self.end_session(),
            60..=63 => self.revoke_token(),
            64 => self.revoke_client(),
            65..=74 => self.now = self.now + Span::from_millis(self.dice.roll(60_000)),
            75..=77 => self.forget(),
            78..=84 => self.publish(),
            85..=93 => self.poll(),
            94..=96 => drop(self.listen()), // lost on the way
            97 => self.restart_server(),
            98 => self.restart_verifier_from_disk(),
            _ => self.restart_verifier(),
        }
    }

    fn fresh_id(&mut self) -> [u8; 16] {
        self.ids += 1;
        self.ids.to_be_bytes()
    }

    fn sign_in(&mut self) {
        let (id, client) = (SessionId::from_bytes(self.fresh_id()), self.dice.roll(CLIENTS));
        self.sessions.push(Session { id, client, last_token_expires_at: self.now, ended: false });
        self.mint(self.sessions.len() - 1);
    }

    fn refresh(&mut self) {
        if let Some(session) = self.live_session() {
            self.mint(session);
        }
    }

    /// The mint rule: what the row says reaches beyond the token's `exp` before the token is there.
    fn mint(&mut self, session: usize) {
        let lifetime = Span::from_seconds(1 + self.dice.roll(ACCESS_LIFETIME_MAX.as_seconds()));
        let expires_at = Time::from_timestamp((self.now + lifetime).timestamp());
        let row = &mut self.sessions[session];
        if row.last_token_expires_at < expires_at {
            row.last_token_expires_at = expires_at + MINT_AHEAD;
        }
        let id = TokenId::from_bytes(self.fresh_id());
        self.tokens.push(Token { id, session, expires_at, revoked: false });
    }

    fn live_session(&mut self) -> Option<usize> {
        let live: Vec<_> = (0..self.sessions.len()).rev().filter(|at| !self.sessions[*at].ended).take(200).collect();
        (!live.is_empty()).then(|| live[self.dice.roll(live.len() as u64) as usize])
    }

    fn end_session(&mut self) {
        let Some(at) = self.live_session() else { return };
        let session = &mut self.sessions[at];
        session.ended = true;
        if let Some(entry) = Revocation::of_session(session.id, session.last_token_expires_at, self.now) {
            self.storage.append(&entry);
        }
    }

    fn revoke_token(&mut self) {
        if self.tokens.is_empty() {
            return;
        }
        let at = self.dice.roll(self.tokens.len() as u64) as usize;
        let token = &mut self.tokens[at];
        token.revoked = true;
        self.storage.append(&Revocation::of_token(token.id, token.expires_at.timestamp()));
    }

    fn revoke_client(&mut self) {
        let number = self.dice.roll(CLIENTS);
        let entry = Revocation::of_client(client(number), ACCESS_LIFETIME_MAX, self.now);
        self.clients_refused_until[number as usize] = entry.until.unwrap();
        self.storage.append(&entry);
    }

    /// The hourly sweep; and what nobody can ask about any more is forgotten by the model too.
    fn forget(&mut self) {
        let now = self.now;
        self.storage.entries.retain(|entry| entry.is_live(now.timestamp().as_seconds()));
        self.hub.expire(now);
        self.tokens.retain(|token| token.expires_at + LEEWAY > now);
    }

    fn publish(&mut self) {
        loop {
            let page = self.storage.page(self.hub.position().sequence);
            match self.hub.take(&page, self.now, &self.signer).unwrap() {
                Taken::Unmoved => break,
                Taken::Advanced(_) => {}
                // Forgotten before it was published.
                Taken::Gap => self.restart_server(),
                other => panic!("{other:?}"),
            }
        }
        self.hub.beat(&self.signer).unwrap();
    }

    fn restart_server(&mut self) {
        let mut log = FeedLog::begin(EPOCH);
        loop {
            let page = self.storage.page(log.position().sequence);
            log.load(&page);
            if page.entries.is_empty() {
                break;
            }
        }
        self.hub = Hub::of(log, self.now);
    }

    /// What a verifier at the follower's position is sent; none where it needs a snapshot.
    fn listen(&self) -> Option<Vec<Arc<str>>> {
        let after = self.follower.position()?;
        let subscription = self.hub.subscribe(Some(after), &self.signer).unwrap()?;
        Some(subscription.backlog.into_iter().map(|object| object.text).collect())
    }

    fn poll(&mut self) {
        let needs_snapshot = match self.listen() {
            None => true,
            Some(texts) => texts.iter().any(|text| matches!(self.apply(text), Applied::NeedSnapshot { .. })),
        };
        if needs_snapshot {
            let id = SnapshotId(self.fresh_id());
            for text in &*self.hub.snapshot(id, self.now, &self.signer).unwrap() {
                let _ = self.apply(text);
            }
        }
        self.save();
    }

    fn apply(&mut self, text: &Arc<str>) -> Applied {
        let object = SignedObject::verify(Arc::clone(text), &self.keys, ISSUER).unwrap();
        self.follower.apply(&object, self.now.timestamp().as_seconds())
    }

    fn save(&mut self) {
        for save in self.follower.take_saves() {
            match save {
                Save::Snapshot { texts, .. } => self.saved = texts,
                Save::Batch(text) | Save::Head(text) => self.saved.push(text),
            }
        }
    }

    fn restart_verifier(&mut self) {
        self.follower = Follower::new(ISSUER, Arc::new(RevokedSet::new())).saving();
        self.saved.clear();
        self.poll();
    }

    fn restart_verifier_from_disk(&mut self) {
        self.follower = Follower::new(ISSUER, Arc::new(RevokedSet::new())).saving();
        for text in std::mem::take(&mut self.saved) {
            let _ = self.apply(&text);
        }
        self.save();
    }

    fn subjects(&self, token: &Token) -> Subjects {
        let session = &self.sessions[token.session];
        Subjects {
            session: Some(*session.id.as_bytes()),
            token: Some(*token.id.as_bytes()),
            client: Some(client_key(client(session.client).as_str())),
        }
    }

    /// Whether the model refuses it.
    fn refuses(&self, token: &Token) -> bool {
        let session = &self.sessions[token.session];
        token.revoked || session.ended || self.clients_refused_until[session.client as usize] >= self.now.timestamp()
    }

    /// Everything is delivered: then every answer about a token that anybody could still take is the model's.
    fn settle(&mut self) {
        self.publish();
        while self.follower.position() != Some(Position { epoch: EPOCH, sequence: self.storage.last }) {
            self.poll();
        }
        self.poll();
        assert_eq!(self.follower.digest(), Some(self.storage.set));
        assert_eq!(self.follower.as_of(), Some(self.now.as_millis()));
        for token in self.tokens.iter().filter(|token| token.expires_at + LEEWAY > self.now) {
            let refused = self.follower.set().look_up(&self.subjects(token)).is_some();
            assert_eq!(refused, self.refuses(token), "at {:?}, expires {:?}", self.now, token.expires_at);
            self.compared += 1;
        }
    }
}

#[test]
fn every_answer_about_every_unexpired_token_is_the_models() {
    let steps = std::env::var("FEED_MODEL_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(5_000);
    let mut world = World::new(1);
    for step in 1..=steps {
        world.step();
        if step % SETTLED_EVERY == 0 {
            world.settle();
            world.forget();
        }
    }
    assert!(world.compared > steps, "{} answers compared in {steps} steps", world.compared);
}
