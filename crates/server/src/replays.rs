//! What counts once: client assertions (RFC 7523 §3) and proofs of possession (RFC 9449 §11.1), remembered for at least as
//! long as they would be accepted.

use crate::limits::REPLAYS_MAX;
use countersign_core::session::SecretHash;
use countersign_core::{Span, Time};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Two generations of what was seen, the older of which is dropped whole.
#[derive(Debug)]
pub(crate) struct Replays {
    remembered: Span,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    current: HashSet<[u8; 32]>,
    previous: HashSet<[u8; 32]>,
    began: Option<Time>,
}

impl Replays {
    /// What is remembered for at least so long.
    pub(crate) fn remembering(remembered: Span) -> Self {
        Self { remembered, seen: Mutex::default() }
    }

    /// Whether this is the first time that `owner` (a key, a client) shows `id`. What can't be remembered is not let in.
    pub(crate) fn is_first(&self, owner: &str, id: &str, now: Time) -> bool {
        // An owner may choose its ids, but not into another owner's way: a length stands between the two.
        let key = *SecretHash::of(format!("{} {owner} {id}", owner.len()).as_bytes()).as_bytes();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.began.is_none_or(|began| now.since(began) >= self.remembered) {
            seen.previous = std::mem::take(&mut seen.current);
            seen.began = Some(now);
        }
        let known = seen.previous.contains(&key) || seen.current.contains(&key);
        let full = seen.current.len() + seen.previous.len() >= REPLAYS_MAX;
        !known && !full && seen.current.insert(key)
    }
}

#[cfg(test)]
mod tests {
    use super::Replays;
    use countersign_core::{Span, Time};

    const REMEMBERED: Span = Span::from_seconds(240);

    #[test]
    fn each_counts_once_for_each_owner_until_it_can_no_longer_come() {
        let (replays, began) = (Replays::remembering(REMEMBERED), Time::from_millis(1_000_000));
        let late = began + REMEMBERED - Span::from_millis(1);
        assert!(replays.is_first("a", "1", late));
        assert!(replays.is_first("b", "1", late) && replays.is_first("a", "2", late));
        assert!(replays.is_first("a 1", "", late) && replays.is_first("", "a 1", late));
        for after in [Span::ZERO, REMEMBERED, REMEMBERED] {
            assert!(!replays.is_first("a", "1", late + after));
        }
        assert!(replays.is_first("a", "1", late + REMEMBERED + REMEMBERED));
    }
}
