//! The contract of core, on SQLite.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use countersign_core::store::Store;
use countersign_store_sqlite::{Options, SqliteStore};
use std::sync::Arc;
use tempfile::TempDir;

async fn make() -> (TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options::at(folder.path().join("store"))).unwrap();
    (folder, Arc::new(store))
}

countersign_core::store_suite!(make);
