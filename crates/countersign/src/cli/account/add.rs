//! `countersign account add`

use crate::bootstrap::{Deployment, actor};
use crate::cli::Context;
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::secrets::PasswordSource;
use clap::Args;
use countersign_core::account::{Login, Role, Roles};
use countersign_core::ops::{HashInPlace, SignUp, SignedUp};
use serde::Serialize;

/// Make an account; in a new data folder it makes keys and database first, as `serve` does
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign account add you@example.com --role admin
  countersign account add ana --email ana@example.com --name 'Ana' --password-stdin < password.txt

The password is asked for on a terminal. Where standard input is no terminal and no password is given, the account
is made without one, and can't sign in until `countersign account set-password LOGIN` sets one.")]
pub(super) struct AddArgs {
    /// What its owner types to sign in: 1 to 256 characters
    login: String,
    /// Where mail for it goes
    #[arg(long)]
    email: Option<String>,
    /// What its owner is called
    #[arg(long)]
    name: Option<String>,
    /// A role that it has; may be given again
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    #[command(flatten)]
    password: PasswordSource,
}

/// An account that was made.
#[derive(Serialize)]
struct Added {
    id: String,
    login: String,
    #[serde(skip)]
    roles: Roles,
}

impl AddArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let login = Login::parse(&self.login).map_err(Failure::usage)?;
        let roles = self.roles.iter().map(|role| Role::parse(role)).collect::<Result<Vec<_>, _>>();
        let roles = roles.and_then(Roles::of).map_err(Failure::usage)?;
        let email = self.email.map(email).transpose()?;
        let name = self.name.map(name).transpose()?;
        let password = self.password.read()?;
        let has_password = password.is_some();
        let deployment = Deployment::open_or_found(context).await?;
        let (storage_key, policies) = (deployment.storage_key().await?, deployment.policies().await?);
        let sign_up = SignUp { login: login.clone(), email, name, roles: roles.clone(), password, actor: actor() };
        let store = &*deployment.store;
        match Box::pin(sign_up.run(store, &HashInPlace, &storage_key, &policies, &deployment.draw())).await? {
            SignedUp::Created(id) => {
                if !has_password {
                    out.note(&format!(
                        "no password was given: set one with `countersign account set-password {login}`"
                    ));
                }
                out.answer(&Added { id: id.to_string(), login: login.to_string(), roles })
            }
            SignedUp::LoginTaken => Err(Failure::failed(format!("there is an account `{login}` already"))
                .hint(format!("countersign account show {login}"))),
            SignedUp::PasswordRefused(refused) => Err(Failure::failed(refused)),
        }
    }
}

impl Answer for Added {
    fn show(&self, page: &mut Page) {
        page.good(&format!("made account {}", self.login));
        page.field("id", &self.id);
        if !self.roles.is_empty() {
            page.field("roles", &self.roles.to_string());
        }
    }
}

/// An address is checked by mail that arrives; here only that it could be one.
fn email(text: String) -> Result<String, Failure> {
    let plain = text.len() <= 254 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let parts = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if plain && parts { Ok(text) } else { Err(Failure::usage(format!("not an email address: {text:?}"))) }
}

fn name(text: String) -> Result<String, Failure> {
    let fits = (1..=256).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(Failure::usage("not a name: expected 1 to 256 characters, no control characters")) }
}

#[cfg(test)]
mod tests {
    use super::{email, name};

    #[test]
    fn an_address_has_two_parts() {
        assert!(email("ana@example.com".to_owned()).is_ok());
        for refused in ["", "ana", "@example.com", "ana@", "ana @example.com", "ana@example.com\n"] {
            assert!(email(refused.to_owned()).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn a_name_prints() {
        assert!(name("Ana María".to_owned()).is_ok());
        for refused in [String::new(), "a\u{1b}b".to_owned(), "x".repeat(257)] {
            assert!(name(refused).is_err());
        }
    }
}
