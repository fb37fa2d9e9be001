//! Clients (RFC 6749 §1.1): what a session was opened at.

use crate::limits::CLIENT_ID_CHARACTERS_MAX;
use crate::time::{Span, Time};

/// A client's id: printable ASCII, 256 characters at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

/// Text that is no client id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a client id: expected 1 to {CLIENT_ID_CHARACTERS_MAX} printable ASCII characters without space")]
pub struct InvalidClientId;

/// One client, as far as the refresh rule asks about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id: the claim `client_id`.
    pub id: ClientId,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// Whether its refresh tokens rotate.
    pub rotation: RotationPolicy,
    /// For workers that each hold a copy of one token: the predecessor stays good this long. None for everybody else.
    pub overlap: Span,
    /// Whether it may be used.
    pub status: ClientStatus,
    /// When it was registered.
    pub created_at: Time,
}

/// How a client authenticates (RFC 6749 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// It does not: a public client.
    Public,
    /// By a registered method; only its outcome matters to the rules.
    Confidential,
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

impl Client {
    /// The built-in first-party client: public, rotation on. It is no row of storage: nobody can disable or remove it.
    #[must_use]
    pub fn first_party() -> Self {
        Self {
            id: ClientId::first_party(),
            authentication: ClientAuthentication::Public,
            rotation: RotationPolicy::On,
            overlap: Span::ZERO,
            status: ClientStatus::Active,
            created_at: Time::from_millis(0),
        }
    }
}
