//! A key ring that is kept, a clock moved by hand, and a witness who remembers what every key did.

use crate::support::memory::MemoryStore;
use crate::support::turns::{alone, together};
use countersign_core::audit::Actor;
use countersign_core::key_ring::{
    KeyRing, KeyState, MacKeyId, MacKeyState, MasterKey, OpenKeyRing, Purpose, RingKey, RingPolicy,
};
use countersign_core::ops::{KeyRingChanged, RotateKeys, RotationError};
use countersign_core::session::{Generation, SessionSecret};
use countersign_core::token::{MacKeys, MacStanding};
use countersign_core::{SessionId, Source, Span, Time};
use countersign_jose::limits::KEYS_MAX;
use countersign_jose::{Algorithm, KeyError, KeyId, SigningKey};
use std::collections::BTreeMap;
use std::sync::Mutex;

pub(crate) const ISSUER: &str = "https://auth.example.com";

/// What the tokens of a key have against every verifier's clock, beyond their lives.
const TAIL: Span = Span::from_seconds(90);

/// A clock moved by hand, and bytes of which no two draws are alike.
pub(crate) struct Hand {
    now: Mutex<Time>,
    draws: Mutex<u64>,
}

impl Source for Hand {
    fn now(&self) -> Time {
        *self.now.lock().unwrap()
    }

    fn fill(&self, bytes: &mut [u8]) {
        let mut draws = self.draws.lock().unwrap();
        *draws += 1;
        bytes.fill(0xa5);
        let number = draws.to_be_bytes();
        bytes[..number.len()].copy_from_slice(&number);
    }

    fn signing_key(&self, algorithm: Algorithm) -> Result<SigningKey, KeyError> {
        SigningKey::generate(algorithm)
    }
}

/// The ring and whoever keeps it.
pub(crate) struct Keeper {
    pub(crate) store: MemoryStore,
    pub(crate) policy: RingPolicy,
    source: Hand,
    master: MasterKey,
    witness: BTreeMap<String, Seen>,
    /// Whether the next change of the active key need not have been published ahead.
    excused: bool,
}

/// What is remembered of a key.
#[derive(Debug, Clone)]
struct Seen {
    published_at: Time,
    /// The last time at which it signed, and the longest life of a token that it may have signed.
    signed: Option<(Time, Span)>,
    revoked: bool,
    retired: bool,
}

impl Keeper {
    pub(crate) fn new(policy: RingPolicy) -> Self {
        Self {
            store: MemoryStore::new(),
            policy,
            source: Hand { now: Mutex::new(Time::from_millis(1_800_000_000_000)), draws: Mutex::new(0) },
            master: MasterKey::from_bytes([7; 32]),
            witness: BTreeMap::new(),
            excused: true,
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.source.now()
    }

    /// Time passes while the active key signs.
    pub(crate) fn pass(&mut self, span: Span) {
        let now = self.now() + span;
        *self.source.now.lock().unwrap() = now;
        let active = self.ring().keys.into_iter().find(|key| key.state == KeyState::Active);
        let lifetime = self.policy.token_lifetime;
        if let Some(seen) = active.and_then(|active| self.witness.get_mut(active.id.as_str())) {
            let longest = seen.signed.map_or(lifetime, |(_, before)| before.max(lifetime));
            seen.signed = Some((now, longest));
        }
    }

    pub(crate) fn ring(&self) -> KeyRing {
        self.store.kept().ring.clone()
    }

    pub(crate) fn open(&self) -> OpenKeyRing {
        let ring = self.ring();
        OpenKeyRing::open(&ring, &ring.storage_key(&self.master).unwrap(), ISSUER).unwrap()
    }

    pub(crate) fn keep(&mut self) {
        alone(self.operation().keep()).unwrap();
        self.check();
    }

    /// Two keep the ring at the same time, in this order of turns.
    pub(crate) fn keep_twice(&mut self, order: &[usize]) {
        let operation = self.operation();
        let kept = together(vec![operation.keep(), operation.keep()], order);
        assert!(kept.into_iter().all(|(_, ring)| ring.is_ok()));
        self.check();
    }

    pub(crate) fn rotate(&mut self, at_once: bool) -> KeyRingChanged {
        self.excused |= at_once;
        let changed = alone(self.operation().rotate(at_once)).unwrap();
        self.check();
        changed
    }

    pub(crate) fn rotate_mac(&mut self) -> KeyRingChanged {
        let changed = alone(self.operation().rotate_mac()).unwrap();
        self.check();
        changed
    }

    /// Revokes the key of this number, counted around.
    pub(crate) fn revoke(&mut self, number: usize) {
        let ring = self.ring();
        let Some(key) = ring.keys.get(number % ring.keys.len().max(1)) else { return };
        self.excused = true;
        assert!(matches!(alone(self.operation().revoke(&key.id)), Ok(KeyRingChanged::Revoked(_))));
        self.witness.get_mut(key.id.as_str()).unwrap().revoked = true;
        self.check();
    }

    /// Distrusts the MAC key of this number, counted around.
    pub(crate) fn distrust(&mut self, number: usize) {
        let ring = self.ring();
        let Some(key) = ring.mac_keys.get(number % ring.mac_keys.len().max(1)) else { return };
        assert!(matches!(alone(self.operation().distrust_mac(key.id, false)), Ok(KeyRingChanged::Revoked(_))));
        self.check();
    }

    pub(crate) fn import(&mut self, key: &SigningKey) -> Result<KeyRingChanged, RotationError> {
        let imported = alone(self.operation().import(key));
        self.check();
        imported
    }

    fn operation(&self) -> RotateKeys<'_> {
        RotateKeys {
            store: &self.store,
            source: &self.source,
            master: &self.master,
            policy: self.policy,
            actor: Actor::named("test"),
        }
    }

    /// What must hold of every ring that was kept.
    fn check(&mut self) {
        let ring = self.ring();
        let macs = ring.mac_keys.iter().filter(|key| key.state == MacKeyState::Active);
        assert_eq!(macs.count(), 1, "one MAC key makes tokens");
        let open = self.open();
        for (jwks, purpose) in [(&open.jwks, Purpose::AccessToken), (&open.feed_jwks, Purpose::Feed)] {
            assert!(jwks.keys.len() <= KEYS_MAX, "{} keys are published", jwks.keys.len());
            let keys = |state| ring.keys.iter().filter(move |key| key.purpose == purpose && key.state == state);
            assert_eq!(keys(KeyState::Active).count(), 1, "one key signs");
            assert!(keys(KeyState::Next).count() <= 1, "one key at most is published ahead");
            self.check_active(&keys(KeyState::Active).next().unwrap().clone());
        }
        self.excused = false;
        for key in &ring.keys {
            self.check_state(key);
        }
        self.check_published(&ring);
    }

    fn check_active(&self, active: &RingKey) {
        let seen = self.witness.get(active.id.as_str());
        let was_active = seen.is_some_and(|seen| seen.signed.is_some());
        if !was_active && !self.excused {
            let (published, ahead) =
                (self.now().since(active.published_at), self.policy.key.published_ahead(active.purpose));
            assert!(published >= ahead, "signs {published:?} after it was published");
        }
    }

    fn check_state(&mut self, key: &RingKey) {
        let now = self.now();
        let lifetime = self.policy.token_lifetime;
        let seen = self.witness.entry(key.id.as_str().to_owned()).or_insert_with(|| Seen {
            published_at: key.published_at,
            signed: None,
            revoked: false,
            retired: false,
        });
        assert_eq!(seen.published_at, key.published_at);
        assert_eq!(seen.revoked, key.state == KeyState::Revoked, "a revoked key stays revoked");
        match key.state {
            KeyState::Active => {
                assert!(!seen.retired, "a key that retired never signs again");
                let longest = seen.signed.map_or(lifetime, |(_, before)| before.max(lifetime));
                seen.signed = Some((now, longest));
            }
            KeyState::Retiring => seen.retired = true,
            KeyState::Next => assert!(seen.signed.is_none(), "a key that signed is not published ahead"),
            KeyState::Revoked => {}
        }
    }

    /// Whatever a key signed can still be verified, unless the key was revoked.
    fn check_published(&self, ring: &KeyRing) {
        for (id, seen) in &self.witness {
            let known = ring.keys.iter().any(|key| key.id.as_str() == id);
            let needed = seen.signed.is_some_and(|(last, lifetime)| self.now() < last + lifetime + TAIL);
            assert!(known || !(needed || seen.revoked), "{id} is gone: {seen:?}");
        }
    }

    pub(crate) fn revoked(&self) -> Vec<KeyId> {
        self.ring().keys.into_iter().filter(|key| key.state == KeyState::Revoked).map(|key| key.id).collect()
    }

    /// A token as whoever has that MAC key could make it.
    pub(crate) fn forge(&self, id: MacKeyId, session: SessionId, secret: &SessionSecret, at: Generation) -> String {
        let ring = self.ring();
        let key = ring.mac_keys.iter().find(|key| key.id == id).unwrap();
        let bytes = ring.storage_key(&self.master).unwrap().unseal_mac_key(id, &key.sealed).unwrap();
        let keys = MacKeys::new(ISSUER, id, &[(id, bytes, MacStanding::Trusted)]);
        keys.issue(session, secret, at).unwrap().to_string()
    }
}
