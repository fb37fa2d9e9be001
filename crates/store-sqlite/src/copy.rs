//! A copy of the whole database as it stands at one moment, beside whoever writes to it (ADR 0019).

use crate::error::Fault;
use crate::migrate::Schema;
use crate::open::{connect, create_private, look, unavailable};
use crate::worker::Worker;
use countersign_core::store::{StoreError, StoreFuture};
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use tokio::sync::oneshot;

const DOING: &str = "copying the database";

/// Copies the database at `source` to `target`, which must not be there: one consistent state, without what was deleted,
/// on disk when it is answered. What it writes to `target` grows meanwhile. A `target` that was begun stays after a
/// failure; it is nothing that opens.
///
/// # Errors
/// As [`SqliteStore::open`](crate::SqliteStore::open) for what is no database of ours; [`StoreError::Full`] and
/// [`StoreError::Unavailable`] where the copy can't be written.
pub fn copy(source: PathBuf, target: PathBuf) -> StoreFuture<'static, ()> {
    Box::pin(async move {
        let (teller, told) = oneshot::channel();
        // A thread of its own: it may take minutes, and nobody else shall wait for it.
        let copying = Worker::start("store-copy", move || {
            // Who asked may have gone away.
            let _ = teller.send(copy_now(&source, &target));
        });
        let copying = copying.map_err(|error| unavailable(DOING, error))?;
        let copied = told.await.unwrap_or(Err(StoreError::Bug { what: format!("{DOING}: it panicked") }));
        copying.ended().await;
        copied
    })
}

/// Writes all that `connection` sees to a new file that only its owner can read, and waits for the disk.
pub(crate) fn vacuum_into(connection: &Connection, target: &Path, doing: &'static str) -> Result<(), StoreError> {
    let failed = |error| unavailable(doing, error);
    let name = target.to_str().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    // Made beforehand, so that nobody else can read it for a moment: VACUUM takes an empty file.
    create_private(target).map_err(failed)?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|error| Fault::Sql(error).into_store(doing))?;
    File::open(target).and_then(|file| file.sync_all()).map_err(failed)
}

fn copy_now(source: &Path, target: &Path) -> Result<(), StoreError> {
    let absolute = |path| std::path::absolute(path).map_err(|error| unavailable(DOING, error));
    let (source, target) = (absolute(source)?, absolute(target)?);
    if look(&source)? == Schema::Empty {
        return Err(StoreError::Corrupt { what: "it is empty".to_owned() });
    }
    vacuum_into(&connect(&source, OpenFlags::SQLITE_OPEN_READ_ONLY)?, &target, DOING)
}
