//! Tokens that were found good for reading the feed: thousands of verifiers report after each revocation, each with the
//! token that it has, and a hash is a hundredth of a signature's check.

use crate::limits::FEED_READERS_KEPT_MAX;
use aws_lc_rs::digest::{SHA256, digest};
use countersign_core::Time;
use countersign_core::key_ring::RingVersion;
use countersign_jose::Timestamp;
use countersign_revocation::{RevokedSet, Subjects};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What a good token says. Whether it still holds is asked anew each time.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    pub(crate) subjects: Subjects,
    pub(crate) expires_at: Timestamp,
}

/// By the hash of the token: no token is kept.
#[derive(Debug, Default)]
pub(crate) struct Readers(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Under another ring a signature may no longer count.
    ring: Option<RingVersion>,
    found_good: HashMap<[u8; 32], Authority>,
}

impl Authority {
    /// Whether the token is neither over nor taken back.
    pub(crate) fn holds(&self, revoked: &RevokedSet, now: Time) -> bool {
        now.timestamp() < self.expires_at && revoked.look_up(&self.subjects).is_none()
    }
}

impl Readers {
    /// What this token said when it was found good under this ring.
    pub(crate) fn find(&self, token: &str, ring: RingVersion) -> Option<Authority> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.ring == Some(ring) { known.found_good.get(&hash(token)?).cloned() } else { None }
    }

    /// Keeps what a token said that was found good under this ring.
    pub(crate) fn keep(&self, token: &str, ring: RingVersion, authority: &Authority, now: Time) {
        let Some(hash) = hash(token) else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.ring != Some(ring) {
            *known = Known { ring: Some(ring), found_good: HashMap::new() };
        }
        if known.found_good.len() >= FEED_READERS_KEPT_MAX {
            known.found_good.retain(|_, authority| now.timestamp() < authority.expires_at);
        }
        // More that hold than there is room for: they are checked as all others are.
        if known.found_good.len() < FEED_READERS_KEPT_MAX {
            known.found_good.insert(hash, authority.clone());
        }
    }
}

fn hash(token: &str) -> Option<[u8; 32]> {
    digest(&SHA256, token.as_bytes()).as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{Authority, Readers};
    use crate::limits::FEED_READERS_KEPT_MAX;
    use countersign_core::key_ring::RingVersion;
    use countersign_core::{Span, Time};
    use countersign_revocation::Subjects;

    const NOW: Time = Time::from_millis(1_800_000_000_000);

    fn until(seconds: u64) -> Authority {
        Authority { subjects: Subjects::default(), expires_at: (NOW + Span::from_seconds(seconds)).timestamp() }
    }

    #[test]
    fn a_token_is_known_under_the_ring_that_it_was_checked_by_and_no_other() {
        let readers = Readers::default();
        readers.keep("a", RingVersion(1), &until(600), NOW);
        assert!(readers.find("a", RingVersion(1)).is_some());
        assert!(readers.find("a", RingVersion(2)).is_none() && readers.find("b", RingVersion(1)).is_none());
        readers.keep("b", RingVersion(2), &until(600), NOW);
        assert!(readers.find("a", RingVersion(1)).is_none() && readers.find("a", RingVersion(2)).is_none());
    }

    #[test]
    fn those_that_are_over_make_room_and_no_more_are_kept_than_there_is_room_for() {
        let readers = Readers::default();
        let keep = |name: &str, authority: &Authority, now| readers.keep(name, RingVersion(1), authority, now);
        (0..FEED_READERS_KEPT_MAX).for_each(|number| keep(&number.to_string(), &until(600), NOW));
        keep("late", &until(1_200), NOW);
        assert!(readers.find("late", RingVersion(1)).is_none());
        keep("later", &until(1_200), NOW + Span::from_seconds(601));
        assert!(readers.find("later", RingVersion(1)).is_some() && readers.find("0", RingVersion(1)).is_none());
    }
}
