//! `countersign client rotate-secret|disable|enable|remove`

use super::add::KeptSecret;
use super::{Named, RotateSecretArgs, find, refused_until};
use crate::bootstrap::{Deployment, actor};
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::times::rfc3339;
use countersign_core::Time;
use countersign_core::client::{Client, ClientStatus};
use countersign_core::ops::{ChangeClientStatus, ClientChange, RemoveClient, ReplaceClientSecret, SecretReplaced};
use serde::Serialize;

/// A change that was made, or was so already.
#[derive(Serialize)]
struct Changed {
    client_id: String,
    changed: bool,
    sessions_ended: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_until: Option<String>,
    #[serde(skip)]
    what: &'static str,
    #[serde(skip)]
    refused: Option<Time>,
}

pub(super) async fn secret(deployment: &Deployment, args: RotateSecretArgs, out: &mut Output) -> Result<(), Failure> {
    let client = find(deployment, &args.id).await?;
    let draw = deployment.draw();
    // Read before: once the secret counts, nothing may stand between it and whoever asked for it.
    let until = refused_until(deployment, &client.id).await?;
    let kept = KeptSecret::write(args.secret, &draw)?;
    let refused = match ReplaceClientSecret.run(&client, actor(), &*deployment.store, &draw).await? {
        SecretReplaced::Replaced(secret) => {
            return out.answer(&kept.shown(client.id.as_str(), Some(&secret), "replaced the secret of", until));
        }
        SecretReplaced::Public => Failure::failed(format!("client `{}` is public: it has no secret", args.id)),
        SecretReplaced::Lost => lost(&args.id),
    };
    kept.discard();
    Err(refused)
}

pub(super) async fn status(
    deployment: &Deployment,
    named: Named,
    to: ClientStatus,
    out: &mut Output,
) -> Result<(), Failure> {
    let client = find(deployment, &named.id).await?;
    let what = match to {
        ClientStatus::Active => "enabled",
        ClientStatus::Disabled => "disabled",
    };
    let policies = deployment.policies().await?;
    let change = ChangeClientStatus(to);
    let changed = change.run(&client, actor(), &*deployment.store, &policies, &deployment.draw()).await?;
    answer(deployment, &client, what, changed, out).await
}

pub(super) async fn remove(deployment: &Deployment, named: Named, out: &mut Output) -> Result<(), Failure> {
    let client = find(deployment, &named.id).await?;
    let policies = deployment.policies().await?;
    let removed = RemoveClient.run(&client, actor(), &*deployment.store, &policies, &deployment.draw()).await?;
    answer(deployment, &client, "removed", removed, out).await
}

async fn answer(
    deployment: &Deployment,
    client: &Client,
    what: &'static str,
    changed: ClientChange,
    out: &mut Output,
) -> Result<(), Failure> {
    let (changed, sessions_ended) = match changed {
        ClientChange::Changed(ended) => (true, ended.sessions),
        ClientChange::Unchanged => (false, 0),
        ClientChange::Lost => return Err(lost(client.id.as_str())),
    };
    let refused = refused_until(deployment, &client.id).await?;
    let client_id = client.id.to_string();
    out.answer(&Changed { client_id, changed, sessions_ended, refused_until: refused.map(rfc3339), what, refused })
}

fn lost(id: &str) -> Failure {
    Failure::failed(format!("client `{id}` was changed by somebody else at this moment")).hint("run the command again")
}

impl Answer for Changed {
    fn show(&self, page: &mut Page) {
        if self.changed {
            page.good(&format!("{} client {}", self.what, self.client_id));
        } else {
            page.aside(&format!("{}: nothing to change, it is so already", self.client_id));
        }
        if self.sessions_ended > 0 {
            page.field("ended", &format!("{} sessions", self.sessions_ended));
        }
        if let Some(until) = self.refused {
            page.time("refused", until);
            page.aside("Until then every verifier refuses its tokens.");
        }
    }
}
