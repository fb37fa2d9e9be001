//! A token that may be believed.

use std::{borrow::Cow, fmt};

use serde::de::DeserializeOwned;

use super::{Timestamp, claims::ClaimsSet};
use crate::{Algorithm, KeyId, VerifyError, VerifyingKey, json::Object};

/// Signature and claims held; nothing but [`UnverifiedToken::verify`](crate::UnverifiedToken::verify) and
/// [`TokenVerifier`](crate::TokenVerifier) makes one.
pub struct VerifiedToken<C> {
    issuer: String,
    subject: Option<String>,
    audience: Vec<String>,
    expires_at: Timestamp,
    issued_at: Option<Timestamp>,
    id: Option<String>,
    claims: C,
    key_id: KeyId,
    algorithm: Algorithm,
}

impl<C> VerifiedToken<C> {
    pub(super) fn new(registered: ClaimsSet<'_>, claims: C, key: &VerifyingKey) -> Self {
        Self {
            issuer: registered.issuer.into_owned(),
            subject: registered.subject.map(Cow::into_owned),
            audience: registered.audience.all().map(Cow::into_owned).collect(),
            expires_at: registered.expires_at,
            issued_at: registered.issued_at,
            id: registered.id.map(Cow::into_owned),
            claims,
            key_id: key.id().clone(),
            algorithm: key.algorithm(),
        }
    }

    /// Reads the claims in the caller's type from the bytes that were verified and checked for duplicates.
    pub(super) fn read(registered: ClaimsSet<'_>, object: &Object<'_>, key: &VerifyingKey) -> Result<Self, VerifyError>
    where
        C: DeserializeOwned,
    {
        let claims = object.to_claims().map_err(|column| VerifyError::ClaimsShape { column })?;
        Ok(Self::new(registered, claims, key))
    }

    /// `iss`: the issuer that was asked for.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`, never empty.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// `aud`: holds the audience that was asked for.
    #[must_use]
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// `exp`.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// `iat`.
    #[must_use]
    pub const fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// `jti`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
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
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// As [`VerifiedToken`], its text lent from the [`TokenBuffer`](crate::TokenBuffer) that it was decoded into.
pub struct VerifiedTokenRef<'a, C> {
    pub(super) registered: ClaimsSet<'a>,
    pub(super) claims: C,
    pub(super) key: &'a VerifyingKey,
}

impl<'a, C> VerifiedTokenRef<'a, C> {
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

    /// `aud`, in the order of the token: holds the audience that was asked for.
    pub fn audience(&self) -> impl Iterator<Item = Cow<'a, str>> {
        self.registered.audience.all()
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
    pub const fn key(&self) -> &'a VerifyingKey {
        self.key
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

    /// The same, owned.
    #[must_use]
    pub fn into_owned(self) -> VerifiedToken<C> {
        VerifiedToken::new(self.registered, self.claims, self.key)
    }
}

/// Prints no claim: they may be personal.
impl<C> fmt::Debug for VerifiedTokenRef<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokenRef")
            .field("key", &self.key)
            .field("expires_at", &self.registered.expires_at)
            .finish_non_exhaustive()
    }
}
