//! Clients that have to be told of a session's end, and when that is tried again.

use crate::client::{ClientId, LogoutUri};
use crate::ids::{AccountId, SessionId};
use crate::limits::{LOGOUT_PAUSE_MAX, LOGOUT_PAUSE_MIN, LOGOUT_REFUSALS_MAX, LOGOUT_TOLD_FOR};
use crate::time::{Span, Time};

/// A client that has to be told of a session's end. It stands in storage until it was told or given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingLogout {
    /// Which session.
    pub session: SessionId,
    /// Whose.
    pub account: AccountId,
    /// At which client.
    pub client: ClientId,
    /// Where the client is told, as it was registered when the session ended: whoever is removed hears of it too.
    pub uri: LogoutUri,
    /// When the session ended.
    pub ended_at: Time,
    /// How often it was tried, what is under way included.
    pub tries: u32,
}

/// What became of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// No answer, or one that says nothing about the token.
    Failed,
    /// 400: the client took the token for wrong, or could not sign out (§2.8). It may not know a new key yet, but it
    /// heard us.
    Refused,
}

impl PendingLogout {
    /// When to try again; `None`: no more. `jitter` is random: clients that failed together come apart.
    #[must_use]
    pub fn next(&self, after: Try, now: Time, jitter: u8) -> Option<Time> {
        if after == Try::Refused && self.tries >= LOGOUT_REFUSALS_MAX {
            return None;
        }
        let doubled = 2 * self.tries.saturating_sub(1).min(31);
        let pause = LOGOUT_PAUSE_MIN.as_millis().saturating_mul(1 << doubled).min(LOGOUT_PAUSE_MAX.as_millis());
        // Three quarters to all of it.
        let pause = pause - pause / 4 * u64::from(jitter) / u64::from(u8::MAX);
        let again = now + Span::from_millis(pause);
        (again.since(self.ended_at) < LOGOUT_TOLD_FOR).then_some(again)
    }
}

#[cfg(test)]
mod tests {
    use super::{PendingLogout, Try};
    use crate::client::{ClientId, LogoutUri};
    use crate::ids::{AccountId, SessionId};
    use crate::time::Time;

    fn pending(tries: u32) -> PendingLogout {
        PendingLogout {
            session: SessionId::from_bytes([1; 16]),
            account: AccountId::from_bytes([2; 16]),
            client: ClientId::parse("app").unwrap(),
            uri: LogoutUri::parse("https://app.example/told").unwrap(),
            ended_at: Time::from_millis(0),
            tries,
        }
    }

    #[test]
    fn pauses_grow_to_an_hour_and_end_after_a_day() {
        let (mut now, mut pauses) = (Time::from_millis(0), Vec::new());
        for tries in 1.. {
            let Some(next) = pending(tries).next(Try::Failed, now, 0) else { break };
            pauses.push(next.since(now).as_seconds());
            now = next;
        }
        assert_eq!(pauses[..7], [1, 4, 16, 64, 256, 1_024, 3_600]);
        assert_eq!((pauses.len(), pauses.iter().max()), (29, Some(&3_600)));
        assert_eq!(pending(u32::MAX).next(Try::Failed, now, 0), None);
        assert_eq!(pending(1).next(Try::Failed, Time::from_millis(0), 255), Some(Time::from_millis(750)));
        assert_eq!(pending(0).next(Try::Failed, Time::from_millis(0), 0), Some(Time::from_millis(1_000)));
    }

    #[test]
    fn a_client_that_refuses_is_not_asked_all_day() {
        let now = Time::from_millis(0);
        assert!(pending(5).next(Try::Refused, now, 0).is_some());
        assert_eq!(pending(6).next(Try::Refused, now, 0), None);
        assert!(pending(6).next(Try::Failed, now, 0).is_some());
    }
}
