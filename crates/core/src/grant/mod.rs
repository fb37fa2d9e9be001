//! Grants (RFC 6749 §1.3): what a client trades for tokens, and what people agreed to.

mod authorization_code;
mod authorization_request;
mod consent;
mod opaque;
mod pkce;
mod pushed_request;

pub use authorization_code::{AuthorizationCode, AuthorizedCode, CodeRefusal};
pub use authorization_request::{
    AuthorizationError, AuthorizationRequest, Destination, Parameters, Prompt, RequestedClaims, ResponseMode,
    SignedInFor, Unanswerable,
};
pub use consent::Consent;
pub use opaque::BrowserSecret;
pub use pkce::{CodeChallenge, InvalidCodeChallenge};
pub use pushed_request::{PushedRequest, PushedRequestSecret};

/// The grants that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantType {
    /// A code that came through somebody's browser (RFC 6749 §4.1).
    AuthorizationCode,
    /// A refresh token (RFC 6749 §6).
    RefreshToken,
    /// The client's own credentials (RFC 6749 §4.4).
    ClientCredentials,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// As requests and metadata spell it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// The grant that is spelled so.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.code() == code)
    }
}
