//! A database that another is about to take the place of.

use crate::error::Fault;
use crate::migrate::Schema;
use crate::open::{connect, log_of, look, read_once, unavailable};
use crate::revocations::entry;
use crate::rows::{all, first, millis, signed};
use countersign_core::ops::Replaced;
use countersign_core::revocation::{Entry, Kind};
use countersign_core::session::{End, EndReason};
use countersign_core::store::StoreError;
use countersign_core::{SessionId, Time};
use rusqlite::OpenFlags;
use std::io;
use std::path::Path;
use std::time::Duration;

// Nobody should have it open: whoever has is not going to let go of it in a moment.
const LET_GO_WITHIN: Duration = Duration::from_millis(500);

/// What the database at `path` knew that the one which takes its place may not: read without changing it.
///
/// # Errors
/// [`StoreError`] where it does not open, or its schema is newer.
pub fn what_it_knew(path: &Path, now: Time) -> Result<Replaced, StoreError> {
    if look(&std::path::absolute(path).map_err(|error| unavailable("finding the database", error))?)? == Schema::Empty {
        return Ok(Replaced::default());
    }
    read_once(path, "reading what the replaced database knew", |read| {
        let epoch = first(read, "SELECT epoch FROM deployment", (), crate::deployment::epoch_id)?;
        let entries = all(
            read,
            "SELECT sequence, kind, subject, until, extra FROM revocation
             WHERE until IS NULL OR until >= ?1 ORDER BY sequence",
            (signed(now.timestamp().as_seconds()),),
            entry,
        )?;
        let alive = all(
            read,
            "SELECT id, last_token_expires_at FROM session WHERE ended_at IS NULL AND last_token_expires_at >= ?1",
            (millis(now - countersign_core::limits::REVOCATION_TAIL),),
            |row| Ok((SessionId::from_bytes(row.take()?), row.time()?)),
        )?;
        let ended = all(
            read,
            "SELECT id, end_reason, end_by FROM session WHERE ended_at IS NOT NULL AND absolute_expires_at > ?1",
            (millis(now),),
            |row| {
                let session = SessionId::from_bytes(row.take()?);
                Ok((session, End { reason: row.text(str::parse::<EndReason>)?, by: row.take()? }))
            },
        )?;
        // An announced key is one of the ring that is replaced: it will not sign.
        let entries = entries.into_iter().filter(|entry| entry.kind() != Kind::KeyAnnounced);
        Ok(Replaced { epoch, entries: entries.map(Entry::into_new).collect(), alive, ended })
    })
}

/// Carries the log over into the file, which is then whole by itself, and sees that nobody else has it open: a log that
/// stayed beside the next file of this name would be taken for its own. Killed in the middle, it opens as before.
///
/// # Errors
/// [`StoreError::Unavailable`] where another process has it open; else what SQLite reports of the file.
pub fn release(path: &Path) -> Result<(), StoreError> {
    const DOING: &str = "closing the database that is to be replaced";
    let path = std::path::absolute(path).map_err(|error| unavailable(DOING, error))?;
    let failed = |error: rusqlite::Error| Fault::Sql(error).into_store(DOING);
    let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(LET_GO_WITHIN).map_err(failed)?;
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(failed)?;
    connection.close().map_err(|(_, error)| failed(error))?;
    // The last who closes it takes the log away.
    if busy != 0 || log_of(&path).exists() {
        return Err(unavailable(DOING, io::Error::new(io::ErrorKind::ResourceBusy, "another process has it open")));
    }
    Ok(())
}
