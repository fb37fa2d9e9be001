//! A token that may be believed.

use std::fmt;

use super::{Timestamp, claims::ClaimsSet};
use crate::{Algorithm, KeyId, VerifyingKey};

/// Signature and claims held; nothing but [`UnverifiedToken::verify`](crate::UnverifiedToken::verify) makes one.
pub struct VerifiedToken<C> {
    registered: ClaimsSet,
    claims: C,
    key_id: KeyId,
    algorithm: Algorithm,
}

impl<C> VerifiedToken<C> {
    pub(super) fn new(registered: ClaimsSet, claims: C, key: &VerifyingKey) -> Self {
        Self { registered, claims, key_id: key.id().clone(), algorithm: key.algorithm() }
    }

    /// `iss`: the issuer that was asked for.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.registered.issuer
    }

    /// `sub`, never empty.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.registered.subject.as_deref()
    }

    /// `aud`: holds the audience that was asked for.
    #[must_use]
    pub fn audience(&self) -> &[String] {
        &self.registered.audience
    }

    /// `exp`.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.registered.expires_at
    }

    /// `iat`.
    #[must_use]
    pub const fn issued_at(&self) -> Option<Timestamp> {
        self.registered.issued_at
    }

    /// `jti`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.registered.id.as_deref()
    }

    /// The key that signed.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The algorithm of that key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The claims, in the type that was asked for.
    #[must_use]
    pub const fn claims(&self) -> &C {
        &self.claims
    }

    /// The claims, in the type that was asked for.
    #[must_use]
    pub fn into_claims(self) -> C {
        self.claims
    }
}

/// Prints no claim: they may be personal.
impl<C> fmt::Debug for VerifiedToken<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("key_id", &self.key_id)
            .field("algorithm", &self.algorithm)
            .field("expires_at", &self.registered.expires_at)
            .finish_non_exhaustive()
    }
}
