//! The rule for unknown key ids: one fetch in a cool-down, whoever asks and however often.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::limits::{UNKNOWN_KEY_LIFE_MS, UNKNOWN_KEYS_MAX};

/// What became of a question for an unknown key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A fetch is on its way: it may be worth while to wait for it.
    Fetching,
    /// No fetch is caused: the last was too recent, or this id was looked for before.
    Refused,
}

/// Who asked for what, and when a fetch was last caused.
#[derive(Debug)]
pub(crate) struct Unknown {
    cooldown_ms: u64,
    hasher: RandomState,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    last_caused_ms: Option<u64>,
    /// A fetch was caused that has not begun.
    is_caused: bool,
    /// A fetch that was caused is running.
    is_running: bool,
    /// Ids that were looked for: by hash, so that they take no room; with when. At most so many.
    missed: HashMap<u64, u64>,
    order: VecDeque<u64>,
}

impl Unknown {
    pub(crate) fn new(cooldown: Duration) -> Self {
        Self {
            cooldown_ms: u64::try_from(cooldown.as_millis()).unwrap_or(u64::MAX),
            hasher: RandomState::new(),
            state: Mutex::new(State::default()),
            wake: Notify::new(),
        }
    }

    /// No key has that id: may be that one should be fetched.
    pub(crate) fn ask(&self, kid: &str, monotonic_ms: u64) -> Asked {
        let hash = self.hasher.hash_one(kid);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_fetching() {
            return Asked::Fetching;
        }
        let is_old = |since: &u64| monotonic_ms.saturating_sub(*since) >= UNKNOWN_KEY_LIFE_MS;
        if state.missed.get(&hash).is_some_and(|since| !is_old(since)) {
            return Asked::Refused;
        }
        if state.last_caused_ms.is_some_and(|last| monotonic_ms.saturating_sub(last) < self.cooldown_ms) {
            return Asked::Refused;
        }
        state.remember(hash, monotonic_ms);
        state.last_caused_ms = Some(monotonic_ms);
        state.is_caused = true;
        drop(state);
        self.wake.notify_one();
        Asked::Fetching
    }

    /// Resolves when a fetch was caused.
    pub(crate) async fn caused(&self) {
        self.wake.notified().await;
    }

    /// Whether a fetch that was caused has not ended.
    pub(crate) fn is_fetching(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_fetching()
    }

    /// A fetch begins, for whatever reason: it answers what was asked before.
    pub(super) fn fetch_began(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_running = std::mem::take(&mut state.is_caused);
    }

    pub(super) fn fetch_ended(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_running = false;
    }
}

impl State {
    const fn is_fetching(&self) -> bool {
        self.is_caused || self.is_running
    }

    fn remember(&mut self, hash: u64, monotonic_ms: u64) {
        if self.missed.insert(hash, monotonic_ms).is_some() {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > UNKNOWN_KEYS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.missed.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOLDOWN_MS: u64 = 30_000;

    fn fetch(unknown: &Unknown) {
        unknown.fetch_began();
        unknown.fetch_ended();
    }

    fn rule() -> Unknown {
        Unknown::new(Duration::from_millis(COOLDOWN_MS))
    }

    #[test]
    fn any_number_of_ids_cause_one_fetch_in_a_cooldown() {
        let unknown = rule();
        assert_eq!(unknown.ask("k0", 0), Asked::Fetching);
        assert_eq!(unknown.ask("k1", 1), Asked::Fetching, "the same fetch");
        fetch(&unknown);
        let caused = |from: u64| (from..from + 10_000).filter(|n| unknown.ask(&format!("k{n}"), *n) == Asked::Fetching);
        assert_eq!(caused(2).count(), 0);
        assert_eq!(unknown.ask("new", COOLDOWN_MS), Asked::Fetching);
    }

    #[test]
    fn a_fetch_that_ran_already_answers_no_question() {
        let unknown = rule();
        unknown.fetch_began();
        assert_eq!(unknown.ask("k0", 0), Asked::Fetching);
        unknown.fetch_ended();
        assert!(unknown.is_fetching(), "the one that was caused is yet to come");
        fetch(&unknown);
        assert!(!unknown.is_fetching());
    }

    #[test]
    fn an_id_that_was_looked_for_causes_no_second_fetch_for_a_while() {
        let unknown = rule();
        assert_eq!(unknown.ask("k0", 0), Asked::Fetching);
        fetch(&unknown);
        assert_eq!(unknown.ask("k0", 2 * COOLDOWN_MS), Asked::Refused);
        assert_eq!(unknown.ask("k0", UNKNOWN_KEY_LIFE_MS), Asked::Fetching);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let unknown = rule();
        for n in 0..2_000_u64 {
            assert_eq!(unknown.ask(&format!("k{n}"), n * COOLDOWN_MS), Asked::Fetching);
            fetch(&unknown);
        }
        let state = unknown.state.lock().unwrap();
        assert_eq!((state.missed.len(), state.order.len()), (UNKNOWN_KEYS_MAX, UNKNOWN_KEYS_MAX));
    }
}
