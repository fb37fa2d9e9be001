//! `countersign client`

mod add;
mod change;
mod view;

use super::Context;
use crate::bootstrap::Deployment;
use crate::failure::Failure;
use crate::output::Output;
use clap::{Args, Subcommand};
use countersign_core::Time;
use countersign_core::client::{Client, ClientId, ClientStatus};
use countersign_core::store::Page;
use std::path::PathBuf;
use view::{ClientDetail, ClientList};

/// Register clients and administer them: applications and programs that ask for tokens
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  countersign client add shop --kind web --redirect-uri https://shop.example.com/callback
  countersign client add billing --kind machine --scope orders:read --resource https://orders.example.com
  countersign client add guard --kind machine --scope feed:read --secret-out guard.secret
  countersign client rotate-secret billing
  countersign client disable billing                        its sessions end, every verifier refuses its tokens

A machine trades its id and secret for an access token at POST /oauth2/token. Secrets are shown once and not kept."
)]
pub(super) struct ClientArgs {
    #[command(subcommand)]
    command: ClientCommand,
}

#[derive(Debug, Subcommand)]
enum ClientCommand {
    Add(add::AddArgs),
    /// List all clients but the built-in one
    List,
    /// Show a client and its live sessions
    Show(Named),
    RotateSecret(RotateSecretArgs),
    /// Keep a client from being used; its sessions end, and every verifier refuses its tokens
    Disable(Named),
    /// Let a disabled client be used again; says until when its tokens are refused
    Enable(Named),
    /// Remove a client; its sessions end, and every verifier refuses its tokens
    Remove(Named),
}

/// Which client.
#[derive(Debug, Args)]
struct Named {
    /// Its id
    id: String,
}

/// Replace a client's secret; the one before is refused at once, tokens that were issued live on
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign client rotate-secret billing
  countersign client rotate-secret billing --secret-out billing.secret

After a leak also run `countersign client disable` and `enable`: that refuses what was issued under the old secret.")]
struct RotateSecretArgs {
    /// Its id
    id: String,
    #[command(flatten)]
    secret: SecretOut,
}

/// Where a new secret goes.
#[derive(Debug, Args)]
struct SecretOut {
    /// Write the secret to a new file that only you can read, instead of printing it
    #[arg(long = "secret-out", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl ClientArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let command = match self.command {
            ClientCommand::Add(args) => return args.run(context, out).await,
            other => other,
        };
        let deployment = Deployment::open(context)?;
        match command {
            ClientCommand::Add(_) => Ok(()),
            ClientCommand::List => out.answer(&ClientList::read(&deployment).await?),
            ClientCommand::Show(named) => {
                let client = find(&deployment, &named.id).await?;
                out.answer(&ClientDetail::read(&deployment, client).await?)
            }
            ClientCommand::RotateSecret(args) => change::secret(&deployment, args, out).await,
            ClientCommand::Disable(named) => change::status(&deployment, named, ClientStatus::Disabled, out).await,
            ClientCommand::Enable(named) => change::status(&deployment, named, ClientStatus::Active, out).await,
            ClientCommand::Remove(named) => change::remove(&deployment, named, out).await,
        }
    }
}

/// The client of this id.
async fn find(deployment: &Deployment, id: &str) -> Result<Client, Failure> {
    let parsed = ClientId::parse(id).map_err(Failure::usage)?;
    if let Some(client) = deployment.store.client(&parsed).await? {
        return Ok(client);
    }
    if parsed == ClientId::first_party() {
        return Err(Failure::failed(format!("`{id}` is the built-in client: it can't be changed")));
    }
    // Among the first hundred: enough for a typing mistake where there are few, and cheap where there are many.
    let clients = deployment.store.clients(Page::first()).await?.items;
    let similar = clients
        .iter()
        .map(|client| (strsim::jaro_winkler(client.id.as_str(), id), client.id.as_str()))
        .filter(|(similarity, _)| *similarity > 0.85)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let hint = match similar {
        Some((_, id)) => format!("did you mean `{id}`?"),
        None => "`countersign client list` tells which there are".to_owned(),
    };
    Err(Failure::failed(format!("there is no client `{id}`")).hint(hint))
}

/// Until when tokens of the client are refused; `None` where they are not.
async fn refused_until(deployment: &Deployment, id: &ClientId) -> Result<Option<Time>, Failure> {
    let until = deployment.store.client_refused_until(id).await?.map(Time::from_timestamp);
    Ok(until.filter(|until| *until >= deployment.source.now()))
}
