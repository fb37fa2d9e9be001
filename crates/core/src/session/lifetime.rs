//! How long sessions and their tokens live.

use crate::limits::MINT_AHEAD;
use crate::policy::SessionPolicy;
use crate::time::{Span, Time};
use countersign_jose::Timestamp;

/// When a session that is opened now is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Unless refreshed before.
    pub idle_expires_at: Time,
    /// In any case.
    pub absolute_expires_at: Time,
}

impl SessionPolicy {
    /// The lifetime of a session opened at `now`.
    #[must_use]
    pub fn lifetime(&self, now: Time) -> Lifetime {
        let absolute_expires_at = now + self.absolute;
        Lifetime { idle_expires_at: (now + self.idle).min(absolute_expires_at), absolute_expires_at }
    }

    /// What `last_token_expires_at` is written as for a token that expires at `exp`: ahead by the grace period and a
    /// minute, so that rows 11 and 14 mostly find it far enough and only read.
    #[must_use]
    pub fn written_ahead(&self, exp: Timestamp) -> Time {
        Time::from_timestamp(exp) + self.grace + MINT_AHEAD
    }
}

/// `exp` of a token minted at `now` (its whole second): after `lifetime`, and never beyond the session's end.
#[must_use]
pub fn minted_until(now: Time, lifetime: Span, absolute_expires_at: Time) -> Timestamp {
    let wanted = Time::from_timestamp(now.timestamp()) + lifetime;
    wanted.min(absolute_expires_at).timestamp()
}

#[cfg(test)]
mod tests {
    use super::minted_until;
    use crate::time::{Span, Time};

    #[test]
    fn no_token_outlives_its_session() {
        let minted = |absolute| minted_until(Time::from_millis(10_900), Span::from_seconds(600), absolute).as_seconds();
        assert_eq!(minted(Time::from_millis(u64::MAX)), 610);
        assert_eq!(minted(Time::from_millis(20_999)), 20);
    }
}
