//! Clients (RFC 6749 §1.1): what a session was opened at, and how it proves who it is.

mod assertion;
mod authentication;
mod document;
mod kind;
mod logout;
mod metadata;
mod origin;
mod redirect_uri;
mod registration;
mod secret;

pub use assertion::{AssertionUse, ClientAssertion};
pub use authentication::{AuthenticationMethod, ClientAuthentication, ClientProof, UnknownAuthenticationMethod};
pub use document::DocumentUrl;
pub use kind::{ClientKind, UnknownClientKind};
pub use logout::{BackchannelLogout, ClientLogout, LogoutProfile, LogoutUri};
pub use metadata::{ClientMetadata, InvalidMetadata};
pub use origin::{ClientOrigin, UnknownClientOrigin};
pub use redirect_uri::{InvalidRedirectUri, RedirectUri};
pub use registration::{ClientProfile, InvalidClient, Registration};
pub use secret::ClientSecret;

use crate::limits::CLIENT_ID_CHARACTERS_MAX;
use crate::resource::ResourceUri;
use crate::scope::{self, ScopeSet};
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
    /// Who says so.
    pub origin: ClientOrigin,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// What it may ask for.
    pub scopes: ScopeSet,
    /// The resource servers for which it may have tokens, beside the issuer itself.
    pub resources: BTreeSet<ResourceUri>,
    /// Where authorization responses may go.
    pub redirect_uris: BTreeSet<RedirectUri>,
    /// What it hears of sign-outs.
    pub logout: ClientLogout,
    /// Whether its authorization requests are taken only if they were pushed (RFC 9126 §6).
    pub requires_pushed_requests: bool,
    /// Whether its refresh tokens rotate.
    pub rotation: RotationPolicy,
    /// For workers that each hold a copy of one token: the predecessor stays good this long. None for everybody else.
    pub overlap: Span,
    /// Whether it may be used.
    pub status: ClientStatus,
    /// When it was registered.
    pub created_at: Time,
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
    /// What counts as the client: what its document says now, unless an operator registered or disabled that id.
    #[must_use]
    pub fn as_described(known: Option<Self>, described: Option<Self>) -> Option<Self> {
        match known {
            Some(known) if !known.follows_its_document() => Some(known),
            known => described.or(known),
        }
    }

    /// Whether the document at its id says what it is.
    #[must_use]
    pub fn follows_its_document(&self) -> bool {
        self.origin == ClientOrigin::Document && self.status == ClientStatus::Active
    }

    /// What is to be remembered of an assertion that `client`, which may be used, signed for `issuer`; `None` if it did not.
    #[must_use]
    pub fn asserted(&self, assertion: &ClientAssertion, issuer: &str, now: Time) -> Option<AssertionUse> {
        let ClientAuthentication::PrivateKeyJwt(keys) = &self.authentication else { return None };
        let held = assertion.holds(&self.id, keys, issuer, now)?;
        (self.status == ClientStatus::Active).then_some(held)
    }

    /// Whether `proof`, a secret or nothing, is that of `client`, by the method that it is registered with, and it may be used. Takes the same
    /// time for a client that is not there, is disabled, authenticates otherwise or has no secret: nobody learns which.
    #[must_use]
    pub fn is_authenticated(client: Option<&Self>, proof: &ClientProof) -> bool {
        let usable = client.is_some_and(|client| client.status == ClientStatus::Active);
        let registered = client.map(|client| &client.authentication);
        let (secret, expected) = match (proof, registered) {
            (ClientProof::Nothing, registered) => return usable & (registered == Some(&ClientAuthentication::Public)),
            (ClientProof::SecretBasic(secret), Some(ClientAuthentication::SecretBasic(hash)))
            | (ClientProof::SecretPost(secret), Some(ClientAuthentication::SecretPost(hash))) => (secret, Some(*hash)),
            (ClientProof::SecretBasic(secret) | ClientProof::SecretPost(secret), _) => (secret, None),
            (ClientProof::Assertion(_), _) => return false,
        };
        // No text is known to hash to zeros.
        let matches = expected.unwrap_or(SecretHash::from_bytes([0; 32])) == secret.hash();
        matches & usable & expected.is_some()
    }

    /// The redirect URI that a request means: the one that it `asked` for, if one that is registered matches; where it
    /// names none, the only one that there is (RFC 6749 §3.1.2.3).
    #[must_use]
    pub fn redirect_uri(&self, asked: Option<&RedirectUri>) -> Option<RedirectUri> {
        match asked {
            Some(asked) => {
                let rule = self.kind.redirect_rule();
                self.redirect_uris.iter().any(|uri| uri.matches(asked, rule)).then(|| asked.clone())
            }
            None if self.redirect_uris.len() == 1 => self.redirect_uris.first().cloned(),
            None => None,
        }
    }

    /// Whether `scope` is among what it may ask for: the built-in client for anything, and a client that no operator knows
    /// too, unless it said less of itself. What says who somebody is needs no registration, since people are asked.
    #[must_use]
    pub fn may_ask_for(&self, scope: &str) -> bool {
        self.kind == ClientKind::FirstParty
            || self.scopes.contains(scope)
            || (self.origin.is_its_own_word() && self.scopes.is_empty())
            || (self.kind.signs_people_in() && scope::IDENTITY.contains(&scope))
    }

    /// The built-in first-party client: public, rotation on. It is no row of storage: nobody can disable or remove it.
    #[must_use]
    pub fn first_party() -> Self {
        Self {
            id: ClientId::first_party(),
            name: None,
            kind: ClientKind::FirstParty,
            origin: ClientOrigin::Operator,
            authentication: ClientAuthentication::Public,
            scopes: ScopeSet::default(),
            resources: BTreeSet::new(),
            redirect_uris: BTreeSet::new(),
            logout: ClientLogout::default(),
            requires_pushed_requests: false,
            rotation: RotationPolicy::On,
            overlap: Span::ZERO,
            status: ClientStatus::Active,
            created_at: Time::from_millis(0),
        }
    }
}
