//! Every limit of the store, with its unit in its name.

use std::time::Duration;

/// Changes that may wait for the writer; one more is refused ([`StoreError::Overloaded`]).
///
/// [`StoreError::Overloaded`]: countersign_core::store::StoreError::Overloaded
pub const CHANGES_WAITING_MAX: usize = 4_096;
/// Reads that share one transaction at the most: the others that wait are left to the other readers.
pub const READS_SHARED_MAX: usize = 8;
/// Reads that may wait for a reader.
pub const READS_WAITING_MAX: usize = 8_192;
/// Changes that share one commit at the most.
pub const BATCH_CHANGES_MAX: usize = 512;
/// Reader threads at the least.
pub const READERS_MIN: usize = 2;
/// Reader threads at the most: more only compete for the same pages.
pub const READERS_MAX: usize = 4;
/// How long a transaction of another process may hold the write lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Rows forgotten in one transaction, so that sweeping never holds up a refresh for long.
pub const FORGOTTEN_ROWS_MAX: usize = 1_000;
/// Bytes of a file up to which the start checks every page; beyond, it looks at the header, the size and the schema.
pub const CHECKED_BYTES_MAX: u64 = 1024 * 1024;
/// Prepared statements that each connection keeps.
pub const STATEMENTS_KEPT_MAX: usize = 96;
/// KiB of pages that the writer keeps in memory.
pub const WRITER_CACHE_KIBIBYTES_MAX: i64 = 8 * 1024;
/// KiB of pages that each reader keeps in memory.
pub const READER_CACHE_KIBIBYTES_MAX: i64 = 2 * 1024;
/// Pages in the write-ahead log after which the writer carries them over into the file: long enough that pages which
/// change often are carried over once, short enough that a start after a kill reads it in a few milliseconds.
pub const LOG_PAGES_MAX: i64 = 2_000;
/// How often what other processes committed is looked for.
pub const LOOKED_FOR_CHANGES_EVERY: Duration = Duration::from_millis(20);
