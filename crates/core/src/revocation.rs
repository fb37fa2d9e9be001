//! What an ending publishes: entries that every verifier refuses until no token of that kind can be alive.

use crate::client::ClientId;
use crate::ids::{SessionId, TokenId};
use crate::limits::REVOCATION_TAIL;
use crate::time::{Span, Time};
use countersign_jose::{KeyId, Timestamp};

/// One entry: what is refused, and until when that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// What is refused.
    pub subject: RevocationSubject,
    /// Forgotten after this second; none: never.
    pub until: Option<Timestamp>,
}

/// What a revocation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevocationSubject {
    /// Every token of a session: `sid`.
    Session(SessionId),
    /// One token: `jti`.
    Token(TokenId),
    /// Every token of a client: `client_id`.
    Client(ClientId),
    /// Every token under a key: `kid`. Never forgotten.
    Key(KeyId),
}

/// A revocation's place in the order of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence(pub u64);

impl Revocation {
    /// The entry for a session that ends at `now`; none where its last token is so long expired that no verifier's
    /// leeway and skew could take it.
    #[must_use]
    pub fn of_session(session: SessionId, last_token_expires_at: Time, now: Time) -> Option<Self> {
        let until = round_up(last_token_expires_at + REVOCATION_TAIL);
        (Time::from_timestamp(until) > now)
            .then_some(Self { subject: RevocationSubject::Session(session), until: Some(until) })
    }

    /// The entry for one token.
    #[must_use]
    pub fn of_token(token: TokenId, expires_at: Timestamp) -> Self {
        let until = round_up(Time::from_timestamp(expires_at) + REVOCATION_TAIL);
        Self { subject: RevocationSubject::Token(token), until: Some(until) }
    }

    /// The entry for a client, whose tokens live at most `lifetime`.
    #[must_use]
    pub fn of_client(client: ClientId, lifetime: Span, now: Time) -> Self {
        let until = round_up(now + lifetime + REVOCATION_TAIL);
        Self { subject: RevocationSubject::Client(client), until: Some(until) }
    }

    /// The entry for a key.
    #[must_use]
    pub fn of_key(key: KeyId) -> Self {
        Self { subject: RevocationSubject::Key(key), until: None }
    }
}

impl RevocationSubject {
    /// The kind as one ASCII character: `s`, `t`, `c` or `k`, as the feed spells it.
    #[must_use]
    pub const fn kind(&self) -> char {
        match self {
            Self::Session(_) => 's',
            Self::Token(_) => 't',
            Self::Client(_) => 'c',
            Self::Key(_) => 'k',
        }
    }

    /// What is named, as text.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Session(id) => id.to_string(),
            Self::Token(id) => id.to_string(),
            Self::Client(id) => id.to_string(),
            Self::Key(id) => id.as_str().to_owned(),
        }
    }
}

/// The first second at or after `time`: an entry must not be forgotten early.
fn round_up(time: Time) -> Timestamp {
    (time + Span::from_millis(999)).timestamp()
}

#[cfg(test)]
mod tests {
    use super::Revocation;
    use crate::ids::SessionId;
    use crate::time::Time;

    #[test]
    fn an_entry_lasts_until_leeway_and_skew_after_the_last_token() {
        let of = |now| Revocation::of_session(SessionId::from_bytes([1; 16]), Time::from_millis(600_500), now);
        let until = of(Time::from_millis(0)).and_then(|entry| entry.until).unwrap();
        assert_eq!(until.as_seconds(), 691);
        assert!(of(Time::from_millis(690_999)).is_some());
        assert!(of(Time::from_millis(691_000)).is_none());
    }
}
