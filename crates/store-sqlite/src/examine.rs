//! What a file is and holds, found without changing a byte of it: before it is restored, after it was copied, and when
//! an operator asks.

use crate::deployment::epoch;
use crate::error::Fault;
use crate::migrate::{MIGRATIONS, Schema};
use crate::open::{look, read_once};
use crate::revocations::last_number;
use crate::rows::{first, millis};
use countersign_core::Time;
use countersign_core::revocation::Sequence;
use countersign_core::store::{Deployment, StoreError};
use rusqlite::Connection;
use std::path::Path;

/// A database that was looked at closely: it is ours, whole, and of a schema that we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Its schema.
    pub schema: SchemaStanding,
    /// The deployment that it holds.
    pub deployment: Deployment,
    /// The number of its last revocation.
    pub last: Sequence,
    /// How many sessions it holds that can still be refreshed.
    pub sessions: u64,
}

/// Where a database's schema stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaStanding {
    /// The version that it has; 0: nothing is in it yet.
    pub found: u32,
    /// The newest that this version of the program knows.
    pub known: u32,
    /// What lies between, in order.
    pub pending: Vec<PendingMigration>,
}

/// A migration that was not made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingMigration {
    /// The schema that it leads to.
    pub version: u32,
    /// What it brings, in a word.
    pub name: &'static str,
}

/// Where the schema of the database at `path` stands. A file that is not there is empty.
///
/// # Errors
/// [`StoreError::Newer`] and [`StoreError::Corrupt`] where the file is not one that this version can work on.
pub fn schema(path: &Path) -> Result<SchemaStanding, StoreError> {
    let path = std::path::absolute(path).map_err(|error| crate::open::unavailable("finding the database", error))?;
    let found = match look(&path)? {
        Schema::Empty => 0,
        Schema::At(version) => version,
    };
    let pending = (1..).zip(MIGRATIONS).skip(found as usize);
    let pending = pending.map(|(version, migration)| PendingMigration { version, name: migration.name() });
    Ok(SchemaStanding { found, known: u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX), pending: pending.collect() })
}

/// Looks at every page of the database at `path`, and for the deployment in it.
///
/// # Errors
/// As [`schema`]; [`StoreError::Corrupt`] also where no deployment is in it.
pub fn examine(path: &Path, now: Time) -> Result<Examined, StoreError> {
    let schema = schema(path)?;
    if schema.found == 0 {
        return Err(StoreError::Corrupt { what: "it is empty".to_owned() });
    }
    read_once(path, "examining the database", |read| {
        check_every_page(read)?;
        let deployment = first(read, "SELECT epoch, epoch_cause, issuer, founded_at FROM deployment", (), |row| {
            Ok(Deployment { epoch: epoch(row)?, issuer: row.take()?, founded_at: row.time()? })
        })?;
        let live = "SELECT count(*) FROM session
            WHERE ended_at IS NULL AND idle_expires_at > ?1 AND absolute_expires_at > ?1";
        Ok(Examined {
            schema,
            deployment: deployment.ok_or_else(|| Fault::Damaged("no deployment is in it".to_owned()))?,
            last: last_number(read)?,
            sessions: read.query_row(live, [millis(now)], |row| row.get::<_, i64>(0))?.unsigned_abs(),
        })
    })
}

/// SQLite's own look at the structure of every page.
fn check_every_page(read: &Connection) -> Result<(), Fault> {
    let found: String = read.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Fault::Damaged(found)) }
}
