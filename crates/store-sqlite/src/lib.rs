//! The store in one SQLite file: the embedded default (DESIGN section 8).
//!
//! A change goes to the one writer thread, which commits what waits together; a read goes to one of a few reader
//! threads. So nothing here ever blocks a runtime's thread, and an answer to a change means that it is on disk. SQL
//! stands beside the method that it carries out, one file for each part of the contract.
#![deny(missing_docs)]

mod accounts;
mod audit;
mod clients;
mod copy;
mod deployment;
mod ending;
mod error;
mod examine;
mod file;
mod grants;
mod keys;
pub mod limits;
mod logouts;
mod migrate;
mod open;
mod pages;
mod pushed_requests;
mod queue;
mod readers;
mod replace;
mod resources;
mod revocations;
mod rows;
mod self_described;
mod sessions;
mod worker;
mod writer;

pub use copy::copy;
pub use examine::{Examined, PendingMigration, SchemaStanding, examine, schema};
pub use open::Options;
pub use replace::{release, what_it_knew};
pub use writer::BatchLimit;

use crate::file::OpenFile;
use crate::readers::Readers;
use crate::worker::Worker;
use crate::writer::Writer;
use countersign_core::store::{StoreError, StoreFuture};
use std::sync::{Mutex, PoisonError};

/// One SQLite database, shared by `Arc`. Dropped or closed, it carries out what waits and ends its threads.
pub struct SqliteStore {
    file: OpenFile,
    writer: Writer,
    readers: Readers,
    watch: Readers,
    reading: Mutex<Vec<Worker>>,
    writing: Mutex<Option<Worker>>,
}

impl SqliteStore {
    /// Opens the database, makes it if it is not there, and brings its schema forward. It blocks for a few milliseconds.
    ///
    /// # Errors
    /// [`StoreError::Newer`] and [`StoreError::Corrupt`] where the file is not one that this version can work on: it is
    /// left as it is. [`StoreError::Unavailable`] where it can't be opened, or a copy before a migration can't be made.
    pub fn open(options: &Options) -> Result<Self, StoreError> {
        let opened = options.open()?;
        let file = OpenFile::at(&options.path)?;
        let writes_to = file.clone();
        let started = || {
            let (readers, mut reading) = Readers::start(opened.readers)?;
            let (watch, watching) = Readers::start(vec![opened.watch])?;
            let (writer, writing) = Writer::start(opened.writer, options.batch_max, move || writes_to.check())?;
            reading.extend(watching);
            Ok(Self { file, writer, readers, watch, reading: Mutex::new(reading), writing: Mutex::new(Some(writing)) })
        };
        started().map_err(|error: std::io::Error| StoreError::Unavailable {
            doing: "starting the store's threads",
            source: Box::new(error),
        })
    }

    /// A number that moves with every commit, whoever made it: this process or another. Cheap enough to ask every 20 ms.
    pub fn data_version(&self) -> StoreFuture<'_, i64> {
        // Always the same connection: what it answers is about the commits of all others.
        self.watch.run("looking for changes", |watch| {
            Ok(watch.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
        })
    }

    /// How many transactions this store committed: with what was changed it tells how well group commit batches.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// Carries out what waits, takes nothing more, and waits until the file is closed.
    pub async fn close(&self) {
        for reading in self.stop_reading() {
            reading.ended().await;
        }
        if let Some(writing) = self.stop_writing() {
            writing.ended().await;
        }
    }

    fn stop_reading(&self) -> Vec<Worker> {
        self.readers.close();
        self.watch.close();
        std::mem::take(&mut *self.reading.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// After the readers: the last connection carries the log over and takes it away, and only the writer's can.
    fn stop_writing(&self) -> Option<Worker> {
        self.writer.close();
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.stop_reading().into_iter().for_each(Worker::join);
        self.stop_writing().into_iter().for_each(Worker::join);
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("commits", &self.commits()).finish_non_exhaustive()
    }
}
