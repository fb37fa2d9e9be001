//! What is not one of our databases, or no longer a whole one, is refused and left as it is.
#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use countersign_core::Time;
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::store::{AuditStore as _, StoreError};
use countersign_store_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A database that was worked with and closed.
async fn closed() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = SqliteStore::open(&Options::at(&path)).unwrap();
    for number in 0..200 {
        let event = AuditEvent::new(Time::from_millis(number), "event", Actor::default()).told("x".repeat(400));
        store.record(event).await.unwrap();
    }
    store.close().await;
    (folder, path)
}

fn refused(path: &Path) -> String {
    let before = fs::read(path).unwrap();
    let refused = SqliteStore::open(&Options::at(path));
    assert_eq!(fs::read(path).unwrap(), before, "the file was changed");
    match refused {
        Err(StoreError::Corrupt { what }) => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_whole_database_opens_again() {
    let (_folder, path) = closed().await;
    SqliteStore::open(&Options::at(path)).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let long = "SQLite format 3 it says, and is not.\n".repeat(500);
    for text in ["a", "dear diary", &long] {
        fs::write(&path, text).unwrap();
        assert_eq!(refused(&path), "it is not an SQLite database");
    }
}

#[test]
fn another_applications_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    for id in [0, 7] {
        let other = Connection::open(&path).unwrap();
        other.pragma_update(None, "application_id", id).unwrap();
        other
            .execute_batch("CREATE TABLE IF NOT EXISTS note (text TEXT); INSERT INTO note VALUES ('dear diary')")
            .unwrap();
        other.close().unwrap();
        assert_eq!(refused(&path), "it is the SQLite database of another application");
    }
}

#[tokio::test]
async fn a_database_that_was_cut_off_is_refused() {
    let (_folder, path) = closed().await;
    let whole = fs::read(&path).unwrap();
    for kept in [99, 4_096, whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        fs::write(&path, &whole[..kept]).unwrap();
        refused(&path);
    }
}

#[tokio::test]
async fn damaged_pages_are_refused() {
    let (_folder, path) = closed().await;
    let whole = fs::read(&path).unwrap();
    for at in [110, 4_096, whole.len() / 2 / 4_096 * 4_096] {
        let mut damaged = whole.clone();
        damaged[at..at + 300].fill(0xa5);
        fs::write(&path, &damaged).unwrap();
        refused(&path);
    }
}

#[tokio::test]
async fn another_history_is_refused() {
    let (_folder, path) = closed().await;
    let tampered = Connection::open(&path).unwrap();
    tampered.execute("UPDATE migration SET checksum = zeroblob(32)", []).unwrap();
    tampered.close().unwrap();
    assert!(refused(&path).contains("migration 1"));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = closed().await;
    let _open = SqliteStore::open(&Options::at(&path)).unwrap();
    for name in ["store", "store-wal"] {
        let mode = fs::metadata(path.with_file_name(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
