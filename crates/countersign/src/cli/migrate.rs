//! `countersign migrate`

use super::{Context, backup};
use crate::data::DataFolder;
use crate::failure::{Exit, Failure};
use crate::output::{Answer, Output, Page};
use clap::Args;
use countersign_store_sqlite::{Options, SchemaStanding, SqliteStore};
use serde::Serialize;
use std::path::Path;

/// Bring the database's schema forward to this version's
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign migrate --check      exit code 1 if something is pending; changes nothing
  countersign migrate              a copy as it was stays beside the database

`countersign serve` does the same when it starts. A database of a newer version is refused and left as it is.")]
pub(super) struct MigrateArgs {
    /// Only tell what is pending
    #[arg(long)]
    check: bool,
}

/// Where the schema stands.
#[derive(Serialize)]
struct Migrated {
    database: String,
    /// What it was before.
    schema: u32,
    known: u32,
    pending: Vec<PendingView>,
    /// Whether what was pending was made.
    applied: bool,
    /// The database as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    copy: Option<String>,
}

#[derive(Serialize)]
struct PendingView {
    version: u32,
    name: &'static str,
}

impl MigrateArgs {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let config = context.config()?;
        let database = backup::database(&config)?;
        let standing = countersign_store_sqlite::schema(&database).map_err(|error| about(error, &database))?;
        let mut answer = Migrated::of(&database, &standing);
        if self.check {
            let pending = !answer.pending.is_empty();
            out.answer(&answer)?;
            return if pending { Err(Failure::answered(Exit::Failed)) } else { Ok(()) };
        }
        if !answer.pending.is_empty() {
            // A server of an older version would not know what it works on any more.
            let _lock = DataFolder::at(&config.server.data_dir).lock()?;
            // Opening makes the copy, and migrates in one transaction.
            drop(SqliteStore::open(&Options::at(&database)).map_err(|error| about(error, &database))?);
            answer.applied = true;
            let copy = super::new_file::with_suffix(&database, &format!(".schema-{}.backup", standing.found));
            answer.copy = copy.is_file().then(|| copy.display().to_string());
        }
        out.answer(&answer)
    }
}

fn about(error: countersign_core::store::StoreError, database: &Path) -> Failure {
    Failure::from(error).about(format!("{} can't be migrated", database.display()))
}

impl Migrated {
    fn of(database: &Path, standing: &SchemaStanding) -> Self {
        let pending = standing.pending.iter();
        Self {
            database: database.display().to_string(),
            schema: standing.found,
            known: standing.known,
            pending: pending.map(|next| PendingView { version: next.version, name: next.name }).collect(),
            applied: false,
            copy: None,
        }
    }
}

impl Answer for Migrated {
    fn show(&self, page: &mut Page) {
        page.line(&format!("{} has schema {}, this version knows {}", self.database, self.schema, self.known));
        let names: Vec<String> = self.pending.iter().map(|next| format!("{} ({})", next.version, next.name)).collect();
        match (self.pending.is_empty(), self.applied) {
            (true, _) => page.good("nothing is pending"),
            (false, true) => page.good(&format!("migrated: {}", names.join(", "))),
            (false, false) => {
                page.bad(&format!("pending: {}", names.join(", ")));
                page.hint("countersign migrate");
            }
        }
        self.copy.iter().for_each(|copy| page.field("as it was", copy));
    }
}
