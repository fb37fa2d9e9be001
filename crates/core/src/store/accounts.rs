//! Accounts: made, found, changed, removed.

use crate::account::{Account, AccountStatus, CredentialVersion, Login, Roles};
use crate::audit::AuditEvent;
use crate::ids::{AccountId, SessionId};
use crate::key_ring::Sealed;
use crate::session::{End, Generation, SecretHash};
use crate::store::{EndedSessions, Page, Paged, StoreFuture};
use crate::time::Time;
use std::collections::BTreeMap;

/// What sign-up, sign-in and the administration of accounts need of a store.
pub trait AccountStore: Send + Sync {
    /// Makes an account, unless its login is taken (by [`Login::key`]).
    fn create_account(&self, new: NewAccount) -> StoreFuture<'_, Created>;

    /// The account of this login.
    fn account_by_login(&self, login: &Login) -> StoreFuture<'_, Option<Account>>;

    /// The account of this id.
    fn account(&self, id: AccountId) -> StoreFuture<'_, Option<Account>>;

    /// All accounts, by login.
    fn accounts(&self, page: Page) -> StoreFuture<'_, Paged<Account>>;

    /// Replaces the password's hash if the version is still the one that was seen, raises the floor, and ends all the
    /// account's sessions but the renewed one: one commit.
    fn change_password(&self, change: ChangePassword) -> StoreFuture<'_, Changed>;

    /// Changes something else about an account. With `end` all its sessions end and its floor is raised: one commit.
    fn change_account(&self, change: ChangeAccount) -> StoreFuture<'_, Changed>;
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// As it shall be.
    pub account: Account,
    /// Told in the same commit.
    pub audit: AuditEvent,
}

/// What became of an account to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is there.
    Created,
    /// Another account has that login.
    LoginTaken,
}

/// A password to be changed.
#[derive(Debug, Clone)]
pub struct ChangePassword {
    /// Whose.
    pub account: AccountId,
    /// The version that was seen.
    pub from: CredentialVersion,
    /// The new hash, sealed.
    pub hash: Sealed,
    /// The session that goes on, renewed.
    pub renew: Option<RenewedSession>,
    /// Why the others end.
    pub end: End,
    /// Told in the same commit.
    pub audit: AuditEvent,
    /// When.
    pub now: Time,
}

/// The session in which a password was changed: it goes on with a new secret and the generation raised by one, rotated
/// now, by the request that the audit event names, in the storage epoch that is. It must be the account's and live.
#[derive(Debug, Clone)]
pub struct RenewedSession {
    /// Which.
    pub session: SessionId,
    /// Its generation as it was read.
    pub from: Generation,
    /// Its secret hash as it was read; kept as `replaced_hash`.
    pub from_secret_hash: SecretHash,
    /// The new secret's hash. The retry hash is forgotten.
    pub secret_hash: SecretHash,
    /// `last_token_expires_at` becomes at least this.
    pub last_token_expires_at: Time,
}

/// Something about an account to be changed.
#[derive(Debug, Clone)]
pub struct ChangeAccount {
    /// Whose.
    pub account: AccountId,
    /// What.
    pub change: AccountChange,
    /// Ends all its sessions with this cause.
    pub end: Option<End>,
    /// Told in the same commit.
    pub audit: AuditEvent,
    /// When.
    pub now: Time,
}

/// What is changed about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountChange {
    /// Its roles, if they are still `from`.
    Roles {
        /// As they were read.
        from: Roles,
        /// As they shall be.
        to: Roles,
    },
    /// Whether it may be used.
    Status(AccountStatus),
    /// Its attributes, if they are still `from`.
    Attributes {
        /// As they were read.
        from: BTreeMap<String, String>,
        /// As they shall be.
        to: BTreeMap<String, String>,
    },
    /// It is gone; its ended sessions stay until they expire.
    Removed,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is made; so many sessions ended with it.
    Changed(EndedSessions),
    /// What it expected was no longer so, or the account is gone. Nothing was written.
    Lost,
}
