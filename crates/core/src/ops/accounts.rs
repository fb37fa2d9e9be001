//! Administering an account: roles, standing, attributes, removal.

use crate::account::{Account, AccountStatus, InvalidRole, Role, is_attribute_name};
use crate::audit::{Actor, AuditEvent};
use crate::draw::Draw;
use crate::limits::ATTRIBUTES_BYTES_MAX;
use crate::ops::Policies;
use crate::resource::Resource;
use crate::session::{End, EndReason};
use crate::store::{AccountChange, ChangeAccount, Changed, EndedSessions, Page, Store, StoreError};
use crate::token::{ClaimMapping, CustomClaimsTooLong};
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
    /// The custom claims that come from them are too long.
    #[error("too long for the tokens for {audience}, which carry it as a claim")]
    Claims {
        /// Whose tokens.
        audience: String,
        /// How long they would be.
        #[source]
        long: CustomClaimsTooLong,
    },
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
    /// Sets the attribute; a custom claim that comes from it is so in the next token.
    ///
    /// # Errors
    /// [`InvalidAttribute`] in the outer result's `Ok`; [`StoreError`] where storage failed.
    pub async fn run(
        self,
        account: &Account,
        actor: Actor,
        store: &dyn Store,
        policies: &Policies,
        draw: &Draw,
    ) -> Result<Result<AccountChanged, InvalidAttribute>, StoreError> {
        if !is_attribute_name(&self.name) || self.value.chars().any(char::is_control) {
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
        if let Some(invalid) = grown_too_long(&from, &to, store, policies).await? {
            return Ok(Err(invalid));
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

/// Which tokens would lose their custom claims by the change, because those are too long. What was too long before may
/// shrink, even if not enough.
async fn grown_too_long(
    from: &BTreeMap<String, String>,
    to: &BTreeMap<String, String>,
    store: &dyn Store,
    policies: &Policies,
) -> Result<Option<InvalidAttribute>, StoreError> {
    let judge = |audience: &str, mapping: &ClaimMapping| {
        let long = mapping.claims(to).err()?;
        let grown = mapping.claims(from).err().is_none_or(|before| long.bytes > before.bytes);
        grown.then(|| InvalidAttribute::Claims { audience: audience.to_owned(), long })
    };
    if let Some(invalid) = judge(&policies.token.issuer, &policies.token.claims) {
        return Ok(Some(invalid));
    }
    let mut page = Page::first();
    loop {
        let resources = store.resources(page).await?;
        let own = |resource: &Resource| judge(resource.uri.as_str(), resource.claims.as_ref()?);
        if let Some(invalid) = resources.items.iter().find_map(own) {
            return Ok(Some(invalid));
        }
        match resources.next {
            Some(next) => page = Page::new(u16::MAX, Some(next)),
            None => return Ok(None),
        }
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
