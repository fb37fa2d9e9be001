//! Changing a password: the current session goes on with a new secret, every other one ends.

use crate::account::password::PasswordHash;
use crate::account::{Account, Password, PasswordRefused};
use crate::audit::{Actor, AuditEvent};
use crate::client::Client;
use crate::draw::Draw;
use crate::key_ring::StorageKey;
use crate::ops::issue::{Issue, IssuedRefresh, Minted, custom_claims, expiry, granted};
use crate::ops::{Authenticated, OpError, Origin, PasswordHashing, Policies};
use crate::resource::Resource;
use crate::session::{End, EndReason};
use crate::store::{self, Changed, RenewedSession, Store};

/// A password that its owner changes from within a session.
#[derive(Debug)]
pub struct ChangePassword {
    /// Who, and in which session.
    pub owner: Authenticated,
    /// The password until now.
    pub current: Password,
    /// The password from now on.
    pub new: Password,
    /// Where it came from.
    pub origin: Origin,
}

/// A password that an administrator sets; all sessions end.
#[derive(Debug)]
pub struct SetPassword {
    /// Whose, as it was read.
    pub account: Account,
    /// The password from now on.
    pub new: Password,
    /// Who sets it.
    pub actor: Actor,
}

/// What became of it.
#[derive(Debug)]
pub enum PasswordChange {
    /// It is changed; from within a session, that session's new tokens are to be made.
    Changed(Option<Box<Issue>>),
    /// The current password is another.
    WrongPassword,
    /// The new password is none to take.
    PasswordRefused(PasswordRefused),
    /// Account or session changed meanwhile: nothing was written.
    Lost,
}

impl ChangePassword {
    /// Compares the current password, and replaces it.
    ///
    /// # Errors
    /// [`OpError`] where storage or hashing failed.
    pub async fn run(
        self,
        store: &dyn Store,
        hashing: &dyn PasswordHashing,
        storage_key: &StorageKey,
        policies: &Policies,
        draw: &Draw,
    ) -> Result<PasswordChange, OpError> {
        let Authenticated { account, session } = self.owner;
        let hash = match &account.password_hash {
            Some(sealed) => PasswordHash::unseal(sealed, storage_key, account.id)?,
            None => PasswordHash::of_nobody(),
        };
        if !hashing.matches(hash, self.current).await? || account.password_hash.is_none() {
            return Ok(PasswordChange::WrongPassword);
        }
        let resource: Option<Resource> = store.resource(&session.audience).await?;
        let exp = expiry(&session, resource.as_ref(), policies, draw.now);
        let Some(generation) = session.generation.next() else { return Ok(PasswordChange::Lost) };
        let renew = RenewedSession {
            session: session.id,
            from: session.generation,
            from_secret_hash: session.secret_hash,
            secret_hash: draw.session_secret.hash(),
            last_token_expires_at: policies.session.written_ahead(exp),
        };
        let replacing = Replacing {
            account: &account,
            new: self.new,
            renew: Some(renew),
            by: format!("session {}, request {} from {}", session.id, self.origin.request, self.origin.address),
            actor: Actor { account: Some(account.id), ..self.origin.actor() },
        };
        let changed = replacing.run(store, hashing, storage_key, policies, draw).await?;
        if !matches!(changed, PasswordChange::Changed(_)) {
            return Ok(changed);
        }
        let minted = Minted {
            session: &session,
            audience: &session.audience,
            scope: granted(&session.scope, &Client::first_party(), resource.as_ref(), &account.roles),
            roles: &account.roles,
            custom: custom_claims(&account.attributes, resource.as_ref(), policies),
            now: draw.now,
            expires_at: exp,
            jti: draw.jti,
        };
        let refresh = IssuedRefresh::Token { session: session.id, secret: draw.session_secret.clone(), generation };
        let issue = Issue { claims: minted.claims(), refresh, refresh_expires_at: session.idle_expires_at };
        Ok(PasswordChange::Changed(Some(Box::new(issue))))
    }
}

impl SetPassword {
    /// Replaces the password.
    ///
    /// # Errors
    /// [`OpError`] where storage or hashing failed.
    pub async fn run(
        self,
        store: &dyn Store,
        hashing: &dyn PasswordHashing,
        storage_key: &StorageKey,
        policies: &Policies,
        draw: &Draw,
    ) -> Result<PasswordChange, OpError> {
        let by = self.actor.request.clone().unwrap_or_default();
        let replacing = Replacing { account: &self.account, new: self.new, renew: None, by, actor: self.actor };
        replacing.run(store, hashing, storage_key, policies, draw).await
    }
}

struct Replacing<'a> {
    account: &'a Account,
    new: Password,
    renew: Option<RenewedSession>,
    by: String,
    actor: Actor,
}

impl Replacing<'_> {
    async fn run(
        self,
        store: &dyn Store,
        hashing: &dyn PasswordHashing,
        storage_key: &StorageKey,
        policies: &Policies,
        draw: &Draw,
    ) -> Result<PasswordChange, OpError> {
        let account = self.account;
        if let Err(refused) = policies.password.check(&self.new, &account.login) {
            return Ok(PasswordChange::PasswordRefused(refused));
        }
        let hash = hashing.hash(self.new, draw.salt).await?.seal(storage_key, account.id, draw.nonce);
        let change = store::ChangePassword {
            account: account.id,
            from: account.credential_version,
            hash,
            renew: self.renew,
            end: End::by(EndReason::PasswordChanged, self.by),
            audit: AuditEvent::new(draw.now, "account.password_changed", self.actor).of_account(account.id),
            now: draw.now,
        };
        Ok(match store.change_password(change).await? {
            Changed::Changed(_) => PasswordChange::Changed(None),
            Changed::Lost => PasswordChange::Lost,
        })
    }
}
