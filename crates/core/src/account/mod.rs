//! Accounts: resource owners (RFC 6749 §1.1) that sign in.

mod login;
pub mod password;
mod password_policy;
mod role;

pub use login::{InvalidLogin, Login};
pub use password_policy::{Password, PasswordPolicy, PasswordRefused};
pub use role::{InvalidRole, Role, Roles};

use crate::ids::AccountId;
use crate::key_ring::Sealed;
use crate::time::Time;
use std::collections::BTreeMap;

/// One account as storage holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id: `sub`.
    pub id: AccountId,
    /// What its owner types to sign in.
    pub login: Login,
    /// Where mail for it goes.
    pub email: Option<String>,
    /// What its owner is called.
    pub name: Option<String>,
    /// What it may do.
    pub roles: Roles,
    /// What the operator attached to it.
    pub attributes: BTreeMap<String, String>,
    /// The password's Argon2id hash, encrypted under the storage key; an account without one can't sign in by password.
    pub password_hash: Option<Sealed>,
    /// Raised by each change of the password; a change expects the version that it saw.
    pub credential_version: CredentialVersion,
    /// Raised by every change that ends all its sessions; opening a session expects the value seen before any check.
    pub sessions_floor: SessionsFloor,
    /// Whether it may sign in at all.
    pub status: AccountStatus,
    /// When it was made.
    pub created_at: Time,
}

/// Whether an attribute can have this name: letters, digits, `-` and `_`.
#[must_use]
pub fn is_attribute_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountStatus {
    /// It may.
    Active,
    /// An administrator switched it off.
    Disabled,
}

/// How often the password was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialVersion(pub u32);

/// How often all sessions of an account were ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionsFloor(pub u32);
