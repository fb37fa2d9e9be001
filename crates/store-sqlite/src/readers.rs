//! The readers: a few threads, each with a connection that can't write.
//!
//! What waits together shares one read transaction: it begins after all of them were asked for, so each sees every commit
//! that was answered before it, and the locks on the log are taken once. It ends with them: an open one would keep the
//! log from being carried over.

use crate::error::{Closed, Fault};
use crate::limits::{READS_SHARED_MAX, READS_WAITING_MAX};
use crate::queue::{AbandonOnDrop, Queue, Refused};
use crate::worker::{Worker, guarded};
use countersign_core::store::{StoreError, StoreFuture};
use rusqlite::Connection;
use std::io;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The queue to the reader threads.
pub(crate) struct Readers {
    queue: Arc<Queue<Read>>,
}

type Read = Box<dyn FnOnce(&Connection) + Send>;

impl Readers {
    /// Starts a thread for each of `connections`.
    pub(crate) fn start(connections: Vec<Connection>) -> io::Result<(Self, Vec<Worker>)> {
        let queue = Arc::new(Queue::new(READS_WAITING_MAX));
        let start = |connection| {
            let queue = Arc::clone(&queue);
            Worker::start("store-reader", move || serve(&connection, &queue))
        };
        let workers = connections.into_iter().map(start).collect::<io::Result<Vec<_>>>()?;
        Ok((Self { queue }, workers))
    }

    /// Reads; all of its statements see one state.
    pub(crate) fn run<T, F>(&self, doing: &'static str, read: F) -> StoreFuture<'static, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let queue = Arc::clone(&self.queue);
        Box::pin(async move {
            let (asker, answered) = oneshot::channel();
            let read = move |connection: &Connection| {
                if asker.is_closed() {
                    return;
                }
                let found = guarded(|| read(connection)).unwrap_or(Err(Fault::Bug("it panicked")));
                let _ = asker.send(found.map_err(|fault| fault.into_store(doing)));
            };
            let ended = || StoreError::Unavailable { doing, source: Box::new(Closed) };
            match queue.push(Box::new(read)) {
                Ok(()) => answered.await.unwrap_or_else(|_| Err(ended())),
                Err(Refused::Full) => Err(StoreError::Overloaded { waiting_max: queue.waiting_max() }),
                Err(Refused::Closed) => Err(ended()),
            }
        })
    }

    /// Takes no more reads; what waits is still read.
    pub(crate) fn close(&self) {
        self.queue.close();
    }
}

fn serve(connection: &Connection, queue: &Queue<Read>) {
    let _abandon = AbandonOnDrop(queue);
    let mut taken = Vec::new();
    while queue.take(READS_SHARED_MAX, &mut taken) {
        // Where it can't begin, each read finds out by itself and tells its asker.
        let shared = run(connection, "BEGIN").is_ok();
        for read in taken.drain(..) {
            read(connection);
        }
        if shared {
            // Nothing was written, so nothing can be lost; if it failed, the next BEGIN would say so.
            let _ = run(connection, "COMMIT");
        }
    }
}

fn run(connection: &Connection, statement: &str) -> rusqlite::Result<usize> {
    connection.prepare_cached(statement)?.execute([])
}
