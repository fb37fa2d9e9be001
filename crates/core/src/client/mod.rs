//! Clients (RFC 6749 §1.1): what a session was opened at, and how it proves who it is.

mod registration;
mod secret;

pub use registration::{ClientProfile, InvalidClient};
pub use secret::ClientSecret;

use crate::limits::CLIENT_ID_CHARACTERS_MAX;
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::session::SecretHash;
use crate::time::{Span, Time};
use std::collections::BTreeSet;

/// A client's id: printable ASCII, 256 characters at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(String);

/// Text that is no client id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a client id: expected 1 to {CLIENT_ID_CHARACTERS_MAX} printable ASCII characters without space")]
pub struct InvalidClientId;

/// One client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id: the claim `client_id`.
    pub id: ClientId,
    /// What people call it.
    pub name: Option<String>,
    /// What it is; the built-in client is none of these.
    pub kind: ClientKind,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// What it may ask for.
    pub scopes: ScopeSet,
    /// The resource servers for which it may have tokens, beside the issuer itself.
    pub resources: BTreeSet<ResourceUri>,
    /// Whether its refresh tokens rotate.
    pub rotation: RotationPolicy,
    /// For workers that each hold a copy of one token: the predecessor stays good this long. None for everybody else.
    pub overlap: Span,
    /// Whether it may be used.
    pub status: ClientStatus,
    /// When it was registered.
    pub created_at: Time,
}

/// What a client is, and so which grants it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientKind {
    /// The built-in first-party client.
    FirstParty,
    /// A program that acts for itself: the client credentials grant (RFC 6749 §4.4), and no account.
    Machine,
}

/// How a client authenticates (RFC 6749 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// It does not: a public client.
    Public,
    /// By a secret of this hash in `Authorization: Basic` (`client_secret_basic`, RFC 6749 §2.3.1).
    SecretBasic(SecretHash),
}

/// Whether refresh tokens rotate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationPolicy {
    /// Always.
    On,
    /// Only where neither the client's authentication nor a bound key proves more than rotation would.
    UnlessProven,
}

/// Whether a client may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientStatus {
    /// It may.
    Active,
    /// An administrator switched it off.
    Disabled,
}

impl ClientId {
    /// The id of the built-in client, as which the JSON API acts.
    pub const FIRST_PARTY: &'static str = "countersign";

    /// Reads a client id.
    ///
    /// # Errors
    /// [`InvalidClientId`] where it is empty, too long, or not printable ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidClientId> {
        let well_formed =
            (1..=CLIENT_ID_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidClientId) }
    }

    /// The built-in client's id.
    #[must_use]
    pub fn first_party() -> Self {
        Self(Self::FIRST_PARTY.to_owned())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl ClientKind {
    /// As storage and the command line spell it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FirstParty => "first_party",
            Self::Machine => "machine",
        }
    }
}

impl std::str::FromStr for ClientKind {
    type Err = UnknownClientKind;

    /// Reads a kind that can be registered.
    fn from_str(code: &str) -> Result<Self, UnknownClientKind> {
        if code == Self::Machine.code() {
            return Ok(Self::Machine);
        }
        let planned = ["web", "spa", "native", "device", "mcp"].contains(&code);
        Err(if planned { UnknownClientKind::WithOAuth } else { UnknownClientKind::Unknown })
    }
}

/// A kind of client that can't be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownClientKind {
    /// Clients of this kind need endpoints that are not there.
    #[error("clients of that kind come with the OAuth endpoints: only `machine` can be registered yet")]
    WithOAuth,
    /// There is no such kind.
    #[error("not a kind of client: expected `machine`")]
    Unknown,
}

impl ClientAuthentication {
    /// The method as metadata spells it (RFC 8414 §2, RFC 7591 §2).
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Public => "none",
            Self::SecretBasic(_) => "client_secret_basic",
        }
    }

    /// What the client's secret hashes to, where it has one.
    #[must_use]
    pub const fn secret_hash(&self) -> Option<SecretHash> {
        match self {
            Self::Public => None,
            Self::SecretBasic(hash) => Some(*hash),
        }
    }
}

impl ClientStatus {
    /// As storage and the API spell it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl Client {
    /// Whether `secret` is that of `client`, which may be used. Takes the same time for a client that is not there, is
    /// disabled or has no secret: nobody learns which.
    #[must_use]
    pub fn is_authenticated(client: Option<&Self>, secret: &ClientSecret) -> bool {
        // No text is known to hash to this.
        let nobody = SecretHash::from_bytes([0; 32]);
        let registered = client.and_then(|client| client.authentication.secret_hash());
        let matches = registered.unwrap_or(nobody) == secret.hash();
        let usable = client.is_some_and(|client| client.status == ClientStatus::Active);
        matches & usable & registered.is_some()
    }

    /// The built-in first-party client: public, rotation on. It is no row of storage: nobody can disable or remove it.
    #[must_use]
    pub fn first_party() -> Self {
        Self {
            id: ClientId::first_party(),
            name: None,
            kind: ClientKind::FirstParty,
            authentication: ClientAuthentication::Public,
            scopes: ScopeSet::default(),
            resources: BTreeSet::new(),
            rotation: RotationPolicy::On,
            overlap: Span::ZERO,
            status: ClientStatus::Active,
            created_at: Time::from_millis(0),
        }
    }
}
