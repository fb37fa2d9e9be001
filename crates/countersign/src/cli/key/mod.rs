//! `countersign key`

mod list;
mod transport;

use super::{Context, revoke};
use crate::bootstrap::{Deployment, MasterOrigin};
use crate::data::{self, MasterKeyBytes};
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::times::{in_words, rfc3339};
use clap::{Args, Subcommand};
use countersign_core::key_ring::{MacKeyId, MasterKey};
use countersign_core::ops::KeyRingChanged;
use serde::Serialize;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Look at the keys and change them; a running server takes them up by itself
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  countersign key list
  countersign key rotate                                    when the next key has been published long enough
  countersign key rotate --now                              at once: verifiers that cache may not know it yet
  countersign key revoke --mac 3 --end-sessions             after a leak of MAC key 3

Keys go from next (published) to active (signs) to retiring (published until its last token expired) to gone. They
rotate by themselves; these commands are for when you want it sooner."
)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// List signing keys and MAC keys, and when each moves on
    List,
    Rotate(RotateArgs),
    Import(transport::ImportArgs),
    Export(transport::ExportArgs),
    Reseal(ResealArgs),
    Revoke(RevokeArgs),
}

/// Let the next key sign
#[derive(Debug, Args)]
struct RotateArgs {
    /// At once, however short it has been published
    #[arg(long)]
    now: bool,
    /// Make another MAC key for refresh tokens; tokens under the one before stay good
    #[arg(long, conflicts_with = "now")]
    mac: bool,
}

/// Seal the keys under another master key
#[derive(Debug, Args)]
#[command(after_help = "\
Without --new-master-key-file a new master.key is made in the data folder, in place of the one before. A running
server goes on with the keys that it has; restart it, so that it can make new ones.")]
struct ResealArgs {
    /// A file with the new master key: 43 characters of base64url
    #[arg(long, value_name = "FILE")]
    new_master_key_file: Option<PathBuf>,
}

/// Refuse all tokens under a signing key, or distrust a MAC key
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign key revoke 2026-07
  countersign key revoke --mac 3                            its tokens must be the current ones from now on
  countersign key revoke --mac 3 --end-sessions             and everybody signs in again")]
struct RevokeArgs {
    /// The signing key's id
    #[arg(value_name = "KID", required_unless_present = "mac", conflicts_with = "mac")]
    kid: Option<String>,
    /// A MAC key of refresh tokens, by its number
    #[arg(long, value_name = "ID")]
    mac: Option<u8>,
    /// End every session, since any may hold a token under the MAC key
    #[arg(long, requires = "mac")]
    end_sessions: bool,
}

/// What became of a change of the keys.
#[derive(Serialize)]
struct Moved {
    kind: &'static str,
    id: String,
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions_ended: Option<u64>,
}

#[derive(Serialize)]
struct Resealed {
    resealed: bool,
    master_key: String,
}

impl KeyArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        if let KeyCommand::Import(args) = self.command {
            return args.run(context, out).await;
        }
        let deployment = Deployment::open(context)?;
        match self.command {
            KeyCommand::List => out.answer(&list::KeyList::read(&deployment).await?),
            KeyCommand::Rotate(args) => args.run(&deployment, out).await,
            KeyCommand::Import(_) => Ok(()),
            KeyCommand::Export(args) => args.run(&deployment, out).await,
            KeyCommand::Reseal(args) => args.run(&deployment, out).await,
            KeyCommand::Revoke(args) => args.run(&deployment, out).await,
        }
    }
}

impl RotateArgs {
    async fn run(self, deployment: &Deployment, out: &mut Output) -> Result<(), Failure> {
        let ring = deployment.store.key_ring().await?;
        let (master, policies) = (deployment.master(&ring)?.key(), deployment.policies().await?);
        let care = deployment.key_care(&master, &policies);
        let changed =
            if self.mac { Box::pin(care.rotate_mac()).await? } else { Box::pin(care.rotate(self.now)).await? };
        match changed {
            KeyRingChanged::Rotated(id) => out.answer(&Moved::signing(id.as_str(), "signs")),
            KeyRingChanged::MacRotated(id) => out.answer(&Moved::mac(id, "makes refresh tokens", None)),
            KeyRingChanged::NotBefore(id, from) => {
                let when = in_words(from, deployment.source.now());
                let failure = Failure::failed(format!(
                    "key {id} can sign from {} ({when}): verifiers may not know it yet",
                    rfc3339(from)
                ));
                Err(failure.hint("countersign key rotate --now"))
            }
            KeyRingChanged::NoFreeMacId => Err(no_free_mac_id()),
            other => Err(unexpected(&other)),
        }
    }
}

impl RevokeArgs {
    async fn run(self, deployment: &Deployment, out: &mut Output) -> Result<(), Failure> {
        let Some(mac) = self.mac.map(MacKeyId) else {
            let id = revoke::revoke_signing_key(deployment, &self.kid.unwrap_or_default()).await?;
            return out.answer(&Moved::signing(id.as_str(), "revoked"));
        };
        let ring = deployment.store.key_ring().await?;
        let (master, policies) = (deployment.master(&ring)?.key(), deployment.policies().await?);
        let care = deployment.key_care(&master, &policies);
        match Box::pin(care.distrust_mac(mac, self.end_sessions)).await? {
            KeyRingChanged::Revoked(ended) => {
                let ended = self.end_sessions.then_some(ended.sessions);
                out.answer(&Moved::mac(mac, "distrusted", ended))
            }
            KeyRingChanged::Unknown => Err(Failure::failed(format!("there is no MAC key {mac}"))
                .hint("`countersign key list` tells which there are")),
            KeyRingChanged::NoFreeMacId => Err(no_free_mac_id()),
            other => Err(unexpected(&other)),
        }
    }
}

impl ResealArgs {
    async fn run(self, deployment: &Deployment, out: &mut Output) -> Result<(), Failure> {
        let ring = deployment.store.key_ring().await?;
        let (master, policies) = (deployment.master(&ring)?, deployment.policies().await?);
        let old = master.key();
        let care = deployment.key_care(&old, &policies);
        if let Some(file) = self.new_master_key_file {
            let new = data::read_master_key(&file)?;
            Box::pin(care.reseal(&MasterKey::from_bytes(*new))).await?;
            return out.answer(&Resealed { resealed: true, master_key: file.display().to_string() });
        }
        let MasterOrigin::DataFolder(path) = master.origin else {
            return Err(Failure::usage(format!(
                "the master key comes from {}, not from the data folder",
                master.origin
            ))
            .hint("countersign key reseal --new-master-key-file FILE, then name that file there"));
        };
        let mut new: MasterKeyBytes = Zeroizing::new([0; 32]);
        deployment.source.fill(&mut *new);
        // On disk under another name first: a crash at any moment leaves both keys there.
        let draft = deployment.data.draft_master_key(&new)?;
        let resealed = Box::pin(care.reseal(&MasterKey::from_bytes(*new))).await;
        if let Err(error) = resealed {
            return Err(
                Failure::from(error).hint(format!("see which of {path} and {} opens the data", draft.display()))
            );
        }
        deployment.data.replace_master_key(&draft)?;
        out.answer(&Resealed { resealed: true, master_key: path })
    }
}

impl Moved {
    fn signing(id: &str, what: &'static str) -> Self {
        Self { kind: "signing", id: id.to_owned(), what, sessions_ended: None }
    }

    fn mac(id: MacKeyId, what: &'static str, sessions_ended: Option<u64>) -> Self {
        Self { kind: "mac", id: id.to_string(), what, sessions_ended }
    }
}

impl Answer for Moved {
    fn show(&self, page: &mut Page) {
        let key = if self.kind == "mac" { "MAC key" } else { "key" };
        page.good(&format!("{key} {}: {}", self.id, self.what));
        self.sessions_ended.iter().for_each(|ended| page.field("ended", &format!("{ended} sessions")));
    }
}

impl Answer for Resealed {
    fn show(&self, page: &mut Page) {
        page.good(&format!("the keys are sealed under {}", self.master_key));
        page.aside("Restart the server if one runs, and keep a copy of the new master key where backups are not.");
    }
}

fn no_free_mac_id() -> Failure {
    Failure::failed("every number of a MAC key is in use: the oldest must be forgotten first")
        .hint("`countersign key list` tells when")
}

fn unexpected(changed: &KeyRingChanged) -> Failure {
    Failure::failed(format!("the key ring answered something else than was asked: {changed:?}"))
}
