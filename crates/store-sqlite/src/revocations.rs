//! The numbered list of what verifiers must refuse.

use crate::SqliteStore;
use crate::audit::tell;
use crate::error::Fault;
use crate::limits::FORGOTTEN_ROWS_MAX;
use crate::rows::{Columns, all, change, first, signed};
use countersign_core::audit::AuditEvent;
use countersign_core::client::ClientId;
use countersign_core::revocation::{Revocation, RevocationSubject, Sequence};
use countersign_core::store::{Published, RevocationStore, SequencedRevocation, StoreFuture};
use countersign_jose::{KeyId, Timestamp};
use rusqlite::Connection;

impl RevocationStore for SqliteStore {
    fn publish_revocations(&self, revocations: Vec<Revocation>, audit: AuditEvent) -> StoreFuture<'_, Published> {
        self.writer.run("publishing revocations", move |commit| {
            tell(commit, &audit)?;
            Ok(Published { last: append(commit, &revocations)? })
        })
    }

    fn revocations_after(&self, after: Sequence, limit: u16) -> StoreFuture<'_, Vec<SequencedRevocation>> {
        self.readers.run("reading revocations", move |read| {
            all(
                read,
                "SELECT sequence, kind, subject, until FROM revocation WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
                (signed(after.0), limit),
                sequenced,
            )
        })
    }

    fn last_sequence(&self) -> StoreFuture<'_, Sequence> {
        self.readers.run("reading the number of the last revocation", |read| append(read, &[]))
    }

    fn is_revoked(&self, subjects: Vec<RevocationSubject>) -> StoreFuture<'_, bool> {
        self.readers.run("looking for a revocation", move |read| {
            for subject in subjects {
                let found = first(
                    read,
                    "SELECT 1 FROM revocation WHERE subject = ?1 AND kind = ?2 LIMIT 1",
                    (subject.id(), subject.kind().to_string()),
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

/// Appends entries within a change. Numbers have no gap: a change that is undone gives its numbers back.
pub(crate) fn append(commit: &Connection, revocations: &[Revocation]) -> Result<Sequence, Fault> {
    let count = signed(revocations.len() as u64);
    let last = if count == 0 {
        first(commit, "SELECT last FROM feed", (), number)?
    } else {
        first(commit, "UPDATE feed SET last = last + ?1 RETURNING last", (count,), number)?
    };
    let last = last.ok_or_else(|| Fault::Damaged("the number of the last revocation is gone".to_owned()))?;
    let firsts = last.saturating_sub(revocations.len() as u64) + 1;
    for (sequence, revocation) in (firsts..).zip(revocations) {
        let (kind, subject) = (revocation.subject.kind().to_string(), revocation.subject.id());
        let until = revocation.until.map(|until| signed(until.as_seconds()));
        change(
            commit,
            "INSERT INTO revocation (sequence, kind, subject, until) VALUES (?1, ?2, ?3, ?4)",
            (signed(sequence), kind, subject, until),
        )?;
    }
    Ok(Sequence(last))
}

fn number(row: &mut Columns<'_, '_>) -> Result<u64, Fault> {
    row.unsigned()
}

fn sequenced(row: &mut Columns<'_, '_>) -> Result<SequencedRevocation, Fault> {
    let sequence = Sequence(row.unsigned()?);
    let kind: String = row.take()?;
    let subject = match kind.as_str() {
        "s" => RevocationSubject::Session(row.parsed()?),
        "t" => RevocationSubject::Token(row.parsed()?),
        "c" => RevocationSubject::Client(row.text(ClientId::parse)?),
        "k" => RevocationSubject::Key(row.text(|id| KeyId::new(id))?),
        _ => return Err(Fault::Damaged(format!("revocation {} is of no known kind", sequence.0))),
    };
    let until = row.some(Columns::timestamp)?;
    Ok(SequencedRevocation { sequence, revocation: Revocation { subject, until } })
}
