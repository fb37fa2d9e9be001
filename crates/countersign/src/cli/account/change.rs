//! `countersign account role|set|disable|enable|set-password|remove`

use super::{Named, RoleAction, RoleArgs, SetArgs, SetPasswordArgs, find};
use crate::bootstrap::{Deployment, actor};
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use countersign_core::account::{AccountStatus, Role};
use countersign_core::ops::{
    AccountChanged, ChangeAttribute, ChangeRole, ChangeStatus, HashInPlace, PasswordChange, RemoveAccount, SetPassword,
};
use serde::Serialize;

/// A change that was made, or was so already.
#[derive(Serialize)]
struct Changed {
    id: String,
    login: String,
    changed: bool,
    sessions_ended: u64,
    #[serde(skip)]
    what: String,
}

impl Answer for Changed {
    fn show(&self, page: &mut Page) {
        if !self.changed {
            return page.aside(&format!("{}: nothing to change, it is so already", self.login));
        }
        page.good(&format!("{}: {}", self.login, self.what));
        if self.sessions_ended > 0 {
            page.field("ended", &format!("{} sessions", self.sessions_ended));
        }
    }
}

pub(super) async fn role(deployment: &Deployment, args: RoleArgs, out: &mut Output) -> Result<(), Failure> {
    let role = Role::parse(&args.role).map_err(Failure::usage)?;
    let account = find(deployment, &args.login).await?;
    let (what, change) = match args.action {
        RoleAction::Add => (format!("has role {}", args.role), ChangeRole::Add(role)),
        RoleAction::Remove => (format!("has role {} no more", args.role), ChangeRole::Remove(role)),
    };
    let changed = change.run(&account, actor(), &*deployment.store, &deployment.draw()).await?;
    let changed = changed.map_err(Failure::failed)?;
    answer(account.id.to_string(), account.login.to_string(), what, changed, out)
}

pub(super) async fn attributes(deployment: &Deployment, args: SetArgs, out: &mut Output) -> Result<(), Failure> {
    let attributes = args.attributes.iter().map(|text| attribute(text)).collect::<Result<Vec<_>, _>>()?;
    let names = attributes.iter().map(|attribute| attribute.name.clone()).collect::<Vec<_>>().join(", ");
    let policies = deployment.policies().await?;
    let mut outcome = AccountChanged::Unchanged;
    for attribute in attributes {
        // Each is its own change of what is there by then.
        let account = find(deployment, &args.login).await?;
        let changed = attribute.run(&account, actor(), &*deployment.store, &policies, &deployment.draw()).await?;
        match changed.map_err(Failure::usage)? {
            AccountChanged::Unchanged => {}
            AccountChanged::Lost => return Err(lost()),
            made @ AccountChanged::Changed(_) => outcome = made,
        }
    }
    let account = find(deployment, &args.login).await?;
    answer(account.id.to_string(), account.login.to_string(), format!("set {names}"), outcome, out)
}

pub(super) async fn status(
    deployment: &Deployment,
    named: Named,
    status: AccountStatus,
    out: &mut Output,
) -> Result<(), Failure> {
    let account = find(deployment, &named.login).await?;
    let what = match status {
        AccountStatus::Active => "may sign in again",
        AccountStatus::Disabled => "can't sign in any more",
    };
    let changed = ChangeStatus(status).run(&account, actor(), &*deployment.store, &deployment.draw()).await?;
    answer(account.id.to_string(), account.login.to_string(), what.to_owned(), changed, out)
}

pub(super) async fn password(deployment: &Deployment, args: SetPasswordArgs, out: &mut Output) -> Result<(), Failure> {
    let account = find(deployment, &args.login).await?;
    let Some(new) = args.password.read()? else {
        return Err(Failure::usage("no password, and standard input is no terminal to ask on")
            .hint(format!("countersign account set-password {} --password-stdin < FILE", args.login)));
    };
    let (storage_key, policies) = (deployment.storage_key().await?, deployment.policies().await?);
    let (id, login) = (account.id.to_string(), account.login.to_string());
    let set = SetPassword { account, new, actor: actor() };
    let store = &*deployment.store;
    match Box::pin(set.run(store, &HashInPlace, &storage_key, &policies, &deployment.draw())).await? {
        PasswordChange::Changed(_) => {
            let what = "has a new password; its sessions ended".to_owned();
            out.answer(&PasswordSet { id, login, what })
        }
        PasswordChange::PasswordRefused(refused) => Err(Failure::failed(refused)),
        PasswordChange::WrongPassword | PasswordChange::Lost => Err(lost()),
    }
}

/// A password that was set.
#[derive(Serialize)]
struct PasswordSet {
    id: String,
    login: String,
    #[serde(skip)]
    what: String,
}

impl Answer for PasswordSet {
    fn show(&self, page: &mut Page) {
        page.good(&format!("{}: {}", self.login, self.what));
    }
}

pub(super) async fn remove(deployment: &Deployment, named: Named, out: &mut Output) -> Result<(), Failure> {
    let account = find(deployment, &named.login).await?;
    let changed = RemoveAccount.run(&account, actor(), &*deployment.store, &deployment.draw()).await?;
    answer(account.id.to_string(), account.login.to_string(), "is removed".to_owned(), changed, out)
}

fn answer(id: String, login: String, what: String, outcome: AccountChanged, out: &mut Output) -> Result<(), Failure> {
    let (changed, sessions_ended) = match outcome {
        AccountChanged::Changed(ended) => (true, ended.sessions),
        AccountChanged::Unchanged => (false, 0),
        AccountChanged::Lost => return Err(lost()),
    };
    out.answer(&Changed { id, login, changed, sessions_ended, what })
}

fn lost() -> Failure {
    Failure::failed("the account was changed by somebody else at this moment; nothing was written")
        .hint("run the command again")
}

fn attribute(text: &str) -> Result<ChangeAttribute, Failure> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(Failure::usage(format!("not an attribute: {text:?}")).hint("as in `department=sales`"));
    };
    Ok(ChangeAttribute { name: name.to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::attribute;

    #[test]
    fn the_first_equals_sign_ends_the_name() {
        let parsed = attribute("link=https://example.com/?a=b").unwrap();
        assert_eq!((parsed.name.as_str(), parsed.value.as_str()), ("link", "https://example.com/?a=b"));
        assert_eq!(attribute("department=").unwrap().value, "");
        assert!(attribute("department").is_err());
    }
}
