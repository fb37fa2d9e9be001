//! What a client may be told about somebody (OpenID Connect Core §5.1), at the userinfo endpoint or in an ID token.

use crate::account::Account;
use serde::Serialize;
use std::collections::BTreeSet;

/// One claim about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityClaim {
    /// What people call them.
    Name,
    /// Their login.
    PreferredUsername,
    /// Their address.
    Email,
    /// Whether they showed that they read mail there.
    EmailVerified,
}

/// The claims that were granted and that the account has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct IdentityClaims {
    /// `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `preferred_username`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `email_verified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
}

impl IdentityClaim {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Name, Self::PreferredUsername, Self::Email, Self::EmailVerified];

    /// Its name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::PreferredUsername => "preferred_username",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
        }
    }

    /// Of this name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim| claim.code() == code)
    }

    /// The scope that grants it (§5.4).
    #[must_use]
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Name | Self::PreferredUsername => "profile",
            Self::Email | Self::EmailVerified => "email",
        }
    }
}

impl IdentityClaims {
    /// Of those that are `granted`, what the account has.
    #[must_use]
    pub fn of(account: &Account, granted: impl Fn(IdentityClaim) -> bool) -> Self {
        let email = account.email.as_ref();
        Self {
            name: account.name.clone().filter(|_| granted(IdentityClaim::Name)),
            preferred_username: granted(IdentityClaim::PreferredUsername).then(|| account.login.as_str().to_owned()),
            email: email.cloned().filter(|_| granted(IdentityClaim::Email)),
            // Nobody has shown yet that they read mail there.
            email_verified: email.filter(|_| granted(IdentityClaim::EmailVerified)).map(|_| false),
        }
    }
}

/// As storage has them: names separated by spaces, in order.
#[must_use]
pub fn identity_codes(claims: &BTreeSet<IdentityClaim>) -> String {
    claims.iter().map(|claim| claim.code()).collect::<Vec<_>>().join(" ")
}

/// What [`identity_codes`] wrote; a name that nobody knows is `None`.
#[must_use]
pub fn identity_claims(codes: &str) -> Option<BTreeSet<IdentityClaim>> {
    codes.split(' ').filter(|code| !code.is_empty()).map(IdentityClaim::from_code).collect()
}
