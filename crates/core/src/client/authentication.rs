//! How a client proves who it is (RFC 6749 §2.3).

use super::{ClientAssertion, ClientSecret};
use crate::session::SecretHash;
use countersign_jose::JwkSet;

/// How a client authenticates, with what it is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// It does not: a public client.
    Public,
    /// By a secret of this hash in `Authorization: Basic` (`client_secret_basic`, RFC 6749 §2.3.1).
    SecretBasic(SecretHash),
    /// By a secret of this hash in the request's body (`client_secret_post`, RFC 6749 §2.3.1).
    SecretPost(SecretHash),
    /// By an assertion signed with one of these keys (`private_key_jwt`, RFC 7523 §2.2).
    PrivateKeyJwt(JwkSet),
}

/// What a request proves of a client.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientProof {
    /// Nothing: its id is all that came.
    Nothing,
    /// This, in `Authorization: Basic`.
    SecretBasic(ClientSecret),
    /// This, in the body.
    SecretPost(ClientSecret),
    /// This, signed by the client (`private_key_jwt`).
    Assertion(ClientAssertion),
}

/// A way to authenticate, as metadata spells it (RFC 8414 §2, RFC 7591 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthenticationMethod {
    /// `none`
    None,
    /// `client_secret_basic`
    SecretBasic,
    /// `client_secret_post`
    SecretPost,
    /// `private_key_jwt`
    PrivateKeyJwt,
}

/// Text that names no way to authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a way for a client to authenticate: expected none, client_secret_basic, client_secret_post or private_key_jwt"
)]
pub struct UnknownAuthenticationMethod;

impl AuthenticationMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::SecretBasic, Self::SecretPost, Self::PrivateKeyJwt];

    /// As metadata, storage and the command line spell it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SecretBasic => "client_secret_basic",
            Self::SecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

impl std::str::FromStr for AuthenticationMethod {
    type Err = UnknownAuthenticationMethod;

    fn from_str(code: &str) -> Result<Self, UnknownAuthenticationMethod> {
        Self::ALL.into_iter().find(|method| method.code() == code).ok_or(UnknownAuthenticationMethod)
    }
}

impl ClientAuthentication {
    /// Which way this is.
    #[must_use]
    pub const fn method(&self) -> AuthenticationMethod {
        match self {
            Self::Public => AuthenticationMethod::None,
            Self::SecretBasic(_) => AuthenticationMethod::SecretBasic,
            Self::SecretPost(_) => AuthenticationMethod::SecretPost,
            Self::PrivateKeyJwt(_) => AuthenticationMethod::PrivateKeyJwt,
        }
    }

    /// What the client's secret hashes to, where it has one.
    #[must_use]
    pub const fn secret_hash(&self) -> Option<SecretHash> {
        match self {
            Self::SecretBasic(hash) | Self::SecretPost(hash) => Some(*hash),
            Self::Public | Self::PrivateKeyJwt(_) => None,
        }
    }
}
