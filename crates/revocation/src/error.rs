//! What can go wrong. Each error has a stable `code()`; none holds an id of the feed.

use countersign_jose::{SignError, VerifyError, json::JsonError};

use crate::Kind;

/// The parts make no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// None of the kinds that there are.
    #[error("unknown kind of entry: known are s, t, c, k and a")]
    UnknownKind,
    /// The id has another shape than the kind asks for.
    #[error("id does not fit kind `{}`: sessions, tokens and clients have 22 characters of base64url, keys a key id", kind.as_str())]
    Id {
        /// The kind.
        kind: Kind,
    },
    /// `extra` is too long, or is not what the kind asks for.
    #[error("`extra` refused: {0}")]
    Extra(&'static str),
    /// A number that the place does not allow.
    #[error("`{what}` is out of range")]
    OutOfRange {
        /// Which number.
        what: &'static str,
    },
}

impl EntryError {
    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownKind => "entry_kind",
            Self::Id { .. } => "entry_id",
            Self::Extra(_) => "entry_extra",
            Self::OutOfRange { .. } => "out_of_range",
        }
    }
}

/// A text that is no object of this feed, or an object that says what cannot be. Nothing of it is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// The text is not signed as it must be. The code is that of the error within.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The payload is not one strict JSON object. The code is that of the error within.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A member is missing that objects of this kind have.
    #[error("member `{0}` is missing")]
    Missing(&'static str),
    /// A member is there that objects of this kind do not have.
    #[error("member `{0}` does not belong to this kind of object")]
    Unexpected(&'static str),
    /// A member has another type than it must have.
    #[error("a member has the wrong type, at column {column}")]
    MemberType {
        /// Where in the payload, counted in bytes from one.
        column: usize,
    },
    /// None of the kinds of object that there are.
    #[error("unknown kind of object: known are batch, snapshot and head")]
    UnknownKind,
    /// `iss` is not, byte for byte, the issuer asked for.
    #[error("object is from another issuer")]
    WrongIssuer,
    /// An entry is refused. The code is that of the error within.
    #[error("entry {index}: {error}")]
    Entry {
        /// Which one, counted from 0.
        index: usize,
        /// Why.
        error: EntryError,
    },
    /// More entries, or more bytes of them, than one object may hold.
    #[error("more than {limit} entries, or bytes of entries, in one object")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A number that the place does not allow.
    #[error("`{what}` is out of range")]
    OutOfRange {
        /// Which number.
        what: &'static str,
    },
    /// The numbers of the entries are not those that `first` and `last` promise.
    #[error("entries are not numbered as `first` and `last` say")]
    Numbering,
}

impl ObjectError {
    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Verify(error) => error.code(),
            Self::Json(error) => error.code(),
            Self::Missing(_) => "missing_member",
            Self::Unexpected(_) => "unexpected_member",
            Self::MemberType { .. } => "member_type",
            Self::UnknownKind => "object_kind",
            Self::WrongIssuer => "wrong_issuer",
            Self::Entry { error, .. } => error.code(),
            Self::TooLarge { .. } => "too_large",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Numbering => "numbering",
        }
    }
}

/// An object that was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignObjectError {
    /// The key is not an EdDSA key.
    #[error("the feed is signed with EdDSA only: give it an Ed25519 key")]
    Algorithm,
    /// The issuer is empty or longer than 1,024 bytes.
    #[error("the issuer is empty or longer than 1,024 bytes")]
    Issuer,
    /// Signing failed, or the text would be larger than any follower reads. The code is that of the error within.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl SignObjectError {
    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Algorithm => "alg_not_allowed",
            Self::Issuer => "issuer",
            Self::Sign(error) => error.code(),
        }
    }
}
