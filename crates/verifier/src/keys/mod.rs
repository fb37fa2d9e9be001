//! The issuer's token keys: swapped whole, never locked where requests read them.

mod refresh;
mod unknown;

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwap;
use countersign_jose::{KeySet, Thumbprint, VerifyingKey};
use countersign_revocation::RevokedSet;
use tokio::sync::watch;

pub(crate) use refresh::Refresh;
pub(crate) use unknown::{Asked, Unknown};

/// The keys that count now, and how often they have changed.
pub(crate) struct Ring {
    pub(crate) keys: KeySet,
    pub(crate) generation: u64,
}

/// What was published, less what was refused.
pub(crate) struct Keys {
    ring: ArcSwap<Ring>,
    /// Raised after each change of the ring: what was verified under an older number must be verified again.
    generation: AtomicU64,
    published: Mutex<Option<KeySet>>,
    /// Counts the fetches that have ended.
    fetched: watch::Sender<u64>,
    pub(crate) unknown: Unknown,
}

impl Keys {
    pub(crate) fn new(unknown: Unknown) -> Self {
        let ring = Ring { keys: KeySet::default(), generation: 0 };
        Self {
            ring: ArcSwap::from_pointee(ring),
            generation: AtomicU64::new(0),
            published: Mutex::new(None),
            fetched: watch::Sender::new(0),
            unknown,
        }
    }

    /// The keys to verify with.
    pub(crate) fn ring(&self) -> Arc<Ring> {
        self.ring.load_full()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether a key set was ever fetched or read back.
    pub(crate) fn are_known(&self) -> bool {
        self.lock().is_some()
    }

    /// Takes a key set as it was published. True if anything changed.
    pub(crate) fn install(&self, published: KeySet, revoked: &RevokedSet) -> bool {
        let mut held = self.lock();
        let changed = self.swap(&published, revoked);
        *held = Some(published);
        changed
    }

    /// Leaves out keys that have been refused since. True if anything changed.
    pub(crate) fn rebuild(&self, revoked: &RevokedSet) -> bool {
        let held = self.lock();
        held.as_ref().is_some_and(|published| self.swap(published, revoked))
    }

    /// A fetch has ended, well or not: whoever waits for it looks again.
    pub(crate) fn fetch_ended(&self) {
        self.unknown.fetch_ended();
        self.fetched.send_modify(|count| *count += 1);
    }

    /// Tells of every fetch that ends from now on.
    pub(crate) fn fetches(&self) -> watch::Receiver<u64> {
        self.fetched.subscribe()
    }

    /// Only ever called with `published` locked: one writer at a time.
    fn swap(&self, published: &KeySet, revoked: &RevokedSet) -> bool {
        let usable: Vec<VerifyingKey> =
            published.iter().filter(|key| !revoked.refuses_key(key.id().as_str())).cloned().collect();
        let current = self.ring.load();
        if names(current.keys.iter()) == names(usable.iter()) {
            return false;
        }
        // A part of a set that was allowed is allowed.
        let Ok(keys) = KeySet::new(usable) else { return false };
        let generation = current.generation + 1;
        self.ring.store(Arc::new(Ring { keys, generation }));
        self.generation.store(generation, Ordering::Release);
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<KeySet>> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells two sets of keys apart.
fn names<'k>(keys: impl Iterator<Item = &'k VerifyingKey>) -> Vec<(String, Thumbprint)> {
    let mut names: Vec<_> = keys.map(|key| (key.id().to_string(), key.thumbprint())).collect();
    names.sort_unstable_by(|(one, _), (next, _)| one.cmp(next));
    names
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_jose::{Algorithm, KeyId, SigningKey};
    use countersign_revocation::{NewEntry, Sequence};

    use super::*;

    fn key(id: &str) -> VerifyingKey {
        SigningKey::generate(Algorithm::EdDsa).unwrap().with_id(KeyId::new(id).unwrap()).verifying_key()
    }

    fn set(keys: &[&VerifyingKey]) -> KeySet {
        KeySet::new(keys.iter().copied().cloned()).unwrap()
    }

    #[test]
    fn the_generation_moves_with_every_change_and_only_then() {
        let (keys, revoked) = (Keys::new(Unknown::new(Duration::ZERO)), RevokedSet::new());
        let (one, two) = (key("1"), key("2"));
        assert!(!keys.are_known());
        assert!(keys.install(set(&[&one]), &revoked));
        assert!(!keys.install(set(&[&one]), &revoked));
        assert!(keys.install(set(&[&one, &two]), &revoked));
        assert_eq!(keys.generation(), 2);
        assert!(keys.install(set(&[&key("1"), &two]), &revoked), "another key under the same id");
        assert_eq!((keys.generation(), keys.ring().generation), (3, 3));
    }

    #[test]
    fn a_refused_key_comes_back_from_no_source() {
        let (keys, revoked) = (Keys::new(Unknown::new(Duration::ZERO)), RevokedSet::new());
        let (one, two) = (key("1"), key("2"));
        keys.install(set(&[&one, &two]), &revoked);
        revoked.insert(&NewEntry::key_refused(one.id().clone()).numbered(Sequence(1)));
        assert!(keys.rebuild(&revoked));
        assert!(keys.ring().keys.get("1").is_none() && keys.ring().keys.get("2").is_some());
        assert!(!keys.install(set(&[&one, &two]), &revoked));
        assert!(keys.install(set(&[&key("1")]), &revoked), "the other key is gone");
        assert!(keys.ring().keys.is_empty());
    }
}
