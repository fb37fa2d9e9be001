//! What an ending publishes: entries that every verifier refuses until no token of that kind can be alive.

use crate::client::ClientId;
use crate::ids::{SessionId, TokenId};
use crate::limits::REVOCATION_TAIL;
use crate::time::{Span, Time};
use countersign_jose::{KeyId, Thumbprint, Timestamp, base64url};
use countersign_revocation::{EntryError, client_key};

pub use countersign_revocation::{Entry, Kind, NewEntry, Sequence, SetDigest};

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
    /// None: a key that will sign is announced, so that verifiers fetch it ahead of its first token.
    Announced(AnnouncedKey),
}

/// A key that will sign tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncedKey {
    /// Its `kid`.
    pub id: KeyId,
    /// Its RFC 7638 thumbprint.
    pub thumbprint: Thumbprint,
    /// When it signs at the earliest.
    pub not_before: Timestamp,
}

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

    /// The announcement of a key. Whoever joins once it may sign finds it in the key set.
    #[must_use]
    pub fn of_announced(key: AnnouncedKey) -> Self {
        let until = round_up(Time::from_timestamp(key.not_before) + REVOCATION_TAIL);
        Self { subject: RevocationSubject::Announced(key), until: Some(until) }
    }

    /// As the feed says it.
    ///
    /// # Errors
    /// [`EntryError`] for a time that JSON does not carry exactly: none that a clock shows.
    pub fn entry(&self) -> Result<NewEntry, EntryError> {
        let until = self.until.map_or(0, Timestamp::as_seconds);
        match &self.subject {
            RevocationSubject::Client(id) => NewEntry::client(id.as_str(), until),
            RevocationSubject::Key(id) => Ok(NewEntry::key_refused(id.clone())),
            RevocationSubject::Announced(key) => {
                let not_before = key.not_before.as_seconds();
                NewEntry::key_announced(key.id.clone(), &key.thumbprint, not_before, until)
            }
            subject @ (RevocationSubject::Session(_) | RevocationSubject::Token(_)) => {
                NewEntry::new(subject.kind(), &subject.id(), until, None)
            }
        }
    }
}

impl RevocationSubject {
    /// What kind of entry names it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Session(_) => Kind::Session,
            Self::Token(_) => Kind::Token,
            Self::Client(_) => Kind::Client,
            Self::Key(_) => Kind::KeyRefused,
            Self::Announced(_) => Kind::KeyAnnounced,
        }
    }

    /// What is named, as the feed and storage have it: of a client the hash of its id.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Session(id) => id.to_string(),
            Self::Token(id) => id.to_string(),
            Self::Client(id) => base64url::encode(&client_key(id.as_str())),
            Self::Key(id) => id.as_str().to_owned(),
            Self::Announced(key) => key.id.as_str().to_owned(),
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
