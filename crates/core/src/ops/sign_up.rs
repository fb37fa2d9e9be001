//! Sign-up: makes an account.

use crate::account::{
    Account, AccountStatus, CredentialVersion, Login, Password, PasswordRefused, Roles, SessionsFloor,
};
use crate::audit::{Actor, AuditEvent};
use crate::draw::Draw;
use crate::ids::AccountId;
use crate::key_ring::StorageKey;
use crate::ops::{OpError, PasswordHashing, Policies};
use crate::store::{Created, NewAccount, Store};
use std::collections::BTreeMap;

/// An account to be made.
#[derive(Debug)]
pub struct SignUp {
    /// What its owner will type.
    pub login: Login,
    /// Where mail for it goes.
    pub email: Option<String>,
    /// What its owner is called.
    pub name: Option<String>,
    /// What it may do.
    pub roles: Roles,
    /// How its owner will sign in; without one, not by password.
    pub password: Option<Password>,
    /// Who makes it.
    pub actor: Actor,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedUp {
    /// The account is there.
    Created(AccountId),
    /// Another has that login.
    LoginTaken,
    /// The password is none to take.
    PasswordRefused(PasswordRefused),
}

impl SignUp {
    /// Hashes the password and makes the account.
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
    ) -> Result<SignedUp, OpError> {
        if let Some(Err(refused)) =
            self.password.as_ref().map(|password| policies.password.check(password, &self.login))
        {
            return Ok(SignedUp::PasswordRefused(refused));
        }
        let id = draw.account_id;
        let password_hash = match self.password {
            Some(password) => Some(hashing.hash(password, draw.salt).await?.seal(storage_key, id, draw.nonce)),
            None => None,
        };
        let account = Account {
            id,
            login: self.login,
            email: self.email,
            name: self.name,
            roles: self.roles,
            attributes: BTreeMap::new(),
            password_hash,
            credential_version: CredentialVersion(0),
            sessions_floor: SessionsFloor(0),
            status: AccountStatus::Active,
            created_at: draw.now,
        };
        let audit = AuditEvent::new(draw.now, "account.created", self.actor).of_account(id);
        Ok(match store.create_account(NewAccount { account, audit }).await? {
            Created::Created => SignedUp::Created(id),
            Created::LoginTaken => SignedUp::LoginTaken,
        })
    }
}
