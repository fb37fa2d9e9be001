//! `countersign backup`

use super::{Context, new_file};
use crate::bootstrap::MasterOrigin;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{Answer, Output, Page, Progress};
use clap::Args;
use countersign_store_sqlite::Examined;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TOLD_EVERY: Duration = Duration::from_millis(200);

/// Copy the database into one file, beside the running server
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign backup /var/backups/countersign-$(date +%F).db
  countersign backup latest.db --force --json

The copy is one moment of the database, checked before it gets its name, and readable by its owner alone. The master key
is not in it: keep a copy of that too, in another place. `countersign restore FILE` puts it back.")]
pub(super) struct BackupArgs {
    /// File to write
    file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

/// What was copied.
#[derive(Serialize)]
struct BackedUp {
    file: String,
    bytes: u64,
    /// Sessions in it that can still be refreshed.
    sessions: u64,
    epoch: String,
    /// The number of the last revocation.
    last: u64,
    took_ms: u64,
    #[serde(skip)]
    master: MasterOrigin,
}

impl BackupArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let config = context.config()?;
        let database = database(&config)?;
        let file = std::path::absolute(&self.file).map_err(Failure::usage)?;
        let about = format!("{} can't be backed up to {}", database.display(), file.display());
        self.check_target(&file, &database)?;
        let draft = new_file::Draft::beside(&file).map_err(|error| Failure::usage(error).about(about.clone()))?;
        copy(&database, draft.path()).await.map_err(|failure| failure.about(about.clone()))?;
        let examined = countersign_store_sqlite::examine(draft.path(), context.now)
            .map_err(|error| Failure::from(error).about("the copy is not good, and was removed"))?;
        let bytes = fs::metadata(draft.path()).map_or(0, |found| found.len());
        let placed = if self.force { draft.replace(&file) } else { draft.place(&file) };
        placed.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => there_already(&file),
            _ => Failure::storage(error).about(about),
        })?;
        let took_ms = context.wall().since(context.now).as_millis();
        out.answer(&BackedUp::of(&examined, &file, bytes, took_ms, MasterOrigin::of(&config)))
    }

    /// Before anything is copied: whether the name is free, and not one of the database's own.
    fn check_target(&self, file: &Path, database: &Path) -> Result<(), Failure> {
        let same = match (fs::canonicalize(file), fs::canonicalize(database)) {
            (Ok(file), Ok(database)) => file == database,
            _ => false,
        };
        let of_database = |suffix: &str| new_file::with_suffix(database, suffix) == file;
        if same || of_database("-wal") || of_database("-shm") {
            return Err(Failure::usage(format!("{} belongs to the database itself", file.display()))
                .hint("name a file elsewhere, best on another disk"));
        }
        if file.is_dir() {
            return Err(Failure::usage(format!("{} is a folder", file.display())).hint("name a file in it"));
        }
        if !self.force && file.symlink_metadata().is_ok() {
            return Err(there_already(file));
        }
        Ok(())
    }
}

/// The database of the deployment that is there.
pub(super) fn database(config: &Config) -> Result<PathBuf, Failure> {
    let database = config.database();
    if database.is_file() {
        return Ok(database);
    }
    Err(Failure::usage(format!("there is no deployment: {} is not there", database.display()))
        .hint("name its folder with `--data DIR`")
        .hint("`countersign serve` makes one, `countersign restore FILE` puts one back"))
}

fn there_already(file: &Path) -> Failure {
    Failure::usage(format!("{} is there already, and stays as it is", file.display()))
        .hint("name another file, or replace it with `--force`")
}

async fn copy(database: &Path, draft: &Path) -> Result<(), Failure> {
    let expected = fs::metadata(database).map_or(0, |found| found.len());
    let progress = Progress::start();
    let mut ticks = tokio::time::interval(TOLD_EVERY);
    let mut copying = countersign_store_sqlite::copy(database.to_owned(), draft.to_owned());
    loop {
        tokio::select! {
            copied = &mut copying => return Ok(copied?),
            _ = ticks.tick() => {
                let written = fs::metadata(draft).map_or(0, |found| found.len());
                progress.tell(&format!("copied {} of about {}", size(written), size(expected)));
            }
        }
    }
}

/// A size in its unit, as people say it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes as f64 / 1000.0, 0);
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

impl BackedUp {
    fn of(examined: &Examined, file: &Path, bytes: u64, took_ms: u64, master: MasterOrigin) -> Self {
        Self {
            file: file.display().to_string(),
            bytes,
            sessions: examined.sessions,
            epoch: examined.deployment.epoch.id.to_string(),
            last: examined.last.0,
            took_ms,
            master,
        }
    }
}

impl Answer for BackedUp {
    fn show(&self, page: &mut Page) {
        page.good(&format!("{}: {}, checked", self.file, size(self.bytes)));
        page.field("sessions", &format!("{} that can be refreshed", self.sessions));
        page.field("feed", &format!("number {} of epoch {}", self.last, self.epoch));
        page.field("took", &format!("{} ms", self.took_ms));
        page.note(&format!(
            "the master key is not in it, and without that key nothing in it opens: keep a copy of {} in another place",
            self.master
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_size_is_told_in_its_unit() {
        assert_eq!([size(0), size(4_096), size(12_345_678)], ["0.0 KB", "4.1 KB", "12.3 MB"]);
        assert_eq!(size(u64::MAX), "18446744.1 TB");
    }
}
