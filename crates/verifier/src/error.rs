//! What can go wrong. Each error has a stable `code()`; none holds a token, key, secret or claim value.

use countersign_jose::{KeyError, ProofError};

/// A token that is not to be believed here, or not now. The first failure wins, in the order of `code()`s that
/// `docs/integrating/verify.md` lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Size, shape, header, key, signature or a claim. The code is that of the error within.
    #[error(transparent)]
    Token(#[from] countersign_jose::VerifyError),
    /// The issuer has taken it back: its session, the token itself, its client, or it was found inactive.
    #[error("token was revoked: sign in again")]
    Revoked,
    /// Nothing is known of the issuer yet: no keys were ever fetched or kept.
    #[error("the issuer's keys are not known yet: try again soon")]
    NotReady,
    /// What is known of revocations is too old, and the policy asks for better.
    #[error("what is known of revocations is too old: try again soon")]
    Stale,
    /// The token is bound to a key, and came without a proof (RFC 9449 §7.1); or bound in a way that is not checked here.
    #[error("token is bound to a key: it must come with a proof of possession")]
    Bound,
    /// The token is not bound to the key of the proof, or to none.
    #[error("token is not bound to the key of the proof")]
    WrongBinding,
    /// The proof is not to be believed. The code is that of the error within.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The proof has no nonce of this server's, or an old one (RFC 9449 §9): make another one with the nonce of the answer.
    #[error("the proof of possession lacks a fresh nonce: use the one in `DPoP-Nonce`")]
    UseNonce,
    /// The proof came before.
    #[error("this proof of possession was used before: make a new one for each request")]
    Replay,
    /// So many proofs came that no more can be remembered.
    #[error("too many proofs of possession at once: try again soon")]
    ProofsFull,
    /// A scope that the route asks for is not the token's.
    #[error("token does not allow this")]
    InsufficientScope,
    /// A role that the route asks for is not the token's: no scope that a client might ask for would help.
    #[error("token does not allow this: it is for those who have a role")]
    InsufficientRole,
}

impl VerifyError {
    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::Revoked => "revoked",
            Self::NotReady => "not_ready",
            Self::Stale => "stale",
            Self::Bound => "wrong_type",
            Self::WrongBinding => "wrong_binding",
            Self::Proof(error) => error.code(),
            Self::UseNonce => "use_dpop_nonce",
            Self::Replay => "replay",
            Self::ProofsFull => "proofs_full",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientRole => "insufficient_role",
        }
    }

    /// Whether this says something about the verifier and nothing about the token: a 503, never a 401.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::NotReady | Self::Stale | Self::ProofsFull)
    }

    /// Whether this is about the proof of possession.
    pub(crate) const fn is_about_proof(&self) -> bool {
        matches!(self, Self::Proof(_) | Self::UseNonce | Self::Replay | Self::WrongBinding)
    }

    pub(crate) const fn is_key_not_found(&self) -> bool {
        matches!(self, Self::Token(countersign_jose::VerifyError::KeyNotFound))
    }
}

impl From<countersign_jose::ParseError> for VerifyError {
    fn from(error: countersign_jose::ParseError) -> Self {
        Self::Token(error.into())
    }
}

/// A verifier that cannot be built as it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The issuer is no URL that tokens can be trusted from.
    #[error("issuer refused: {0}")]
    Issuer(&'static str),
    /// The relay's URL is none that the feed can be read from.
    #[error("relay refused: {0}")]
    Relay(&'static str),
    /// The audience is empty.
    #[error("the audience is empty: name the URI under which this resource server is registered")]
    Audience,
    /// A leeway of more than 60 seconds.
    #[error(transparent)]
    Leeway(#[from] countersign_jose::LeewayTooLong),
    /// The public URL cannot be compared with what a proof names.
    #[error("the public URL must be absolute, http or https")]
    PublicUrl,
    /// The audience cannot be described to clients (RFC 9728).
    #[error("no metadata can be published: {0}")]
    ResourceMetadata(&'static str),
    /// The system's root certificates could not be loaded, and the issuer is `https`.
    #[error("no root certificates: install them, or name a file in SSL_CERT_FILE")]
    RootCertificates(#[source] std::io::Error),
    /// The folder cannot be used.
    #[error("the data folder cannot be used")]
    Folder(#[source] std::io::Error),
    /// There is no tokio runtime to run in.
    #[error("no tokio runtime: build the verifier inside one")]
    NoRuntime,
}

impl BuildError {
    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Issuer(_) => "issuer",
            Self::Relay(_) => "relay",
            Self::Audience => "audience",
            Self::Leeway(_) => "leeway",
            Self::PublicUrl => "public_url",
            Self::ResourceMetadata(_) => "resource_metadata",
            Self::RootCertificates(_) => "root_certificates",
            Self::Folder(_) => "folder",
            Self::NoRuntime => "no_runtime",
        }
    }
}

/// Something that the background could not fetch or read; it is logged and counted, and tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("{0} is no URL that may be asked")]
    Url(&'static str),
    #[error("no answer within the time allowed")]
    Timeout,
    #[error("the connection failed: {0}")]
    Connection(String),
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the answer has status {0}")]
    Status(http::StatusCode),
    #[error("the answer is not what was expected: {0}")]
    Answer(&'static str),
    #[error("key set refused: {0}")]
    Keys(#[from] KeyError),
}
