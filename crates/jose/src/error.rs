//! What can go wrong, by operation. Each error has a stable `code()`; none holds a token, key, secret or claim value.

use crate::{
    Algorithm, KeyId,
    json::JsonError,
    limits::{HMAC_SECRET_BYTES_MAX, KEYS_MAX, RSA_MODULUS_BITS_MAX, RSA_MODULUS_BITS_MIN},
};

/// The text is no token that we read: nothing was verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Longer, or with more members, than we read.
    #[error("{what} is larger than the limit of {limit}")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// The limit, in bytes or members.
        limit: usize,
    },
    /// Not three segments, or claims that are not one strict JSON object.
    #[error("malformed token: {0}")]
    Malformed(&'static str),
    /// A segment is not strict base64url (RFC 7515 §2).
    #[error("the {segment} is not base64url: only A-Z a-z 0-9 - _ without padding, and no unused bits set")]
    Base64 {
        /// `header`, `payload` or `signature`.
        segment: &'static str,
    },
    /// The JOSE header is not a header that we accept.
    #[error("header refused: {0}")]
    Header(&'static str),
    /// One name twice in one object: parsers disagree on which one counts.
    #[error("a member of the {0} comes twice")]
    DuplicateMember(&'static str),
    /// `crit` names an extension that we do not implement (RFC 7515 §4.1.11).
    #[error("`crit` names an extension that is not implemented here, so the token must be refused")]
    UnknownCritical,
}

impl ParseError {
    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Malformed(_) => "malformed",
            Self::Base64 { .. } => "base64",
            Self::Header(_) => "header",
            Self::DuplicateMember(_) => "duplicate_member",
            Self::UnknownCritical => "unknown_critical",
        }
    }

    /// A JSON error of the JOSE header.
    pub(crate) const fn header(error: &JsonError) -> Self {
        match *error {
            JsonError::TooLarge { limit } => Self::TooLarge { what: "header", limit },
            JsonError::TooManyMembers { limit } => Self::TooLarge { what: "number of header members", limit },
            JsonError::DuplicateMember => Self::DuplicateMember("header"),
            _ => Self::Header(error.reason()),
        }
    }

    /// A JSON error of the claims set.
    pub(crate) const fn claims(error: &JsonError) -> Self {
        match *error {
            JsonError::TooLarge { limit } => Self::TooLarge { what: "claims set", limit },
            JsonError::TooManyMembers { limit } => Self::TooLarge { what: "number of claims", limit },
            JsonError::DuplicateMember => Self::DuplicateMember("claims set"),
            _ => Self::Malformed(error.reason()),
        }
    }
}

/// A key, or a set of keys, that we do not work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The JWK or JWK Set is larger than we read.
    #[error("{what} is larger than the limit of {limit}")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// The limit, in bytes, keys or members.
        limit: usize,
    },
    /// Not one strict JSON object.
    #[error("malformed JWK: {0}")]
    Malformed(&'static str),
    /// One name twice in one object.
    #[error("a member of the JWK comes twice")]
    DuplicateMember,
    /// A key id that is empty, too long, or has other than visible ASCII characters.
    #[error("key id refused: 1 to 256 visible ASCII characters are allowed")]
    KeyId,
    /// A key type, curve or algorithm that we do not speak.
    #[error("unsupported key: {0}")]
    Unsupported(&'static str),
    /// The key is broken, or says that it is for something else.
    #[error("key refused: {0}")]
    Unusable(&'static str),
    /// A private key where a public one is expected: it has been published, replace it.
    #[error("private members in a public key: replace this key, whoever could read it can sign")]
    PrivateMembers,
    /// An RSA modulus of the wrong length.
    #[error("RSA modulus of {bits} bits: {RSA_MODULUS_BITS_MIN} to {RSA_MODULUS_BITS_MAX} are allowed")]
    ModulusBits {
        /// Its length.
        bits: usize,
    },
    /// An HMAC secret of the wrong length.
    #[error("HMAC secret of {bytes} bytes: {bytes_min} to {HMAC_SECRET_BYTES_MAX} are allowed")]
    SecretBytes {
        /// Its length.
        bytes: usize,
        /// The shortest that is allowed: as long as the hash (RFC 7518 §3.2).
        bytes_min: usize,
    },
    /// Two keys with one id: which one signed could not be told.
    #[error("two keys have the id `{0}`")]
    DuplicateKeyId(KeyId),
    /// A set with symmetric and asymmetric keys invites the confusion of the two.
    #[error("a set holds either symmetric or asymmetric keys, never both")]
    MixedSet,
    /// More keys than we keep.
    #[error("more than {KEYS_MAX} keys in one set")]
    TooManyKeys,
    /// The generator or the cryptographic library failed.
    #[error("the cryptographic library failed")]
    Crypto,
}

impl KeyError {
    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::TooManyKeys => "too_large",
            Self::Malformed(_) => "malformed",
            Self::DuplicateMember => "duplicate_member",
            Self::Crypto => "crypto",
            Self::KeyId
            | Self::Unsupported(_)
            | Self::Unusable(_)
            | Self::PrivateMembers
            | Self::ModulusBits { .. }
            | Self::SecretBytes { .. }
            | Self::DuplicateKeyId(_)
            | Self::MixedSet => "key_unusable",
        }
    }
}

impl From<JsonError> for KeyError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::TooLarge { limit } => Self::TooLarge { what: "JWK", limit },
            JsonError::TooManyMembers { limit } => Self::TooLarge { what: "number of JWK members", limit },
            JsonError::DuplicateMember => Self::DuplicateMember,
            other => Self::Malformed(other.reason()),
        }
    }
}

/// A token that was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// Larger than any verifier of ours would read.
    #[error("{what} is larger than the limit of {limit}")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// The limit, in bytes or members.
        limit: usize,
    },
    /// Not one JSON object that our own verifier would read.
    #[error("claims are not one strict JSON object: {0}")]
    Claims(&'static str),
    /// The cryptographic library failed.
    #[error("the cryptographic library failed")]
    Crypto,
}

impl SignError {
    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Claims(_) => "malformed",
            Self::Crypto => "crypto",
        }
    }
}

impl From<JsonError> for SignError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::TooLarge { limit } => Self::TooLarge { what: "claims set", limit },
            JsonError::TooManyMembers { limit } => Self::TooLarge { what: "number of claims", limit },
            other => Self::Claims(other.reason()),
        }
    }
}

/// A token that is not to be believed. The first failure wins, in the order of the variants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The text is no token that we read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// `typ` is absent or names another kind of token (RFC 8725 §3.11).
    #[error("this is another kind of token: its `typ` must be `{expected}`")]
    WrongType {
        /// The media type asked for.
        expected: String,
    },
    /// `alg` is none that we speak: `none` is one of those. Its code is that of the next one.
    #[error(
        "the token names no algorithm that is spoken here: known are ES256 to ES512, EdDSA, RS256 to RS512, PS256 to PS512 and HS256 to HS512"
    )]
    UnknownAlgorithm,
    /// `alg` is not the one of the key (RFC 8725 §3.1).
    #[error("token says {found} but key `{key}` accepts only {expected}: is it from the right issuer?")]
    AlgNotAllowed {
        /// The key that the token names.
        key: KeyId,
        /// The algorithm that the token names.
        found: Algorithm,
        /// The one algorithm of the key.
        expected: Algorithm,
    },
    /// No key has that `kid`; or there is none, and more than one key to choose from.
    #[error("no key for this token: is it from the right issuer, and is the key set current?")]
    KeyNotFound,
    /// The signature does not match. No claim is looked at.
    #[error("signature does not match: the token was changed, or signed by another key")]
    BadSignature,
    /// A required claim is absent.
    #[error("claim `{0}` is missing")]
    MissingClaim(&'static str),
    /// A registered claim has the wrong type or is out of range.
    #[error("claim `{0}` has the wrong type or is out of range")]
    ClaimType(&'static str),
    /// The claims do not have the shape of the type that the caller asked for.
    #[error("the claims do not fit the type that was asked for, at column {column}")]
    ClaimsShape {
        /// Where in the claims set, counted in bytes from one.
        column: usize,
    },
    /// `exp` has passed.
    #[error("token expired {ago_seconds} s ago, leeway is {leeway_seconds} s: refresh it, or check both clocks")]
    Expired {
        /// Time since `exp`.
        ago_seconds: u64,
        /// The leeway that was allowed.
        leeway_seconds: u64,
    },
    /// `nbf` or `iat` lies in the future.
    #[error("token is valid in {in_seconds} s only, leeway is {leeway_seconds} s: check both clocks")]
    NotYetValid {
        /// Time until then.
        in_seconds: u64,
        /// The leeway that was allowed.
        leeway_seconds: u64,
    },
    /// `iss` is not, byte for byte, the issuer asked for.
    #[error("token is from another issuer")]
    WrongIssuer,
    /// `aud` does not hold, byte for byte, the audience asked for.
    #[error("token is for another audience")]
    WrongAudience,
}

impl VerifyError {
    /// A stable name for this kind of failure, that of the [`ParseError`] included.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Parse(error) => error.code(),
            Self::WrongType { .. } => "wrong_type",
            Self::UnknownAlgorithm | Self::AlgNotAllowed { .. } => "alg_not_allowed",
            Self::KeyNotFound => "key_not_found",
            Self::BadSignature => "bad_signature",
            Self::MissingClaim(_) => "missing_claim",
            Self::ClaimType(_) | Self::ClaimsShape { .. } => "claim_type",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
        }
    }
}
