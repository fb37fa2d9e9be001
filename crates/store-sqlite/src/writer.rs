//! Group commit: one thread owns the write connection and commits what waits together.
//!
//! A disk takes as long to make one change durable as five hundred. So whatever arrives while a commit is on its way
//! waits, and shares the next one. Each change has a savepoint of its own: one that fails undoes itself alone. Nobody
//! is answered before the commit that holds their change is on disk.

use crate::error::{Closed, CommitFailure, Fault};
use crate::limits::{BATCH_CHANGES_MAX, CHANGES_WAITING_MAX};
use crate::queue::{AbandonOnDrop, Queue, Refused};
use crate::worker::{Worker, guarded};
use countersign_core::measure::Histogram;
use countersign_core::store::{StoreError, StoreFuture, WriterFigures};
use rusqlite::Connection;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

// Nanoseconds: a disk with a cache of its own takes 0.1 ms, a good one 1 ms, a busy one 100 ms.
const COMMIT_TIMES: &[u64] =
    &[100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 100_000_000, 1_000_000_000];
const BATCH_SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// How many changes share one commit at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimit(usize);

/// The queue to the writer thread.
pub(crate) struct Writer {
    queue: Arc<Queue<Box<dyn Change>>>,
    counted: Arc<Counted>,
    committed: Arc<Notify>,
}

/// What the writer counts of itself.
struct Counted {
    commit_times: Histogram,
    batch_sizes: Histogram,
    refused: AtomicU64,
}

/// One change, whatever its outcome's type.
trait Change: Send {
    /// Makes it and keeps the outcome; whether it succeeded.
    fn make(&mut self, commit: &Connection) -> Made;

    /// Tells whoever asked.
    fn answer(self: Box<Self>, committed: Result<(), &CommitFailure>);
}

enum Made {
    Kept,
    Undone,
}

struct Asked<T, F> {
    doing: &'static str,
    act: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    asker: oneshot::Sender<Result<T, StoreError>>,
}

impl BatchLimit {
    /// One commit for each change: what group commit is measured against.
    pub const ONE: Self = Self(1);

    /// At most `changes` (1 to 512, whatever was asked for).
    #[must_use]
    pub fn new(changes: usize) -> Self {
        Self(changes.clamp(1, BATCH_CHANGES_MAX))
    }
}

impl Default for BatchLimit {
    fn default() -> Self {
        Self(BATCH_CHANGES_MAX)
    }
}

impl Writer {
    /// Starts the thread that owns `connection`.
    /// Each transaction begins only if `still_there` says that its file is the one at the path.
    pub(crate) fn start(
        connection: Connection,
        batch_max: BatchLimit,
        still_there: impl Fn() -> io::Result<()> + Send + 'static,
    ) -> io::Result<(Self, Worker)> {
        let queue: Arc<Queue<Box<dyn Change>>> = Arc::new(Queue::new(CHANGES_WAITING_MAX));
        let counted = Arc::new(Counted {
            commit_times: Histogram::new(COMMIT_TIMES),
            batch_sizes: Histogram::new(BATCH_SIZES),
            refused: AtomicU64::new(0),
        });
        let committed = Arc::new(Notify::new());
        let writer =
            Self { queue: Arc::clone(&queue), counted: Arc::clone(&counted), committed: Arc::clone(&committed) };
        let tell = move |changes: usize, took: Duration| {
            counted.commit_times.count_time(took);
            counted.batch_sizes.count(changes as u64);
            committed.notify_waiters();
        };
        let worker = Worker::start("store-writer", move || serve(&connection, &queue, batch_max, still_there, tell))?;
        Ok((writer, worker))
    }

    /// Makes a change: `act` may run statements, and its answer waits for the disk. An `Err` undoes what it did.
    pub(crate) fn run<T, F>(&self, doing: &'static str, act: F) -> StoreFuture<'static, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (queue, counted) = (Arc::clone(&self.queue), Arc::clone(&self.counted));
        Box::pin(async move {
            let (asker, answered) = oneshot::channel();
            let change = Box::new(Asked { doing, act: Some(act), outcome: None, asker });
            let ended = || StoreError::Unavailable { doing, source: Box::new(Closed) };
            match queue.push(change) {
                Ok(()) => answered.await.unwrap_or_else(|_| Err(ended())),
                Err(Refused::Full) => {
                    counted.refused.fetch_add(1, Ordering::Relaxed);
                    Err(StoreError::Overloaded { waiting_max: queue.waiting_max() })
                }
                Err(Refused::Closed) => Err(ended()),
            }
        })
    }

    /// How many transactions were committed that changed something.
    pub(crate) fn commits(&self) -> u64 {
        self.counted.commit_times.read().count()
    }

    /// How it keeps up.
    pub(crate) fn figures(&self) -> WriterFigures {
        WriterFigures {
            commit_times: self.counted.commit_times.read(),
            batch_sizes: self.counted.batch_sizes.read(),
            waiting: self.queue.waiting() as u64,
            refused: self.counted.refused.load(Ordering::Relaxed),
        }
    }

    /// Resolves at the first commit after this was called.
    pub(crate) fn committed(&self) -> impl Future<Output = ()> + Send + '_ {
        // A waiter is counted in from here on, not only once it is polled.
        self.committed.notified()
    }

    /// Takes no more changes; what waits is still made.
    pub(crate) fn close(&self) {
        self.queue.close();
    }
}

fn serve(
    connection: &Connection,
    queue: &Queue<Box<dyn Change>>,
    batch_max: BatchLimit,
    still_there: impl Fn() -> io::Result<()>,
    committed: impl Fn(usize, Duration),
) {
    let _abandon = AbandonOnDrop(queue);
    let mut batch = Vec::new();
    while queue.take(batch_max.0, &mut batch) {
        let began = stopwatch();
        let there = still_there().map_err(CommitFailure::orphaned);
        let durable = there.and_then(|()| transact(connection, &mut batch).map_err(CommitFailure::new));
        if let Ok(Durable::Committed) = durable {
            committed(batch.len(), began.elapsed());
        }
        for change in batch.drain(..) {
            change.answer(durable.as_ref().map(|_| ()));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the disk took is only told, and goes into no rule")]
fn stopwatch() -> Instant {
    Instant::now()
}

enum Durable {
    Committed,
    Unchanged,
}

/// Makes all of `batch` in one transaction. `Err`: nobody knows what of it is on disk.
fn transact(connection: &Connection, batch: &mut [Box<dyn Change>]) -> rusqlite::Result<Durable> {
    let durable = try_transact(connection, batch);
    if durable.is_err() && !connection.is_autocommit() {
        // If not even this works, the next BEGIN says so.
        let _ = run(connection, "ROLLBACK");
    }
    durable
}

fn try_transact(connection: &Connection, batch: &mut [Box<dyn Change>]) -> rusqlite::Result<Durable> {
    run(connection, "BEGIN IMMEDIATE")?;
    let before = connection.total_changes();
    for change in batch {
        run(connection, "SAVEPOINT change")?;
        if let Made::Undone = change.make(connection) {
            // Where SQLite undid the whole transaction by itself, this fails, and everybody in it is told.
            run(connection, "ROLLBACK TO change")?;
        }
        run(connection, "RELEASE change")?;
    }
    // Losers and repetitions write nothing, and nothing needs no disk.
    if connection.total_changes() == before {
        run(connection, "ROLLBACK")?;
        return Ok(Durable::Unchanged);
    }
    run(connection, "COMMIT")?;
    Ok(Durable::Committed)
}

fn run(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(|_| ())
}

impl<T, F> Change for Asked<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn make(&mut self, commit: &Connection) -> Made {
        let made = self.act.take().and_then(|act| guarded(|| act(commit)));
        let made = made.unwrap_or(Err(Fault::Bug("it panicked")));
        let kept = made.is_ok();
        self.outcome = Some(made.map_err(|fault| fault.into_store(self.doing)));
        if kept { Made::Kept } else { Made::Undone }
    }

    fn answer(self: Box<Self>, committed: Result<(), &CommitFailure>) {
        let outcome = match (committed, self.outcome) {
            // It failed by itself, whatever became of the others.
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(Ok(outcome))) => Ok(outcome),
            (Err(failure), _) => Err(failure.answer(self.doing)),
            (Ok(()), None) => Err(Fault::Bug("it was never made").into_store(self.doing)),
        };
        // Whoever asked may have gone away; the change is made all the same.
        let _ = self.asker.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::{BatchLimit, Writer};
    use crate::error::Fault;
    use countersign_core::store::StoreError;
    use rusqlite::Connection;

    async fn count(writer: &Writer) -> i64 {
        let count = |commit: &Connection| Ok(commit.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?);
        writer.run("counting", count).await.unwrap()
    }

    fn started() -> (Writer, crate::worker::Worker) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT").unwrap();
        Writer::start(connection, BatchLimit::default(), || Ok(())).unwrap()
    }

    fn insert(id: i64) -> impl FnOnce(&Connection) -> Result<(), Fault> + Send {
        move |commit| {
            commit.execute("INSERT INTO t (id) VALUES (?1)", [id])?;
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_change_that_fails_undoes_itself_alone() {
        let (writer, _worker) = started();
        let fails = |commit: &Connection| {
            commit.execute("INSERT INTO t (id) VALUES (2)", [])?;
            commit.execute("INSERT INTO t (id) VALUES (1)", [])?;
            Ok(())
        };
        let panics = |commit: &Connection| -> Result<(), Fault> {
            commit.execute("INSERT INTO t (id) VALUES (4)", [])?;
            panic!("on purpose");
        };
        let changes = tokio::join!(
            writer.run("a", insert(1)),
            writer.run("b", fails),
            writer.run("c", panics),
            writer.run("d", insert(3))
        );
        assert!(matches!(changes, (Ok(()), Err(StoreError::Bug { .. }), Err(StoreError::Bug { .. }), Ok(()))));
        assert_eq!(count(&writer).await, 2);
    }

    #[tokio::test]
    async fn what_changes_nothing_is_not_committed() {
        let (writer, _worker) = started();
        assert_eq!(count(&writer).await, 0);
        assert_eq!(writer.commits(), 0);
        writer.run("inserting", insert(1)).await.unwrap();
        assert_eq!(writer.commits(), 1);
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_the_store_goes_on() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, bytes BLOB) STRICT").unwrap();
        connection.pragma_update(None, "max_page_count", 20).unwrap();
        let (writer, _worker) = Writer::start(connection, BatchLimit::default(), || Ok(())).unwrap();
        let fills = |commit: &Connection| {
            commit.execute("INSERT INTO t (id, bytes) VALUES (7, zeroblob(1000000))", [])?;
            Ok(())
        };
        assert!(matches!(writer.run("filling", fills).await, Err(StoreError::Full)));
        assert_eq!(count(&writer).await, 0);
        writer.run("inserting", insert(1)).await.unwrap();
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn a_closed_writer_makes_what_waits_and_refuses_the_rest() {
        let (writer, worker) = started();
        let waiting = tokio::spawn(writer.run("inserting", insert(1)));
        tokio::task::yield_now().await;
        writer.close();
        worker.ended().await;
        waiting.await.unwrap().unwrap();
        assert!(matches!(writer.run("inserting", insert(2)).await, Err(StoreError::Unavailable { .. })));
    }
}
