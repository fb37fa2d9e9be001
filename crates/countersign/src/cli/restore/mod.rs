//! `countersign restore`

mod staged;

use super::Context;
use crate::bootstrap::{Deployment, actor};
use crate::data::DataFolder;
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::times::rfc3339;
use clap::Args;
use countersign_core::Time;
use countersign_core::key_ring::{KeyRing, KeyState};
use countersign_core::ops::{Replaced, Restore, Restored, RestoredSessions};
use countersign_core::revocation::{Kind, Sequence};
use countersign_jose::KeyId;
use countersign_server::SystemSource;
use countersign_store_sqlite::{Examined, Options, SqliteStore};
use serde::Serialize;
use staged::{Kept, Staged};
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// Put a backup in the place of the database; sessions end, unless they are kept
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign restore /var/backups/countersign-2026-07-01.db
  countersign restore latest.db --data /var/lib/countersign       on a new machine: put master.key there first
  countersign restore standby.db --keep-sessions

No server may run on the data folder. The database that is replaced stays beside the new one. Sessions end because some
that the backup holds as live may have been ended since; with --keep-sessions those live again, until somebody ends them.")]
pub(super) struct RestoreArgs {
    /// File that `countersign backup` wrote
    file: PathBuf,
    /// Let the sessions in the backup go on
    #[arg(long)]
    keep_sessions: bool,
}

/// What was restored.
#[derive(Serialize)]
struct RestoredView {
    file: String,
    database: String,
    /// The database that was replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<String>,
    issuer: String,
    epoch: String,
    /// The number of the last revocation.
    last: u64,
    sessions_kept: bool,
    sessions_ended: u64,
    /// Keys that were revoked after the backup was made, and are revoked again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys_revoked: Vec<String>,
    took_ms: u64,
}

/// What made a staged copy one that may serve.
struct Prepared {
    restored: Restored,
    keys_revoked: Vec<String>,
    last: u64,
}

impl RestoreArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let config = context.config()?;
        let file = std::path::absolute(&self.file).map_err(Failure::usage)?;
        if !file.is_file() {
            return Err(Failure::usage(format!("there is no backup {}", file.display()))
                .hint("countersign backup FILE writes one"));
        }
        let data = DataFolder::at(&config.server.data_dir);
        data.create()?;
        let _lock = data.lock()?;
        let database = config.database();
        let refused = |failure: Failure| failure.about(format!("{} can't be restored", file.display()));
        let staged = Staged::copy(&file, &database).map_err(refused)?;
        let examined = countersign_store_sqlite::examine(staged.path(), context.now)
            .map_err(|error| refused(error.into()).hint("name another backup; nothing was changed"))?;
        let store = SqliteStore::open(&Options::at(staged.path())).map_err(|error| refused(error.into()))?;
        let store = Arc::new(store);
        let deployment = Deployment {
            config,
            data,
            store: Arc::<SqliteStore>::clone(&store),
            source: Arc::new(SystemSource::new()),
        };
        let prepared = self.prepare(&deployment, &file, &database, out).await?;
        store.close().await;
        let replaced = match staged.take_the_place_of(&database, context.now) {
            Ok(Kept::At(kept)) => Some(kept.display().to_string()),
            Ok(Kept::NothingWas) => None,
            Err(failure) => return Err(refused(failure)),
        };
        let took_ms = context.wall().since(context.now).as_millis();
        out.answer(&self.view(&file, &database, replaced, &examined, prepared, took_ms))
    }

    /// Everything that changes the copy, before it has any name that a server would find.
    async fn prepare(
        &self,
        deployment: &Deployment,
        file: &Path,
        database: &Path,
        out: &mut Output,
    ) -> Result<Prepared, Failure> {
        let store = &*deployment.store;
        let ring = store.key_ring().await?;
        if ring.storage_key.is_none() {
            return Err(Failure::storage(format!("{} holds no keys: no server ever ran on it", file.display())));
        }
        let master = deployment.master_of(&ring, file)?.key();
        let draw = deployment.draw();
        let replaced = knew(database, draw.now, out);
        let refused = refused_keys(&ring, &replaced);
        let sessions = if self.keep_sessions { RestoredSessions::Keep } else { RestoredSessions::End };
        let what = format!("{} was restored", file.display());
        let restored = Restore { sessions, replaced, what, actor: actor() }.run(store, &draw).await?;
        // Every verifier refuses those for ever: what they sign from here on would be worth nothing.
        let policies = deployment.policies().await?;
        let care = deployment.key_care(&master, &policies);
        let mut keys_revoked = Vec::new();
        for key in refused {
            care.revoke(&key).await?;
            keys_revoked.push(key.as_str().to_owned());
        }
        Ok(Prepared { restored, keys_revoked, last: store.last_sequence().await?.0 })
    }

    fn view(
        &self,
        file: &Path,
        database: &Path,
        replaced: Option<String>,
        examined: &Examined,
        prepared: Prepared,
        took_ms: u64,
    ) -> RestoredView {
        RestoredView {
            file: file.display().to_string(),
            database: database.display().to_string(),
            replaced,
            issuer: examined.deployment.issuer.clone(),
            epoch: prepared.restored.epoch.to_string(),
            last: prepared.last,
            sessions_kept: self.keep_sessions,
            sessions_ended: prepared.restored.ended.sessions,
            keys_revoked: prepared.keys_revoked,
            took_ms,
        }
    }
}

/// Keys of the ring that verifiers were told to refuse after the backup was made.
fn refused_keys(ring: &KeyRing, replaced: &Replaced) -> Vec<KeyId> {
    let refused = replaced.entries.iter().map(|entry| entry.clone().numbered(Sequence::ZERO));
    let refused: Vec<_> = refused.filter(|entry| entry.kind() == Kind::KeyRefused).collect();
    let good = ring.keys.iter().filter(|key| key.state != KeyState::Revoked).map(|key| &key.id);
    good.filter(|id| refused.iter().any(|entry| entry.id() == id.as_str())).cloned().collect()
}

/// What the database that is there knows; nothing, said so, where it does not open.
fn knew(database: &Path, now: Time, out: &mut Output) -> Replaced {
    match countersign_store_sqlite::what_it_knew(database, now) {
        Ok(replaced) => replaced,
        Err(error) => {
            out.note(&format!(
                "{} can't be read ({error}): what was revoked after the backup is not known",
                database.display()
            ));
            Replaced::default()
        }
    }
}

impl Answer for RestoredView {
    fn show(&self, page: &mut Page) {
        page.good(&format!("restored {}", self.file));
        page.field("database", &self.database);
        self.replaced.iter().for_each(|replaced| page.field("replaced", &format!("kept as {replaced}")));
        page.field("issuer", &self.issuer);
        let went_on = if self.sessions_kept { "the others go on" } else { "everybody signs in again" };
        page.field("sessions", &format!("{} ended, {went_on}", self.sessions_ended));
        page.field("feed", &format!("number {} of the new epoch {}", self.last, self.epoch));
        for key in &self.keys_revoked {
            page.field("key", &format!("{key} was revoked after the backup was made, and is revoked again"));
        }
        page.hint("countersign serve");
    }
}

/// As part of a file's name.
fn in_a_name(now: Time) -> String {
    rfc3339(now).replace([':', '-'], "")
}
