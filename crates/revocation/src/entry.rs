//! Entries of the feed: what is refused, and until when that matters.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_jose::{KeyId, Thumbprint, base64url};

use crate::{
    Announcement, EntryError, Epoch, Sequence, SetDigest,
    digest::{bits, cut},
    limits::{EXTRA_BYTES_MAX, ID_BYTES_MAX, NUMBER_MAX},
};

/// What an entry is about; one ASCII character on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `s`: every token of a session (`sid`) is refused.
    Session,
    /// `t`: one token (`jti`) is refused.
    Token,
    /// `c`: every token of a client (`client_id`) is refused.
    Client,
    /// `k`: a key (`kid`) is refused, for ever.
    KeyRefused,
    /// `a`: a key is announced. A hint to fetch the JWK Set; it makes no key count.
    KeyAnnounced,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Session, Self::Token, Self::Client, Self::KeyRefused, Self::KeyAnnounced];

    /// The ASCII character.
    #[must_use]
    pub const fn as_byte(self) -> u8 {
        match self {
            Self::Session => b's',
            Self::Token => b't',
            Self::Client => b'c',
            Self::KeyRefused => b'k',
            Self::KeyAnnounced => b'a',
        }
    }

    /// The character as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "s",
            Self::Token => "t",
            Self::Client => "c",
            Self::KeyRefused => "k",
            Self::KeyAnnounced => "a",
        }
    }

    /// The kind of that text, exactly one character.
    ///
    /// # Errors
    /// [`EntryError::UnknownKind`] for any other text.
    pub fn parse(text: &str) -> Result<Self, EntryError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(EntryError::UnknownKind)
    }
}

/// What an entry names, in the form in which it is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The 128 bits of a `sid`.
    Session([u8; 16]),
    /// The 128 bits of a `jti`.
    Token([u8; 16]),
    /// [`client_key`] of a `client_id`.
    Client([u8; 16]),
    /// The `kid` that is refused.
    KeyRefused(KeyId),
    /// The `kid` that is announced.
    KeyAnnounced(KeyId),
}

/// The 128 bits under which a client is held: SHA-256 of its id, cut. A client's id is the only one that is not random.
#[must_use]
pub fn client_key(client_id: &str) -> [u8; 16] {
    cut(digest(&SHA256, client_id.as_bytes()).as_ref())
}

/// An entry that has no number yet. Whatever there is of this type is well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    subject: Subject,
    until: u64,
    extra: Option<String>,
}

impl NewEntry {
    /// Takes the parts of an entry as storage and wire have them; `until` in seconds since 1970, 0 for never.
    ///
    /// # Errors
    /// [`EntryError`] says which part is not what the kind asks for.
    pub fn new(kind: Kind, id: &str, until: u64, extra: Option<String>) -> Result<Self, EntryError> {
        if id.len() > ID_BYTES_MAX {
            return Err(EntryError::Id { kind });
        }
        let bits = || bits(id).ok_or(EntryError::Id { kind });
        let key = || KeyId::new(id).map_err(|_| EntryError::Id { kind });
        let subject = match kind {
            Kind::Session => Subject::Session(bits()?),
            Kind::Token => Subject::Token(bits()?),
            Kind::Client => Subject::Client(bits()?),
            Kind::KeyRefused => Subject::KeyRefused(key()?),
            Kind::KeyAnnounced => Subject::KeyAnnounced(key()?),
        };
        Self { subject, until, extra }.checked()
    }

    /// Every token of a session; `sid` is its 22 characters, `until` in seconds since 1970.
    ///
    /// # Errors
    /// [`EntryError::Id`] if `sid` is not 128 bits in canonical base64url; [`EntryError::OutOfRange`].
    pub fn session(sid: &str, until: u64) -> Result<Self, EntryError> {
        Self::new(Kind::Session, sid, until, None)
    }

    /// One token; `jti` is its 22 characters, `until` in seconds since 1970.
    ///
    /// # Errors
    /// Those of [`session`](Self::session).
    pub fn token(jti: &str, until: u64) -> Result<Self, EntryError> {
        Self::new(Kind::Token, jti, until, None)
    }

    /// Every token of a client, `until` in seconds since 1970. The id travels in `extra`, for those who read the feed.
    ///
    /// # Errors
    /// [`EntryError::Extra`] for a client id of more than 1,024 bytes; [`EntryError::OutOfRange`].
    pub fn client(client_id: &str, until: u64) -> Result<Self, EntryError> {
        let (subject, extra) = (Subject::Client(client_key(client_id)), Some(client_id.to_owned()));
        Self { subject, until, extra }.checked()
    }

    /// A key that is refused from now on, for ever.
    #[must_use]
    pub const fn key_refused(key: KeyId) -> Self {
        Self { subject: Subject::KeyRefused(key), until: 0, extra: None }
    }

    /// A key that will sign from `not_before` on; the hint matters `until` then. Both in seconds since 1970.
    ///
    /// # Errors
    /// [`EntryError::OutOfRange`] for a time that JSON does not carry exactly.
    pub fn key_announced(key: KeyId, thumbprint: &Thumbprint, not_before: u64, until: u64) -> Result<Self, EntryError> {
        let extra = Some(format!("{thumbprint} {not_before}"));
        Self { subject: Subject::KeyAnnounced(key), until, extra }.checked()
    }

    /// What is named.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The same entry with its number.
    #[must_use]
    pub const fn numbered(self, sequence: Sequence) -> Entry {
        Entry { sequence, entry: self }
    }

    fn checked(self) -> Result<Self, EntryError> {
        if self.until > NUMBER_MAX {
            return Err(EntryError::OutOfRange { what: "until" });
        }
        if self.extra.as_ref().is_some_and(|extra| extra.len() > EXTRA_BYTES_MAX) {
            return Err(EntryError::Extra("longer than 1,024 bytes"));
        }
        match (&self.subject, self.extra.as_deref()) {
            // Whoever reads the feed for client ids must not be told another one than verifiers refuse.
            (Subject::Client(id), Some(client)) if *id != client_key(client) => {
                Err(EntryError::Extra("not the client that the id stands for"))
            }
            (Subject::KeyAnnounced(key), extra) => {
                Announcement::parse(key.clone(), extra.unwrap_or(""), self.until).map(|_| self)
            }
            // A refused key is refused for ever: an end would let it in again at whoever joins later.
            (Subject::KeyRefused(_), _) if self.until != 0 => Err(EntryError::OutOfRange { what: "until" }),
            _ => Ok(self),
        }
    }
}

/// An entry of the feed. Whatever there is of this type is well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    sequence: Sequence,
    entry: NewEntry,
}

impl Entry {
    /// Its number within the epoch.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.entry.subject {
            Subject::Session(_) => Kind::Session,
            Subject::Token(_) => Kind::Token,
            Subject::Client(_) => Kind::Client,
            Subject::KeyRefused(_) => Kind::KeyRefused,
            Subject::KeyAnnounced(_) => Kind::KeyAnnounced,
        }
    }

    /// What is named.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.entry.subject
    }

    /// What is named, as on the wire: 22 characters, or the key id.
    #[must_use]
    pub fn id(&self) -> Cow<'_, str> {
        match &self.entry.subject {
            Subject::Session(id) | Subject::Token(id) | Subject::Client(id) => Cow::Owned(base64url::encode(id)),
            Subject::KeyRefused(key) | Subject::KeyAnnounced(key) => Cow::Borrowed(key.as_str()),
        }
    }

    /// The last second, since 1970, at which it matters; 0: always.
    #[must_use]
    pub const fn until(&self) -> u64 {
        self.entry.until
    }

    /// What else is said: a client's id, an announcement's details.
    #[must_use]
    pub fn extra(&self) -> Option<&str> {
        self.entry.extra.as_deref()
    }

    /// Whether it still matters at `now`, seconds since 1970.
    #[must_use]
    pub const fn is_live(&self, now: u64) -> bool {
        self.entry.until == 0 || now <= self.entry.until
    }

    /// What is announced, if this is an announcement.
    #[must_use]
    pub fn announcement(&self) -> Option<Announcement> {
        let Subject::KeyAnnounced(key) = &self.entry.subject else { return None };
        Announcement::parse(key.clone(), self.extra()?, self.entry.until).ok()
    }

    /// The digest of this one entry in that epoch.
    #[must_use]
    pub fn digest(&self, epoch: Epoch) -> SetDigest {
        SetDigest::of(epoch, self)
    }

    /// The same entry without its number: to append it again in another epoch.
    #[must_use]
    pub fn into_new(self) -> NewEntry {
        self.entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AAECAwQFBgcICQoLDA0ODw";

    fn code(kind: Kind, id: &str, until: u64, extra: Option<&str>) -> &'static str {
        NewEntry::new(kind, id, until, extra.map(str::to_owned)).map_or_else(|error| error.code(), |_| "accepted")
    }

    #[test]
    fn ids_of_another_shape_are_refused() {
        for kind in [Kind::Session, Kind::Token, Kind::Client] {
            assert_eq!(code(kind, ID, 5, None), "accepted");
            // 21 and 23 characters, padding, unused bits, another alphabet, a UUID.
            let uuid = "01977420-dc00-7000-8000-000000000000";
            for id in ["", &ID[1..], &format!("{ID}A"), &format!("{ID}=="), "AAECAwQFBgcICQoLDA0ODx", uuid] {
                assert_eq!(code(kind, id, 5, None), "entry_id", "{id}");
            }
        }
        let long = "k".repeat(257);
        for id in ["", "a b", "é", &long] {
            assert_eq!(code(Kind::KeyRefused, id, 0, None), "entry_id", "{id}");
        }
    }

    #[test]
    fn a_client_is_held_by_a_hash_and_its_id_must_agree() {
        let entry = NewEntry::client("web", 9).unwrap().numbered(Sequence(1));
        assert_eq!((entry.id().len(), entry.extra()), (22, Some("web")));
        assert_eq!(*entry.subject(), Subject::Client(client_key("web")));
        assert_eq!(code(Kind::Client, &entry.id(), 9, Some("web")), "accepted");
        assert_eq!(code(Kind::Client, &entry.id(), 9, Some("app")), "entry_extra");
        assert_eq!(code(Kind::Client, &entry.id(), 9, Some(&"w".repeat(1025))), "entry_extra");
    }

    #[test]
    fn a_refused_key_has_no_end() {
        assert_eq!(code(Kind::KeyRefused, "k1", 0, None), "accepted");
        assert_eq!(code(Kind::KeyRefused, "k1", 9, None), "out_of_range");
        assert_eq!(code(Kind::Session, ID, NUMBER_MAX + 1, None), "out_of_range");
    }

    #[test]
    fn until_is_the_last_second_that_counts() {
        let entry = NewEntry::session(ID, 100).unwrap().numbered(Sequence(1));
        assert!(entry.is_live(100) && !entry.is_live(101));
        assert!(NewEntry::session(ID, 0).unwrap().numbered(Sequence(1)).is_live(u64::MAX));
    }
}
