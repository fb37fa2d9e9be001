//! The key ring: which keys sign, which are published, which are gone (docs/keys.md).
//!
//! `next` (published, not used) → `active` (signs) → `retiring` (published until the last token it signed has expired)
//! → gone; or `revoked` at once.

mod open;
mod rotation;
mod sealed;

pub use open::{KeyRingError, OpenKeyRing};
pub use rotation::{RingPolicy, Step, WhenRotatable, mac_key_kept, published_until};
pub use sealed::{MasterKey, Sealed, StorageKey, UnsealError};

use crate::time::{Span, Time};
use countersign_jose::{Algorithm, KeyId};

/// The ring as storage holds it: all secrets sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRing {
    /// Raised by every change; a change expects the version that it saw.
    pub version: RingVersion,
    /// What seals all the rest, sealed under the operator's master key; none in a new deployment.
    pub storage_key: Option<Sealed>,
    /// The signing keys.
    pub keys: Vec<RingKey>,
    /// The keys of refresh tokens.
    pub mac_keys: Vec<MacKey>,
}

/// How often the ring was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RingVersion(pub u64);

/// A signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingKey {
    /// `kid`.
    pub id: KeyId,
    /// What it signs.
    pub purpose: Purpose,
    /// Its one algorithm.
    pub algorithm: Algorithm,
    /// Where it stands.
    pub state: KeyState,
    /// The private key, encrypted under the storage key with its id as associated data.
    pub sealed: Sealed,
    /// Since when it is published.
    pub published_at: Time,
    /// Since when it signs, or signed.
    pub activated_at: Option<Time>,
    /// The longest life of a token that it may have signed: how long it stays published once it retires.
    pub token_lifetime: Span,
    /// Until when a retiring key is published.
    pub gone_at: Option<Time>,
}

/// What a key signs. Each purpose has keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Access tokens.
    AccessToken,
    /// The objects of the revocation feed.
    Feed,
    /// ID tokens (OpenID Connect Core §2).
    IdToken,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::AccessToken, Self::Feed, Self::IdToken];
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published, not used.
    Next,
    /// Signs.
    Active,
    /// Published until the last token it signed has expired.
    Retiring,
    /// Refused, for ever.
    Revoked,
}

/// A key of refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacKey {
    /// The byte that names it in every token.
    pub id: MacKeyId,
    /// Where it stands.
    pub state: MacKeyState,
    /// The 32 secret bytes, encrypted under the storage key with its id as associated data.
    pub sealed: Sealed,
    /// When it was made.
    pub created_at: Time,
    /// Until when its tokens are opened, once it makes none.
    pub gone_at: Option<Time>,
}

/// The byte that names a MAC key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacKeyId(pub u8);

/// Where a MAC key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MacKeyState {
    /// Makes tokens.
    Active,
    /// Makes none any more; its tokens are good.
    Retired,
    /// May be known to somebody else (row 8).
    Distrusted,
}

impl std::fmt::Display for MacKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! spelled {
    ($name:ident { $($variant:ident = $code:literal,)* }) => {
        impl $name {
            /// As storage and the command line spell it.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What is spelled so.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

spelled!(Purpose { AccessToken = "access_token", Feed = "feed", IdToken = "id_token", });
spelled!(KeyState { Next = "next", Active = "active", Retiring = "retiring", Revoked = "revoked", });
spelled!(MacKeyState { Active = "active", Retired = "retired", Distrusted = "distrusted", });
