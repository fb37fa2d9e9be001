//! The schema's history: forward only, each step under a checksum, so that no file is taken for what it is not.

use crate::copy::vacuum_into;
use crate::error::Fault;
use aws_lc_rs::digest::{SHA256, digest};
use countersign_core::store::StoreError;
use rusqlite::Connection;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One step of the schema; its version is its place in the list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// All of them. A released one never changes: its checksum is in every database.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { name: "foundation", sql: include_str!("../migrations/0001_foundation.sql") },
    Migration { name: "clients", sql: include_str!("../migrations/0002_clients.sql") },
    Migration { name: "claims", sql: include_str!("../migrations/0003_claims.sql") },
    Migration { name: "grants", sql: include_str!("../migrations/0004_grants.sql") },
    Migration { name: "requested_claims", sql: include_str!("../migrations/0005_requested_claims.sql") },
    Migration { name: "self-described clients", sql: include_str!("../migrations/0006_self_described_clients.sql") },
    Migration { name: "logout", sql: include_str!("../migrations/0007_logout.sql") },
    Migration { name: "pushed_requests", sql: include_str!("../migrations/0008_pushed_requests.sql") },
];

/// What a database holds, compared with what we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Nothing yet.
    Empty,
    /// The first so many migrations.
    At(u32),
}

impl Migration {
    /// What it brings, in a word.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    fn checksum(&self) -> [u8; 32] {
        let mut checksum = [0; 32];
        checksum.copy_from_slice(digest(&SHA256, self.sql.as_bytes()).as_ref());
        checksum
    }
}

/// Reads which migrations a database holds.
///
/// # Errors
/// [`StoreError::Newer`] where it has more than we know; [`StoreError::Corrupt`] where they are not ours.
pub(crate) fn inspect(connection: &Connection, known: &[Migration]) -> Result<Schema, StoreError> {
    let corrupt = |what: String| StoreError::Corrupt { what };
    let failed = |error| Fault::Sql(error).into_store("reading the schema's version");
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    let known_version = version_of(known.len());
    if version > known_version {
        return Err(StoreError::Newer { found: version, known: known_version });
    }
    let (any, history): (bool, bool) = connection
        .query_row(
            "SELECT count(*) > 0, count(*) FILTER (WHERE name = 'migration') > 0 FROM sqlite_schema",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .map_err(failed)?;
    match (version, any, history) {
        (0, false, _) => return Ok(Schema::Empty),
        (0, true, _) | (_, _, false) => return Err(corrupt("its schema is not one that we made".to_owned())),
        _ => {}
    }
    let applied = applied(connection).map_err(|fault| fault.into_store("reading the applied migrations"))?;
    if applied.len() != version as usize {
        return Err(corrupt(format!("its schema says version {version}, its list {} migrations", applied.len())));
    }
    for (place, ((version, checksum), migration)) in applied.iter().zip(known).enumerate() {
        if *version != version_of(place + 1) || *checksum != migration.checksum() {
            return Err(corrupt(format!("migration {version} ({}) is not the one that we know", migration.name)));
        }
    }
    Ok(Schema::At(version))
}

/// Applies what is missing, all in one transaction.
///
/// # Errors
/// As [`inspect`], and what SQLite reports; nothing was changed then.
pub(crate) fn migrate(connection: &mut Connection, known: &[Migration]) -> Result<(), StoreError> {
    let failed = |error| Fault::Sql(error).into_store("migrating the schema");
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
    // Looked at again under the lock: of two that start at once, one migrates.
    let from = match inspect(&transaction, known)? {
        Schema::Empty => {
            transaction.execute_batch(CREATE_HISTORY).map_err(failed)?;
            0
        }
        Schema::At(version) => version,
    };
    for (place, migration) in known.iter().enumerate().skip(from as usize) {
        let version = version_of(place + 1);
        transaction.execute_batch(migration.sql).map_err(failed)?;
        let params = (version, migration.name, migration.checksum());
        transaction
            .execute("INSERT INTO migration (version, name, checksum) VALUES (?1, ?2, ?3)", params)
            .map_err(failed)?;
        transaction.pragma_update(None, "user_version", version).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

/// Copies the database beside itself as it stands at `version`, and says where.
///
/// # Errors
/// [`StoreError::Unavailable`] where the copy can't be written; nothing may be migrated then.
pub(crate) fn back_up(connection: &Connection, path: &Path, version: u32) -> Result<PathBuf, StoreError> {
    const DOING: &str = "copying the database before its schema is migrated";
    let failed = |error: io::Error| StoreError::Unavailable { doing: DOING, source: Box::new(error) };
    let backup = beside(path, &format!(".schema-{version}.backup"));
    let partial = beside(path, &format!(".schema-{version}.backup.partial"));
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    vacuum_into(connection, &partial, DOING)?;
    fs::rename(&partial, &backup).map_err(failed)?;
    Ok(backup)
}

const CREATE_HISTORY: &str = "
CREATE TABLE migration (
    version  INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    checksum BLOB NOT NULL CHECK (length(checksum) = 32)
) STRICT";

fn applied(connection: &Connection) -> Result<Vec<(u32, [u8; 32])>, Fault> {
    let mut statement = connection.prepare("SELECT version, checksum FROM migration ORDER BY version")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn version_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{MIGRATIONS, Migration, Schema, back_up, inspect, migrate};
    use countersign_core::store::StoreError;
    use rusqlite::Connection;

    const SECOND: Migration = Migration { name: "second", sql: "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT" };

    fn two() -> Vec<Migration> {
        [MIGRATIONS, &[SECOND]].concat()
    }

    fn count(connection: &Connection, table: &str) -> rusqlite::Result<i64> {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
    }

    #[test]
    fn an_older_schema_is_brought_forward_and_a_backup_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &two()[..MIGRATIONS.len()]).unwrap();
        let before = inspect(&connection, &two()).unwrap();
        let backup = back_up(&connection, &path, 1).unwrap();
        migrate(&mut connection, &two()).unwrap();
        assert_eq!(before, Schema::At(u32::try_from(MIGRATIONS.len()).unwrap()));
        assert_eq!(count(&connection, "more").unwrap(), 0);
        let backup = Connection::open(backup).unwrap();
        assert_eq!(inspect(&backup, &two()).unwrap(), before);
        assert!(count(&backup, "more").is_err());
    }

    #[test]
    fn a_newer_schema_and_another_history_are_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &two()).unwrap();
        let newer = inspect(&connection, MIGRATIONS);
        assert!(matches!(newer, Err(StoreError::Newer { found, known }) if found == known + 1), "{newer:?}");
        let other = Migration { sql: "CREATE TABLE other (id INTEGER PRIMARY KEY) STRICT", ..SECOND };
        let known = [MIGRATIONS, &[other]].concat();
        assert!(matches!(inspect(&connection, &known), Err(StoreError::Corrupt { .. })));
    }

    #[test]
    fn a_schema_that_we_did_not_make_is_refused() {
        for version in [0, 1] {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE TABLE note (text TEXT)").unwrap();
            connection.pragma_update(None, "user_version", version).unwrap();
            assert!(matches!(inspect(&connection, MIGRATIONS), Err(StoreError::Corrupt { .. })), "{version}");
        }
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = Migration { name: "broken", sql: "CREATE TABLE half (id INTEGER) STRICT; NONSENSE" };
        assert!(migrate(&mut connection, &[MIGRATIONS, &[broken]].concat()).is_err());
        assert_eq!(inspect(&connection, MIGRATIONS).unwrap(), Schema::Empty);
    }
}
