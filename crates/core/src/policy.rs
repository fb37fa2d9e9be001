//! What the operator may choose, as plain values: no rule reads configuration.

use crate::time::Span;
use crate::token::ClaimMapping;
use countersign_jose::Algorithm;

/// How access tokens are made.
#[derive(Debug, Clone)]
pub struct TokenPolicy {
    /// `iss`, and `aud` where no resource is asked for.
    pub issuer: String,
    /// What new signing keys are of.
    pub algorithm: Algorithm,
    /// From `iat` to `exp`, where the resource has no lifetime of its own; at most an hour.
    pub access_lifetime: Span,
    /// The custom claims of accounts' tokens, where the resource has none of its own.
    pub claims: ClaimMapping,
}

/// How sessions live (docs/refresh.md).
#[derive(Debug, Clone, Copy)]
pub struct SessionPolicy {
    /// Without a refresh for this long, a session is over.
    pub idle: Span,
    /// However busy, a session is over after this long.
    pub absolute: Span,
    /// Two presentations of one token within this are one client's (rows 11 and 14); none: both rows are off.
    pub grace: Span,
    /// Late generations in a row that are forgiven as lost replies (row 15).
    pub forgiveness: u32,
}

/// How keys rotate (docs/keys.md).
#[derive(Debug, Clone, Copy)]
pub struct KeyPolicy {
    /// How long a key signs.
    pub rotation: Span,
    /// How long a key is published before it signs; never less than the key set's `max-age`.
    pub publish_ahead: Span,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { idle: Span::from_days(14), absolute: Span::from_days(90), grace: Span::from_seconds(10), forgiveness: 2 }
    }
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self { rotation: Span::from_days(30), publish_ahead: Span::from_days(1) }
    }
}
