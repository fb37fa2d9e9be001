//! The deployment itself.

use crate::SqliteStore;
use crate::error::Fault;
use crate::rows::{Columns, change, first, millis};
use countersign_core::limits::CODE_REMEMBERED;
use countersign_core::session::{EpochCause, StorageEpoch};
use countersign_core::store::{Deployment, DeploymentStore, Founded, StoreFuture, Swap, Swept, WriterFigures};
use countersign_core::{Epoch, Time};

impl DeploymentStore for SqliteStore {
    fn deployment(&self) -> StoreFuture<'_, Option<Deployment>> {
        self.readers.run("reading the deployment", |read| {
            first(read, "SELECT epoch, epoch_cause, issuer, founded_at FROM deployment", (), |row| {
                Ok(Deployment { epoch: epoch(row)?, issuer: row.take()?, founded_at: row.time()? })
            })
        })
    }

    fn found(&self, issuer: &str, epoch: Epoch, now: Time) -> StoreFuture<'_, Founded> {
        let issuer = issuer.to_owned();
        self.writer.run("founding the deployment", move |commit| {
            let founded = change(
                commit,
                "INSERT INTO deployment (one, issuer, epoch, epoch_cause, epoch_began_at, founded_at)
                 VALUES (1, ?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (one) DO NOTHING",
                (issuer, epoch.as_bytes(), cause_code(EpochCause::Fresh), millis(now)),
            )?;
            Ok(if founded == 1 { Founded::Founded } else { Founded::Already })
        })
    }

    fn change_issuer(&self, from: &str, to: &str) -> StoreFuture<'_, Swap> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.writer.run("changing the issuer", move |commit| {
            let changed = change(commit, "UPDATE deployment SET issuer = ?2 WHERE issuer = ?1", (from, to))?;
            Ok(if changed == 1 { Swap::Won } else { Swap::Lost })
        })
    }

    fn probe(&self) -> StoreFuture<'_, ()> {
        self.writer.run("writing to see whether that works", |commit| {
            change(commit, "UPDATE probe SET count = count + 1", ()).map(|_| ())
        })
    }

    fn sweep(&self, now: Time) -> StoreFuture<'_, Swept> {
        let uses = self.keep_uses(now);
        let sessions = self.forget(
            "sweeping sessions",
            "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE absolute_expires_at <= ?1 LIMIT ?2)",
            millis(now),
        );
        let codes = self.forget(
            "sweeping codes",
            "DELETE FROM authorization_code WHERE hash IN (SELECT hash FROM authorization_code WHERE expires_at <= ?1
             LIMIT ?2)",
            millis(now - CODE_REMEMBERED),
        );
        let pushed = self.forget(
            "sweeping pushed requests",
            "DELETE FROM pushed_request WHERE hash IN (SELECT hash FROM pushed_request WHERE expires_at <= ?1 LIMIT ?2)",
            millis(now),
        );
        let clients = self.forget_clients(now);
        Box::pin(async move {
            uses.await?;
            let (sessions, codes) = (sessions.await?, codes.await?);
            Ok(Swept { sessions, codes, pushed_requests: pushed.await?, clients: clients.await? })
        })
    }

    fn figures(&self) -> Option<WriterFigures> {
        Some(self.writer.figures())
    }
}

/// The columns `epoch` and `epoch_cause`.
pub(crate) fn epoch(row: &mut Columns<'_, '_>) -> Result<StorageEpoch, Fault> {
    Ok(StorageEpoch {
        id: epoch_id(row)?,
        cause: row.text(|code| match code {
            "fresh" => Ok(EpochCause::Fresh),
            "went_back" => Ok(EpochCause::WentBack),
            "lost" => Ok(EpochCause::Lost),
            _ => Err(()),
        })?,
    })
}

/// A column with an epoch's 16 bytes.
pub(crate) fn epoch_id(row: &mut Columns<'_, '_>) -> Result<Epoch, Fault> {
    Epoch::from_bytes(row.take()?).map_err(|error| Fault::Damaged(error.to_string()))
}

pub(crate) const fn cause_code(cause: EpochCause) -> &'static str {
    match cause {
        EpochCause::Fresh => "fresh",
        EpochCause::WentBack => "went_back",
        EpochCause::Lost => "lost",
    }
}
