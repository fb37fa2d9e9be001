//! How old the keys are, by use and state: never by `kid`, of which there are ever more.

use super::exposition::{Exposition, Series};
use super::names::{KEY_AGE, KEYS};
use arc_swap::ArcSwap;
use countersign_core::Time;
use countersign_core::key_ring::{KeyRing, KeyState};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The keys of the ring that is in use.
#[derive(Debug, Default)]
pub(crate) struct KeyAges(ArcSwap<BTreeMap<(&'static str, &'static str), Standing>>);

#[derive(Debug, Clone, Copy)]
struct Standing {
    keys: u64,
    oldest: Time,
}

// What access and feed keys are to signing, MAC keys are to refresh tokens.
const REFRESH_TOKEN: &str = "refresh_token";

impl KeyAges {
    /// Takes the ages from `ring`: an active key's since it signs, any other's since it was made public.
    pub(crate) fn take(&self, ring: &KeyRing) {
        let signing = ring.keys.iter().map(|key| {
            let since = if key.state == KeyState::Active { key.activated_at } else { None };
            ((key.purpose.code(), key.state.code()), since.unwrap_or(key.published_at))
        });
        let mac = ring.mac_keys.iter().map(|key| ((REFRESH_TOKEN, key.state.code()), key.created_at));
        let mut standings: BTreeMap<_, Standing> = BTreeMap::new();
        for (name, since) in signing.chain(mac) {
            let standing = standings.entry(name).or_insert(Standing { keys: 0, oldest: since });
            standing.keys += 1;
            standing.oldest = standing.oldest.min(since);
        }
        self.0.store(Arc::new(standings));
    }

    pub(crate) fn expose(&self, exposition: &mut Exposition, now: Time) {
        let standings = self.0.load();
        let all = || standings.iter().map(|((purpose, state), standing)| ([*purpose, *state], standing));
        exposition.add(KEYS, all().map(|(labels, standing)| Series::level(labels, standing.keys)));
        let ages = all().map(|(labels, standing)| Series::millis(labels, now.since(standing.oldest).as_millis()));
        exposition.add(KEY_AGE, ages);
    }
}
