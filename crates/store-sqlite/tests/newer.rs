//! A database of a newer version is refused and left as it is.

use countersign_core::store::StoreError;
use countersign_store_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use std::fs;

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    SqliteStore::open(&Options::at(&path)).unwrap().close().await;
    let newer = Connection::open(&path).unwrap();
    newer.execute_batch("CREATE TABLE invented (id INTEGER) STRICT; PRAGMA user_version = 999").unwrap();
    newer.close().unwrap();
    let before = fs::read(&path).unwrap();
    let refused = SqliteStore::open(&Options::at(&path));
    assert!(matches!(refused, Err(StoreError::Newer { found: 999, known }) if known < 999), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(!path.with_extension("backup").exists());
}
