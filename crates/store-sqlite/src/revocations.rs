//! The numbered list of what verifiers must refuse.

use crate::SqliteStore;
use crate::audit::tell;
use crate::deployment::{cause_code, epoch_id};
use crate::ending::end_with_epoch;
use crate::error::Fault;
use crate::limits::{FORGOTTEN_ROWS_MAX, LOOKED_FOR_CHANGES_EVERY};
use crate::rows::{Columns, all, change, first, millis, signed};
use countersign_core::audit::AuditEvent;
use countersign_core::revocation::{Entry, Kind, NewEntry, Revocation, RevocationSubject, Sequence, SetDigest};
use countersign_core::store::{
    BeginEpoch, ChangeMark, EndedSessions, FeedPage, Published, RevocationStore, StoreFuture,
};
use countersign_core::{Epoch, Time};
use countersign_jose::Timestamp;
use rusqlite::Connection;
use std::collections::BTreeMap;

impl RevocationStore for SqliteStore {
    fn publish_revocations(&self, revocations: Vec<Revocation>, audit: AuditEvent) -> StoreFuture<'_, Published> {
        self.writer.run("publishing revocations", move |commit| {
            tell(commit, &audit)?;
            Ok(Published { last: append(commit, &revocations)? })
        })
    }

    fn feed_after(&self, after: Sequence, limit: u16) -> StoreFuture<'_, FeedPage> {
        let file = self.file.clone();
        self.readers.run("reading the feed", move |read| {
            file.check().map_err(Fault::File)?;
            let (epoch, last, set) = standing(read)?;
            let entries = all(
                read,
                "SELECT sequence, kind, subject, until, extra FROM revocation
                 WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
                (signed(after.0), limit),
                entry,
            )?;
            Ok(FeedPage { epoch, last, set, entries })
        })
    }

    fn changed(&self, seen: Option<ChangeMark>) -> StoreFuture<'_, ChangeMark> {
        Box::pin(async move {
            loop {
                let committed = self.writer.committed();
                let mark = ChangeMark(self.data_version().await?);
                if seen != Some(mark) {
                    return Ok(mark);
                }
                // Our own commits tell at once; those of other processes have to be looked for.
                let _ = tokio::time::timeout(LOOKED_FOR_CHANGES_EVERY, committed).await;
            }
        })
    }

    fn begin_epoch(&self, begin: BeginEpoch) -> StoreFuture<'_, EndedSessions> {
        self.writer.run("beginning an epoch", move |commit| {
            let begun = change(
                commit,
                "UPDATE deployment SET epoch = ?1, epoch_cause = ?2, epoch_began_at = ?3 WHERE epoch < ?1",
                (begin.epoch.as_bytes(), cause_code(begin.cause), millis(begin.now)),
            )?;
            if begun == 0 {
                return Err(Fault::Bug("there is no deployment, or its epoch is not earlier"));
            }
            // First, so that what it publishes is said again with all the rest.
            let ended = match &begin.end_sessions {
                Some(all) => end_with_epoch(commit, all, begin.now)?,
                None => EndedSessions::default(),
            };
            say_again(commit, begin.lost, begin.now)?;
            tell(commit, &begin.audit)?;
            Ok(ended)
        })
    }

    fn last_sequence(&self) -> StoreFuture<'_, Sequence> {
        self.readers.run("reading the number of the last revocation", last_number)
    }

    fn is_revoked(&self, subjects: Vec<RevocationSubject>) -> StoreFuture<'_, bool> {
        self.readers.run("looking for a revocation", move |read| {
            for subject in subjects {
                let found = first(
                    read,
                    "SELECT 1 FROM revocation WHERE subject = ?1 AND kind = ?2 LIMIT 1",
                    (subject.id(), subject.kind().as_str()),
                    |_| Ok(()),
                )?;
                if found.is_some() {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    fn forget_revocations(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        self.forget(
            "forgetting revocations",
            "DELETE FROM revocation WHERE sequence IN (SELECT sequence FROM revocation WHERE until < ?1 LIMIT ?2)",
            signed(now.as_seconds()),
        )
    }
}

impl SqliteStore {
    /// Deletes by a statement that takes a bound and how many rows at most, until there are no more: in transactions
    /// that nobody notices.
    pub(crate) fn forget(&self, doing: &'static str, delete: &'static str, bound: i64) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let (rows_max, mut forgotten) = (FORGOTTEN_ROWS_MAX as u64, 0);
            loop {
                let delete = move |commit: &Connection| change(commit, delete, (bound, signed(rows_max)));
                let deleted = self.writer.run(doing, delete).await?;
                forgotten += deleted;
                if deleted < rows_max {
                    return Ok(forgotten);
                }
            }
        })
    }
}

/// Numbers everything that still matters anew, in the epoch that is.
fn say_again(commit: &Connection, lost: Vec<NewEntry>, now: Time) -> Result<(), Fault> {
    let kept = all(
        commit,
        "SELECT sequence, kind, subject, until, extra FROM revocation
         WHERE until IS NULL OR until >= ?1 ORDER BY sequence",
        (signed(now.timestamp().as_seconds()),),
        entry,
    )?;
    change(commit, "DELETE FROM revocation", ())?;
    change(commit, "UPDATE feed SET last = 0, \"set\" = zeroblob(16)", ())?;
    let mut known = BTreeMap::new();
    for entry in &kept {
        let until = known.entry((entry.kind(), entry.id().into_owned())).or_insert(0);
        *until = lasts(entry).max(*until);
    }
    let lost = lost.into_iter().map(|entry| entry.numbered(Sequence::ZERO));
    let lost = lost
        .filter(|entry| known.get(&(entry.kind(), entry.id().into_owned())).is_none_or(|until| *until < lasts(entry)));
    append_entries(commit, kept.iter().cloned().chain(lost).map(Entry::into_new).collect()).map(|_| ())
}

/// Until when an entry matters; one that is never forgotten outlasts all.
fn lasts(entry: &Entry) -> u64 {
    if entry.until() == 0 { u64::MAX } else { entry.until() }
}

/// Appends entries within a change. Numbers have no gap: a change that is undone gives its numbers back.
pub(crate) fn append(commit: &Connection, revocations: &[Revocation]) -> Result<Sequence, Fault> {
    let entries = revocations.iter().map(Revocation::entry).collect::<Result<Vec<_>, _>>();
    append_entries(commit, entries.map_err(|_| Fault::Bug("a revocation that the feed can't say"))?)
}

fn append_entries(commit: &Connection, entries: Vec<NewEntry>) -> Result<Sequence, Fault> {
    if entries.is_empty() {
        return last_number(commit);
    }
    let (epoch, mut last, mut set) = standing(commit)?;
    for entry in entries {
        last = last.next();
        let entry = entry.numbered(last);
        set.toggle(epoch, &entry);
        let until = (entry.until() != 0).then(|| signed(entry.until()));
        change(
            commit,
            "INSERT INTO revocation (sequence, kind, subject, until, extra) VALUES (?1, ?2, ?3, ?4, ?5)",
            (signed(last.0), entry.kind().as_str(), entry.id(), until, entry.extra()),
        )?;
    }
    change(commit, "UPDATE feed SET last = ?1, \"set\" = ?2", (signed(last.0), set.as_bytes()))?;
    Ok(last)
}

pub(crate) fn last_number(connection: &Connection) -> Result<Sequence, Fault> {
    let last = first(connection, "SELECT last FROM feed", (), |row| row.unsigned().map(Sequence))?;
    last.ok_or_else(|| Fault::Damaged("the number of the last revocation is gone".to_owned()))
}

/// Epoch, last number and digest.
fn standing(connection: &Connection) -> Result<(Epoch, Sequence, SetDigest), Fault> {
    let standing =
        first(connection, "SELECT d.epoch, f.last, f.\"set\" FROM feed f CROSS JOIN deployment d", (), |row| {
            Ok((epoch_id(row)?, Sequence(row.unsigned()?), SetDigest::from_bytes(row.take()?)))
        })?;
    standing.ok_or(Fault::Bug("there is no deployment"))
}

pub(crate) fn entry(row: &mut Columns<'_, '_>) -> Result<Entry, Fault> {
    let sequence = Sequence(row.unsigned()?);
    let kind = row.text(Kind::parse)?;
    let subject: String = row.take()?;
    let until = row.some(Columns::unsigned)?.unwrap_or(0);
    let entry = NewEntry::new(kind, &subject, until, row.take()?);
    let entry = entry.map_err(|error| Fault::Damaged(format!("revocation {}: {error}", sequence.0)))?;
    Ok(entry.numbered(sequence))
}
