//! Every limit of the relay, unit in the name.

use std::time::Duration;

/// Entries in the batches that are held, so that readers can resume; as many as the issuer holds.
pub const TAIL_ENTRIES_MAX: usize = 65_536;
/// Length of these batches.
pub const TAIL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How many of them; quiet feeds have batches of one entry.
pub const TAIL_OBJECTS_MAX: usize = 16_384;
/// How old a snapshot gets after which something came: whoever joins by it has to take that much more.
pub const SNAPSHOT_AGE_MAX: Duration = Duration::from_secs(60);
/// How old a snapshot gets in any case: what it holds expires, and the key that signed it is replaced one day.
pub const SNAPSHOT_IDLE_AGE_MAX: Duration = Duration::from_secs(600);
/// After a snapshot that did not come or did not fit.
pub const SNAPSHOT_RETRY: Duration = Duration::from_secs(5);
/// Streams and waiting polls at once.
pub const READERS_MAX: usize = 10_000;
/// Objects that wait for a slow reader; with one more it is cut off and has to resume.
pub const OBJECTS_WAITING_MAX: usize = 128;
/// Seconds for which a poll may wait.
pub const POLL_SECONDS_MAX: u64 = 30;
/// Readers whose reports are held; beyond that a new one takes the place of whoever was silent longest.
pub const REPORTERS_MAX: usize = 10_000;
/// Who missed two reports is not connected: one is due every 10 s.
pub const REPORTER_SILENT_AFTER: Duration = Duration::from_secs(25);
/// Length of a reader's name.
pub const REPORTER_NAME_BYTES_MAX: usize = 128;
/// Reports are gathered for so long before the slowest is looked for.
pub const REPORTS_GATHERED: Duration = Duration::from_millis(5);
/// Length of a report.
pub const REPORT_BYTES_MAX: usize = 64 * 1024;
/// How often the relay above is asked how it stands.
pub const STATUS_EVERY: Duration = Duration::from_secs(5);
/// `Retry-After` of a 503.
pub const RETRY_AFTER_SECONDS: u64 = 1;
