//! Roles: what an account may do, by name.

use crate::limits::{ROLE_CHARACTERS_MAX, ROLES_MAX};
use std::collections::BTreeSet;

/// One role: letters, digits and `-_.:`, 64 characters at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Role(String);

/// The roles of one account, 32 at most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles(BTreeSet<Role>);

/// A role, or a list of them, that can't be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRole {
    /// The name has other characters, or too many.
    #[error("not a role: expected 1 to {ROLE_CHARACTERS_MAX} characters of A-Z a-z 0-9 - _ . :")]
    Name,
    /// One more than an account can have.
    #[error("too many roles: an account has at most {ROLES_MAX}")]
    TooMany,
}

impl Role {
    /// The role of those who administer Countersign itself.
    pub const ADMIN: &'static str = "admin";

    /// Reads a role's name.
    ///
    /// # Errors
    /// [`InvalidRole::Name`] where it is empty, too long, or has another character than `A-Z a-z 0-9 - _ . :`.
    pub fn parse(name: &str) -> Result<Self, InvalidRole> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if (1..=ROLE_CHARACTERS_MAX).contains(&name.len()) && name.bytes().all(known) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidRole::Name)
        }
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Roles {
    /// Reads names separated by spaces, as storage keeps them.
    ///
    /// # Errors
    /// [`InvalidRole`] where one is not a role, or there are too many.
    pub fn parse(names: &str) -> Result<Self, InvalidRole> {
        names.split_ascii_whitespace().map(Role::parse).collect::<Result<Vec<_>, _>>().and_then(Self::of)
    }

    /// These roles.
    ///
    /// # Errors
    /// [`InvalidRole::TooMany`] beyond 32.
    pub fn of(roles: impl IntoIterator<Item = Role>) -> Result<Self, InvalidRole> {
        let roles: BTreeSet<Role> = roles.into_iter().collect();
        if roles.len() > ROLES_MAX { Err(InvalidRole::TooMany) } else { Ok(Self(roles)) }
    }

    /// These and `role`.
    ///
    /// # Errors
    /// [`InvalidRole::TooMany`] beyond 32.
    pub fn with(&self, role: Role) -> Result<Self, InvalidRole> {
        Self::of(self.0.iter().cloned().chain([role]))
    }

    /// These without `role`.
    #[must_use]
    pub fn without(&self, role: &Role) -> Self {
        Self(self.0.iter().filter(|&held| held != role).cloned().collect())
    }

    /// Whether `name` is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|role| role.as_str() == name)
    }

    /// Their names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Role::as_str)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.iter().collect::<Vec<_>>().join(" "))
    }
}

impl serde::Serialize for Roles {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
