//! What a client is told at its redirect URI (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6, RFC 8707 §2).

use crate::limits::{NONCE_CHARACTERS_MAX, STATE_CHARACTERS_MAX};
use crate::scope::InvalidScope;

/// Why a request gets no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// A request object by value (OpenID Connect Core §6.1).
    #[error("`request` is not supported: send the parameters themselves")]
    RequestObject,
    /// A request object by reference (OpenID Connect Core §6.2).
    #[error("`request_uri` is not supported, but for one that this server gave (RFC 9126)")]
    RequestUri,
    /// The client is registered as one that pushes its requests, and this one was not.
    #[error("this client must push its requests first (RFC 9126 section 6)")]
    NotPushed,
    /// A reference in a request that is pushed (RFC 9126 §2.1).
    #[error("`request_uri` has no place in a request that is pushed")]
    PushedReference,
    /// `state` outside the grammar, or too long; it does not come back.
    #[error("`state` must be at most {STATE_CHARACTERS_MAX} printable ASCII characters")]
    State,
    /// No `response_type`.
    #[error("`response_type` is missing: it is `code`")]
    NoResponseType,
    /// Another than `code`: tokens never go through a browser's address (RFC 9700 §2.1.2).
    #[error("`response_type` must be `code`")]
    ResponseType,
    /// A mode that is none of ours.
    #[error("`response_mode` must be `query` or `form_post`")]
    ResponseMode,
    /// No challenge, or none of SHA-256.
    #[error(
        "`code_challenge` is missing or malformed: it is 43 characters of base64url, the SHA-256 of the verifier (RFC 7636)"
    )]
    CodeChallenge,
    /// No method, `plain`, or an unknown one.
    #[error("`code_challenge_method` must be `S256`")]
    CodeChallengeMethod,
    /// Malformed scope.
    #[error("{0}")]
    Scope(InvalidScope),
    /// Several resource servers, or one that is not registered or not for this client.
    #[error("`resource` must be one resource server that is registered and allowed to this client")]
    Target,
    /// Too long.
    #[error("`nonce` must have at most {NONCE_CHARACTERS_MAX} characters")]
    Nonce,
    /// A value that is unknown, or `none` beside others.
    #[error("`prompt` must be `none` alone, or some of `login`, `consent` and `select_account`")]
    Prompt,
    /// No number of seconds.
    #[error("`max_age` must be a number of seconds")]
    MaxAge,
    /// Not of the shape of OpenID Connect Core §5.5.
    #[error("`claims` must be a JSON object whose members `userinfo` and `id_token` are objects of claims")]
    Claims,
    /// A class of authentication that nobody can reach here (OpenID Connect Core §5.5.1.1).
    #[error("no sign-in here has the `acr` that the request calls essential")]
    AuthenticationClass,
    /// Somebody else is at the browser than the request is about.
    #[error("another than the `sub` of the request signed in")]
    OtherSubject,
    /// No thumbprint.
    #[error("`dpop_jkt` must be the 43 characters of a key's SHA-256 thumbprint (RFC 9449 section 10)")]
    Thumbprint,
    /// The request was pushed with a proof of another key (RFC 9449 §10.1).
    #[error("`dpop_jkt` is not the thumbprint of the key that the DPoP proof is of (RFC 9449 section 10.1)")]
    OtherKey,
    /// Nobody is signed in, or not recently enough, and nobody may be asked.
    #[error("nobody is signed in, or it was too long ago, and the request forbids to ask")]
    LoginRequired,
    /// Whoever is signed in did not agree yet, and may not be asked.
    #[error("consent was not given yet, and the request forbids to ask")]
    ConsentRequired,
    /// They said no.
    #[error("access was denied")]
    AccessDenied,
}

impl AuthorizationError {
    /// The code that goes over the wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RequestObject => "request_not_supported",
            Self::RequestUri => "request_uri_not_supported",
            Self::ResponseType => "unsupported_response_type",
            Self::Scope(_) => "invalid_scope",
            Self::Target => "invalid_target",
            Self::AuthenticationClass => "unmet_authentication_requirements",
            Self::LoginRequired | Self::OtherSubject => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::AccessDenied => "access_denied",
            Self::State
            | Self::NoResponseType
            | Self::ResponseMode
            | Self::CodeChallenge
            | Self::CodeChallengeMethod
            | Self::Nonce
            | Self::Prompt
            | Self::MaxAge
            | Self::Claims
            | Self::Thumbprint
            | Self::PushedReference
            | Self::NotPushed
            | Self::OtherKey => "invalid_request",
        }
    }
}
