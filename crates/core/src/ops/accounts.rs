//! Administering an account: roles, standing, attributes, removal.

use crate::account::{Account, AccountStatus, InvalidRole, Role};
use crate::audit::{Actor, AuditEvent};
use crate::draw::Draw;
use crate::limits::ATTRIBUTES_BYTES_MAX;
use crate::session::{End, EndReason};
use crate::store::{AccountChange, ChangeAccount, Changed, EndedSessions, Store, StoreError};
use std::collections::BTreeMap;

/// A role to be given or taken. Taking one ends every session: their tokens say that the account has it.
#[derive(Debug)]
pub enum ChangeRole {
    /// Give it.
    Add(Role),
    /// Take it.
    Remove(Role),
}

/// Whether an account may be used from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeStatus(pub AccountStatus);

/// An attribute to be set; an empty value takes it away.
#[derive(Debug)]
pub struct ChangeAttribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// An account to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoveAccount;

/// Attributes that an account can't have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAttribute {
    /// Not a name.
    #[error("not an attribute: expected NAME=VALUE, the name of letters, digits, `-` and `_`")]
    Name,
    /// All names and values together are too long.
    #[error("too long: an account's attributes have at most {ATTRIBUTES_BYTES_MAX} bytes, names and values together")]
    TooLong,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountChanged {
    /// It is made; so much ended with it.
    Changed(EndedSessions),
    /// It was so already.
    Unchanged,
    /// The account changed meanwhile: read it and try again.
    Lost,
}

impl ChangeRole {
    /// Gives or takes the role.
    ///
    /// # Errors
    /// [`InvalidRole::TooMany`] in the outer result's `Ok`; [`StoreError`] where storage failed.
    pub async fn run(
        self,
        account: &Account,
        actor: Actor,
        store: &dyn Store,
        draw: &Draw,
    ) -> Result<Result<AccountChanged, InvalidRole>, StoreError> {
        let from = account.roles.clone();
        let (to, what, detail, end) = match self {
            Self::Add(role) => {
                let to = match from.with(role.clone()) {
                    Ok(to) => to,
                    Err(invalid) => return Ok(Err(invalid)),
                };
                (to, "account.role_added", role, None)
            }
            Self::Remove(role) => {
                let end = End::by(EndReason::RoleTaken, format!("role {} was taken away", role.as_str()));
                (from.without(&role), "account.role_removed", role, Some(end))
            }
        };
        if from == to {
            return Ok(Ok(AccountChanged::Unchanged));
        }
        let audit = AuditEvent::new(draw.now, what, actor).told(detail.as_str());
        commit(account, AccountChange::Roles { from, to }, end, audit, store).await.map(Ok)
    }
}

impl ChangeStatus {
    /// Disables or enables the account; disabling ends its sessions.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(
        self,
        account: &Account,
        actor: Actor,
        store: &dyn Store,
        draw: &Draw,
    ) -> Result<AccountChanged, StoreError> {
        if account.status == self.0 {
            return Ok(AccountChanged::Unchanged);
        }
        let (what, end) = match self.0 {
            AccountStatus::Active => ("account.enabled", None),
            AccountStatus::Disabled => ("account.disabled", Some(End::of(EndReason::AccountDisabled))),
        };
        let audit = AuditEvent::new(draw.now, what, actor);
        commit(account, AccountChange::Status(self.0), end, audit, store).await
    }
}

impl ChangeAttribute {
    /// Sets the attribute.
    ///
    /// # Errors
    /// [`InvalidAttribute`] in the outer result's `Ok`; [`StoreError`] where storage failed.
    pub async fn run(
        self,
        account: &Account,
        actor: Actor,
        store: &dyn Store,
        draw: &Draw,
    ) -> Result<Result<AccountChanged, InvalidAttribute>, StoreError> {
        let named = !self.name.is_empty()
            && self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !named || self.value.chars().any(char::is_control) {
            return Ok(Err(InvalidAttribute::Name));
        }
        let from = account.attributes.clone();
        let audit = AuditEvent::new(draw.now, "account.attribute_set", actor).told(self.name.as_str());
        let mut to: BTreeMap<_, _> = from.clone();
        if self.value.is_empty() {
            to.remove(&self.name);
        } else {
            to.insert(self.name, self.value);
        }
        if to.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > ATTRIBUTES_BYTES_MAX {
            return Ok(Err(InvalidAttribute::TooLong));
        }
        if from == to {
            return Ok(Ok(AccountChanged::Unchanged));
        }
        commit(account, AccountChange::Attributes { from, to }, None, audit, store).await.map(Ok)
    }
}

impl RemoveAccount {
    /// Removes the account; its sessions end.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(
        self,
        account: &Account,
        actor: Actor,
        store: &dyn Store,
        draw: &Draw,
    ) -> Result<AccountChanged, StoreError> {
        let audit = AuditEvent::new(draw.now, "account.removed", actor);
        let end = Some(End::of(EndReason::AccountRemoved));
        commit(account, AccountChange::Removed, end, audit, store).await
    }
}

async fn commit(
    account: &Account,
    change: AccountChange,
    end: Option<End>,
    audit: AuditEvent,
    store: &dyn Store,
) -> Result<AccountChanged, StoreError> {
    let now = audit.at;
    let audit = audit.of_account(account.id);
    let change = ChangeAccount { account: account.id, change, end, audit, now };
    Ok(match store.change_account(change).await? {
        Changed::Changed(ended) => AccountChanged::Changed(ended),
        Changed::Lost => AccountChanged::Lost,
    })
}
