//! `countersign account`

mod add;
mod change;
mod view;

use super::Context;
use crate::bootstrap::Deployment;
use crate::failure::Failure;
use crate::output::Output;
use clap::{Args, Subcommand, ValueEnum};
use countersign_core::AccountId;
use countersign_core::account::{Account, AccountStatus, Login};
use countersign_core::store::Page;
use view::{AccountDetail, AccountList};

/// Make and administer accounts
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  countersign account add you@example.com --role admin
  countersign account add ana --password-stdin < password.txt
  countersign account role ana add ops
  countersign account set ana department=sales

Passwords come from a prompt, a file or standard input, never from an argument."
)]
pub(super) struct AccountArgs {
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    Add(add::AddArgs),
    /// List all accounts
    List,
    /// Show an account and its live sessions
    Show(Named),
    /// Give an account a role, or take it away, which ends its sessions
    Role(RoleArgs),
    /// Set attributes of an account
    #[command(after_help = "\
Examples:
  countersign account set ana department=sales floor=3
  countersign account set ana department=                    take the attribute away")]
    Set(SetArgs),
    /// Keep an account from signing in; its sessions end
    Disable(Named),
    /// Let a disabled account sign in again
    Enable(Named),
    /// Set an account's password; its sessions end
    SetPassword(SetPasswordArgs),
    /// Remove an account; its sessions end
    Remove(Named),
}

/// Which account.
#[derive(Debug, Args)]
struct Named {
    /// Its login, or its id
    login: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign account role ana add ops
  countersign account role ana remove admin                 its sessions end: their tokens say that it has the role")]
struct RoleArgs {
    /// The account's login, or its id
    login: String,
    /// What to do
    #[arg(value_enum)]
    action: RoleAction,
    /// The role: letters, digits and - _ . :
    role: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleAction {
    /// Give it
    Add,
    /// Take it away
    Remove,
}

#[derive(Debug, Args)]
struct SetArgs {
    /// The account's login, or its id
    login: String,
    /// Attributes; an empty value takes one away
    #[arg(required = true, value_name = "KEY=VALUE")]
    attributes: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign account set-password ana                      ask for it, on a terminal
  countersign account set-password ana --password-stdin < password.txt")]
struct SetPasswordArgs {
    /// The account's login, or its id
    login: String,
    #[command(flatten)]
    password: crate::secrets::PasswordSource,
}

impl AccountArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let command = match self.command {
            AccountCommand::Add(args) => return args.run(context, out).await,
            other => other,
        };
        let deployment = Deployment::open(context)?;
        match command {
            AccountCommand::Add(_) => Ok(()),
            AccountCommand::List => out.answer(&AccountList::read(&deployment).await?),
            AccountCommand::Show(named) => {
                let account = find(&deployment, &named.login).await?;
                out.answer(&AccountDetail::read(&deployment, account).await?)
            }
            AccountCommand::Role(args) => change::role(&deployment, args, out).await,
            AccountCommand::Set(args) => change::attributes(&deployment, args, out).await,
            AccountCommand::Disable(named) => change::status(&deployment, named, AccountStatus::Disabled, out).await,
            AccountCommand::Enable(named) => change::status(&deployment, named, AccountStatus::Active, out).await,
            AccountCommand::SetPassword(args) => change::password(&deployment, args, out).await,
            AccountCommand::Remove(named) => change::remove(&deployment, named, out).await,
        }
    }
}

/// The account of this login, or of this id.
pub(super) async fn find(deployment: &Deployment, login: &str) -> Result<Account, Failure> {
    if let Ok(login) = Login::parse(login)
        && let Some(account) = deployment.store.account_by_login(&login).await?
    {
        return Ok(account);
    }
    let by_id = match login.parse::<AccountId>() {
        Ok(id) => deployment.store.account(id).await?,
        Err(_) => None,
    };
    match by_id {
        Some(account) => Ok(account),
        None => Err(Failure::failed(format!("there is no account `{login}`")).hint(nearest(deployment, login).await?)),
    }
}

/// What to do about a login that is not there.
async fn nearest(deployment: &Deployment, login: &str) -> Result<String, Failure> {
    // Among the first hundred: enough for a typing mistake where there are few, and cheap where there are many.
    let accounts = deployment.store.accounts(Page::first()).await?.items;
    let similar = accounts
        .iter()
        .map(|account| (strsim::jaro_winkler(account.login.as_str(), login), account.login.as_str()))
        .filter(|(similarity, _)| *similarity > 0.85)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    Ok(match similar {
        Some((_, login)) => format!("did you mean `{login}`?"),
        None => "`countersign account list` tells which there are".to_owned(),
    })
}
