//! Accounts.

use crate::SqliteStore;
use crate::audit::tell;
use crate::ending::{Ending, raise_floor};
use crate::error::Fault;
use crate::pages::{begin, nothing, paged, rows_wanted, text_key};
use crate::rows::{Columns, all, change, first, millis};
use countersign_core::AccountId;
use countersign_core::account::{Account, AccountStatus, CredentialVersion, Login, Roles, SessionsFloor};
use countersign_core::key_ring::Sealed;
use countersign_core::session::AccountStanding;
use countersign_core::store::{
    AccountChange, AccountStore, ChangeAccount, ChangePassword, Changed, Created, EndedSessions, NewAccount, Page,
    Paged, RenewedSession, StoreFuture,
};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// All columns that [`account`] takes.
macro_rules! account_columns {
    () => {
        "id, login, email, name, roles, attributes, password_hash, credential_version, sessions_floor, status,
         created_at"
    };
}

impl AccountStore for SqliteStore {
    fn create_account(&self, new: NewAccount) -> StoreFuture<'_, Created> {
        self.writer.run("creating an account", move |commit| {
            let NewAccount { account, audit } = &new;
            let created = change(
                commit,
                "INSERT INTO account (id, login, login_key, email, name, roles, attributes, password_hash,
                     credential_version, sessions_floor, status, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (login_key) DO NOTHING",
                params![
                    account.id.as_bytes(),
                    account.login.as_str(),
                    account.login.key(),
                    account.email,
                    account.name,
                    account.roles.to_string(),
                    written(&account.attributes),
                    account.password_hash.as_ref().map(Sealed::as_bytes),
                    account.credential_version.0,
                    account.sessions_floor.0,
                    status_code(account.status),
                    millis(account.created_at),
                ],
            )?;
            if created == 0 {
                return Ok(Created::LoginTaken);
            }
            tell(commit, audit)?;
            Ok(Created::Created)
        })
    }

    fn account_by_login(&self, login: &Login) -> StoreFuture<'_, Option<Account>> {
        let key = login.key();
        self.readers.run("reading an account by its login", move |read| {
            let statement = concat!("SELECT ", account_columns!(), " FROM account WHERE login_key = ?1");
            first(read, statement, (key,), account)
        })
    }

    fn account(&self, id: AccountId) -> StoreFuture<'_, Option<Account>> {
        self.readers.run("reading an account", move |read| {
            let statement = concat!("SELECT ", account_columns!(), " FROM account WHERE id = ?1");
            first(read, statement, (id.as_bytes(),), account)
        })
    }

    fn accounts(&self, page: Page) -> StoreFuture<'_, Paged<Account>> {
        self.readers.run("listing accounts", move |read| {
            let Some(after) = begin(&page, String::new(), text_key) else {
                return Ok(nothing());
            };
            let statement = concat!(
                "SELECT ",
                account_columns!(),
                " FROM account WHERE login_key > ?1 ORDER BY login_key LIMIT ?2"
            );
            let found = all(read, statement, (after, rows_wanted(&page)), account)?;
            Ok(paged(found, &page, |last| last.login.key().into_bytes()))
        })
    }

    fn change_password(&self, password: ChangePassword) -> StoreFuture<'_, Changed> {
        self.writer.run("changing a password", move |commit| {
            // Everything that is expected is looked at first: who loses has written nothing.
            let expected = "SELECT 1 FROM account WHERE id = ?1 AND credential_version = ?2";
            let (id, from) = (password.account.as_bytes(), password.from.0);
            if first(commit, expected, (id, from), |_| Ok(()))?.is_none() {
                return Ok(Changed::Lost);
            }
            if let Some(renewed) = &password.renew
                && !renew(commit, renewed, &password)?
            {
                return Ok(Changed::Lost);
            }
            change(
                commit,
                "UPDATE account SET password_hash = ?2, credential_version = credential_version + 1 WHERE id = ?1",
                (id, password.hash.as_bytes()),
            )?;
            raise_floor(commit, password.account)?;
            let spared = password.renew.as_ref().map(|renewed| renewed.session);
            let ending = Ending { end: &password.end, spared, now: password.now };
            let ended = ending.all_of(commit, password.account)?;
            tell(commit, &password.audit)?;
            Ok(Changed::Changed(ended))
        })
    }

    fn change_account(&self, account: ChangeAccount) -> StoreFuture<'_, Changed> {
        self.writer.run("changing an account", move |commit| {
            if !carry_out(commit, account.account, &account.change)? {
                return Ok(Changed::Lost);
            }
            let mut ended = EndedSessions::default();
            if let Some(end) = &account.end {
                raise_floor(commit, account.account)?;
                ended = Ending { end, spared: None, now: account.now }.all_of(commit, account.account)?;
            }
            tell(commit, &account.audit)?;
            Ok(Changed::Changed(ended))
        })
    }
}

/// Gives the session in which a password is changed another secret and the next generation; whether it still stood
/// where it was read.
fn renew(commit: &Connection, renewed: &RenewedSession, password: &ChangePassword) -> Result<bool, Fault> {
    let statement = "
UPDATE session SET generation = generation + 1, rotated_at = ?5, rotated_by = ?6, retry_hash = NULL,
    replaced_hash = secret_hash, secret_hash = ?7, storage_epoch = (SELECT epoch FROM deployment),
    last_token_expires_at = max(last_token_expires_at, ?8)
WHERE id = ?1 AND account = ?2 AND generation = ?3 AND secret_hash = ?4
    AND ended_at IS NULL AND idle_expires_at > ?5 AND absolute_expires_at > ?5";
    let params = params![
        renewed.session.as_bytes(),
        password.account.as_bytes(),
        renewed.from.0,
        renewed.from_secret_hash.as_bytes(),
        millis(password.now),
        password.audit.actor.request,
        renewed.secret_hash.as_bytes(),
        millis(renewed.last_token_expires_at),
    ];
    Ok(change(commit, statement, params)? == 1)
}

/// Makes one change; whether the account was there and as it was expected to be.
fn carry_out(commit: &Connection, account: AccountId, wanted: &AccountChange) -> Result<bool, Fault> {
    let id = account.as_bytes();
    let changed = match wanted {
        AccountChange::Roles { from, to } => {
            let statement = "UPDATE account SET roles = ?3 WHERE id = ?1 AND roles = ?2";
            change(commit, statement, (id, from.to_string(), to.to_string()))
        }
        AccountChange::Status(status) => {
            change(commit, "UPDATE account SET status = ?2 WHERE id = ?1", (id, status_code(*status)))
        }
        AccountChange::Attributes { from, to } => {
            let statement = "UPDATE account SET attributes = ?3 WHERE id = ?1 AND attributes = ?2";
            change(commit, statement, (id, written(from), written(to)))
        }
        AccountChange::Removed => change(commit, "DELETE FROM account WHERE id = ?1", (id,)),
    }?;
    Ok(changed == 1)
}

fn account(row: &mut Columns<'_, '_>) -> Result<Account, Fault> {
    Ok(Account {
        id: AccountId::from_bytes(row.take()?),
        login: row.text(Login::parse)?,
        email: row.take()?,
        name: row.take()?,
        roles: row.text(Roles::parse)?,
        attributes: row.text(|text| serde_json::from_str(text))?,
        password_hash: row.take::<Option<_>>()?.map(Sealed::from_bytes),
        credential_version: CredentialVersion(row.take()?),
        sessions_floor: SessionsFloor(row.take()?),
        status: status(row)?,
        created_at: row.time()?,
    })
}

/// The columns `status`, `roles` and `attributes`.
pub(crate) fn standing(row: &mut Columns<'_, '_>) -> Result<AccountStanding, Fault> {
    Ok(AccountStanding {
        status: status(row)?,
        roles: row.text(Roles::parse)?,
        attributes: row.text(|text| serde_json::from_str(text))?,
    })
}

fn status(row: &mut Columns<'_, '_>) -> Result<AccountStatus, Fault> {
    row.text(|code| match code {
        "active" => Ok(AccountStatus::Active),
        "disabled" => Ok(AccountStatus::Disabled),
        _ => Err(()),
    })
}

const fn status_code(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Active => "active",
        AccountStatus::Disabled => "disabled",
    }
}

/// A JSON object, its names in order: equal attributes are equal text.
fn written(attributes: &BTreeMap<String, String>) -> String {
    let attributes = attributes.iter().map(|(name, value)| (name.clone(), value.clone().into()));
    serde_json::Value::Object(attributes.collect()).to_string()
}
