//! `countersign feed …`: the revocation feed as a verifier sees it, over HTTP.

mod levels;
mod show;

use super::Context;
use crate::bootstrap::Deployment;
use crate::failure::Failure;
use crate::output::Output;
use crate::secrets::{read_file, utf8};
use clap::{Args, Subcommand};
use countersign_revocation::{FeedObject, SignedObject};
use countersign_verifier::{FeedEvent, Verifier};
use levels::{Shown, levels};
use show::{ObjectView, SnapshotView};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// Watch the revocation feed, or show all that is revoked
#[derive(Debug, Args)]
pub(super) struct FeedArgs {
    #[command(subcommand)]
    command: FeedCommand,
}

#[derive(Debug, Subcommand)]
enum FeedCommand {
    Watch(WatchArgs),
    Snapshot(SnapshotArgs),
}

/// Follow the feed: what is revoked, as it comes, and how late
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign client add watcher --kind machine --scope feed:read --secret-out watcher.secret
  countersign feed watch --client-id watcher --secret-file watcher.secret
  countersign feed watch --issuer https://auth.example.com --heads --json | jq .as_of
  countersign feed watch --issuer https://auth.example.com --from https://feed.eu.example.com

Through a relay it also shows how each relay on the way stands: level 1 reads at the issuer.")]
struct WatchArgs {
    #[command(flatten)]
    source: FeedSource,
    /// Also show the heads, which say every second that nothing is missing
    #[arg(long)]
    heads: bool,
    /// Stop after so many objects
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// Show everything that is revoked now
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign feed snapshot --client-id watcher --secret-file watcher.secret
  countersign feed snapshot --json | jq '.entries | length'")]
struct SnapshotArgs {
    #[command(flatten)]
    source: FeedSource,
}

/// Whose feed, and as whom.
#[derive(Debug, Args)]
struct FeedSource {
    /// The issuer, instead of the one of the data folder
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// A relay to read from, instead of the issuer; keys still come from the issuer
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// The machine client as which the feed is read; a public feed needs none
    #[arg(long, value_name = "ID", requires = "secret_file", allow_hyphen_values = true)]
    client_id: Option<String>,
    /// A file with its secret
    #[arg(long, value_name = "FILE", requires = "client_id")]
    secret_file: Option<PathBuf>,
}

/// What was seen, as far as a command shows it.
enum Seen {
    Object { object: SignedObject, applied: &'static str },
    Refused(&'static str),
    Interrupted(String),
}

// An issuer that answers at all answers sooner.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

impl FeedArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        match self.command {
            FeedCommand::Watch(args) => args.run(context, out).await,
            FeedCommand::Snapshot(args) => args.run(context, out).await,
        }
    }
}

impl WatchArgs {
    async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let (verifier, mut seen) = self.source.open(context).await?;
        let mut shown = 0;
        let mut told = None;
        let shown_levels = if self.heads { Shown::All } else { Shown::Changes };
        let mut levels = levels(verifier.clone(), shown_levels);
        loop {
            let seen = tokio::select! {
                Some(view) = levels.recv() => {
                    out.answer(&view)?;
                    continue;
                }
                seen = seen.recv() => seen,
            };
            let Some(seen) = seen else { break };
            match seen {
                Seen::Object { object, applied } => {
                    told = None;
                    if self.heads || !matches!(object.object(), FeedObject::Head(_)) {
                        out.answer(&ObjectView::of(&object, applied, context.wall()))?;
                        shown += 1;
                    }
                }
                Seen::Refused(code) => out.note(&format!("an object was refused: {code}")),
                // The same again and again is said once.
                Seen::Interrupted(why) if told.as_ref() != Some(&why) => {
                    out.note(&format!("interrupted: {why}"));
                    told = Some(why);
                }
                Seen::Interrupted(_) => {}
            }
            if self.count.is_some_and(|count| shown >= count) {
                break;
            }
        }
        Ok(())
    }
}

impl SnapshotArgs {
    async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let (_verifier, seen) = self.source.open(context).await?;
        let joined = tokio::time::timeout(ANSWERED_WITHIN, joined(seen)).await;
        let parts = joined.unwrap_or_else(|_| Err("no snapshot came in time".to_owned())).map_err(not_read)?;
        out.answer(&SnapshotView::of(&parts, context.wall()))
    }
}

/// The parts of the snapshot, once all are there; else why they are not.
async fn joined(mut seen: mpsc::UnboundedReceiver<Seen>) -> Result<Vec<SignedObject>, String> {
    let mut parts = Vec::new();
    while let Some(seen) = seen.recv().await {
        match seen {
            Seen::Object { object, applied } => {
                if matches!(object.object(), FeedObject::Snapshot(_)) {
                    parts.push(object);
                }
                if applied == "advanced" {
                    return Ok(parts);
                }
            }
            // A snapshot needs one answer: it does not come right by asking again.
            Seen::Interrupted(why) => return Err(why),
            Seen::Refused(code) => return Err(format!("an object was refused: {code}")),
        }
    }
    Err("nothing came".to_owned())
}

impl FeedSource {
    /// Starts to follow; what is seen comes through the channel.
    async fn open(self, context: &Context) -> Result<(Verifier, mpsc::UnboundedReceiver<Seen>), Failure> {
        let issuer = match self.issuer {
            Some(issuer) => issuer,
            None => Deployment::open(context)?.issuer().await?,
        };
        let (sender, seen) = mpsc::unbounded_channel();
        let mut builder = Verifier::builder(&issuer).audience(&issuer).observe(move |event| {
            let seen = match event {
                FeedEvent::Object { object, applied } => Seen::Object { object: (*object).clone(), applied },
                FeedEvent::Refused(code) => Seen::Refused(code),
                FeedEvent::Interrupted(why) => Seen::Interrupted(why.clone()),
                _ => return,
            };
            // Whoever asked may have seen enough.
            let _ = sender.send(seen);
        });
        if let Some(relay) = self.from {
            builder = builder.feed_from(relay);
        }
        if let (Some(id), Some(file)) = (self.client_id, self.secret_file) {
            let secret = utf8(&read_file(&file)?)?;
            builder = builder.client(id, secret.trim());
        }
        let verifier = builder.build().await.map_err(Failure::usage)?;
        Ok((verifier, seen))
    }
}

fn not_read(why: String) -> Failure {
    let failure = Failure::failed(why).about("the feed can't be read");
    failure
        .hint("countersign client add watcher --kind machine --scope feed:read --secret-out watcher.secret")
        .hint("then: --client-id watcher --secret-file watcher.secret")
}
