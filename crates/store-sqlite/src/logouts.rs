//! Clients that have to be told of sessions that ended.

use crate::SqliteStore;
use crate::audit::tell;
use crate::error::Fault;
use crate::rows::{Columns, all, change, first, millis};
use countersign_core::client::{ClientId, LogoutUri};
use countersign_core::logout::PendingLogout;
use countersign_core::scope::OPENID;
use countersign_core::session::End;
use countersign_core::store::{
    ClaimLogouts, GiveUpLogouts, LogoutOutcome, LogoutStore, SettleLogout, StoreFuture, Swap,
};
use countersign_core::{AccountId, SessionId, Time};
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

impl LogoutStore for SqliteStore {
    fn claim_logouts(&self, claim: ClaimLogouts) -> StoreFuture<'_, Vec<PendingLogout>> {
        Box::pin(async move {
            let asked = claim.clone();
            // Mostly there is nothing, and what finds nothing costs no commit.
            let due = self.readers.run("looking for logouts", move |read| due(read, &asked)).await?;
            if due.is_empty() {
                return Ok(due);
            }
            self.writer.run("claiming logouts", move |commit| take(commit, due.clone(), &claim)).await
        })
    }

    fn settle_logout(&self, settle: SettleLogout) -> StoreFuture<'_, Swap> {
        self.writer.run("settling a logout", move |commit| {
            let which = (settle.session.as_bytes(), settle.tries);
            let forget = "DELETE FROM pending_logout WHERE session = ?1 AND tries = ?2";
            let changed = match &settle.outcome {
                LogoutOutcome::Told | LogoutOutcome::GivenUp(_) => change(commit, forget, which),
                LogoutOutcome::Again(at) => {
                    let statement = "UPDATE pending_logout SET due_at = ?3 WHERE session = ?1 AND tries = ?2";
                    change(commit, statement, (which.0, which.1, millis(*at)))
                }
            }?;
            if changed == 0 {
                return Ok(Swap::Lost);
            }
            if let LogoutOutcome::GivenUp(audit) = &settle.outcome {
                tell(commit, audit)?;
            }
            Ok(Swap::Won)
        })
    }

    fn give_up_logouts(&self, give_up: GiveUpLogouts) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let before = give_up.ended_before;
            let old = "SELECT 1 FROM pending_logout WHERE ended_at < ?1 LIMIT 1";
            let found = self
                .readers
                .run("looking for old logouts", move |read| first(read, old, (millis(before),), |_| Ok(())));
            if found.await?.is_none() {
                return Ok(0);
            }
            self.writer.run("giving up logouts", move |commit| forget_old(commit, &give_up)).await
        })
    }

    fn logouts_waiting(&self) -> StoreFuture<'_, u64> {
        self.readers.run("counting logouts", |read| {
            let count = first(read, "SELECT count(*) FROM pending_logout", (), number)?;
            Ok(count.unwrap_or_default())
        })
    }
}

/// A session that ended a moment ago.
pub(crate) struct EndedAt {
    pub(crate) session: SessionId,
    pub(crate) last_token_expires_at: Time,
    account: Option<AccountId>,
    client: ClientId,
    scope: String,
}

impl EndedAt {
    /// The columns that `read` takes.
    pub(crate) const COLUMNS: &str = "id, last_token_expires_at, account, client, scope";

    pub(crate) fn read(row: &mut Columns<'_, '_>) -> Result<Self, Fault> {
        Ok(Self {
            session: SessionId::from_bytes(row.take()?),
            last_token_expires_at: row.time()?,
            account: row.take::<Option<_>>()?.map(AccountId::from_bytes),
            client: row.text(ClientId::parse)?,
            scope: row.take()?,
        })
    }

    /// Who had an ID token of it.
    fn told(&self) -> Option<AccountId> {
        let openid = self.scope.split(' ').any(|scope| scope == OPENID);
        self.account.filter(|_| openid && self.client.as_str() != ClientId::FIRST_PARTY)
    }
}

/// Writes down, within the change that ended these sessions, which clients have to be told.
pub(crate) fn write_down(commit: &Connection, ended: &[EndedAt], end: &End, now: Time) -> Result<(), Fault> {
    if !end.reason.is_told() {
        return Ok(());
    }
    let statement = "
INSERT INTO pending_logout (session, account, client, uri, ended_at, due_at)
SELECT :session, :account, id, backchannel_logout_uri, :now, :now FROM client
WHERE id = :client AND backchannel_logout_uri IS NOT NULL";
    for (one, account) in ended.iter().filter_map(|one| one.told().map(|account| (one, account))) {
        let params = named_params! {
            ":session": one.session.as_bytes(),
            ":account": account.as_bytes(),
            ":client": one.client.as_str(),
            ":now": millis(now),
        };
        change(commit, statement, params)?;
    }
    Ok(())
}

/// Those that are due, some of each client. Clients are few and rows may be many, so it goes from client to client.
fn due(read: &Connection, claim: &ClaimLogouts) -> Result<Vec<PendingLogout>, Fault> {
    let statement = "
WITH RECURSIVE each (client) AS (
    SELECT min(client) FROM pending_logout
    UNION ALL
    SELECT (SELECT min(p.client) FROM pending_logout p WHERE p.client > each.client) FROM each
    WHERE each.client IS NOT NULL
)
SELECT p.session, p.account, p.client, p.uri, p.ended_at, p.tries
FROM each JOIN pending_logout p ON p.session IN (
    SELECT session FROM pending_logout WHERE client = each.client AND due_at <= :now ORDER BY due_at LIMIT :each_max)
WHERE each.client NOT IN (SELECT value FROM json_each(:but))
ORDER BY p.due_at LIMIT :all_max";
    let but = serde_json::Value::from_iter(claim.but.iter().map(ClientId::as_str)).to_string();
    let params = named_params! {
        ":now": millis(claim.now), ":each_max": claim.each_max, ":all_max": claim.all_max, ":but": but,
    };
    all(read, statement, params, pending)
}

/// Takes those that nobody took since they were read.
fn take(commit: &Connection, due: Vec<PendingLogout>, claim: &ClaimLogouts) -> Result<Vec<PendingLogout>, Fault> {
    let statement = "UPDATE pending_logout SET due_at = ?3, tries = tries + 1 WHERE session = ?1 AND tries = ?2";
    let mut taken = Vec::with_capacity(due.len());
    for pending in due {
        let params = (pending.session.as_bytes(), pending.tries, millis(claim.lease_until));
        if change(commit, statement, params)? == 1 {
            taken.push(PendingLogout { tries: pending.tries + 1, ..pending });
        }
    }
    Ok(taken)
}

fn forget_old(commit: &Connection, give_up: &GiveUpLogouts) -> Result<u64, Fault> {
    let statement = "
DELETE FROM pending_logout
WHERE session IN (SELECT session FROM pending_logout WHERE ended_at < ?1 ORDER BY ended_at LIMIT ?2)
RETURNING client";
    let params = (millis(give_up.ended_before), give_up.limit);
    let mut by_client: BTreeMap<ClientId, u64> = BTreeMap::new();
    for client in all(commit, statement, params, |row| row.text(ClientId::parse))? {
        *by_client.entry(client).or_default() += 1;
    }
    for (client, sessions) in &by_client {
        let audit = give_up.audit.clone().at_client(client.clone()).told(format!("sessions: {sessions}"));
        tell(commit, &audit)?;
    }
    Ok(by_client.values().sum())
}

fn number(row: &mut Columns<'_, '_>) -> Result<u64, Fault> {
    row.unsigned()
}

fn pending(row: &mut Columns<'_, '_>) -> Result<PendingLogout, Fault> {
    Ok(PendingLogout {
        session: SessionId::from_bytes(row.take()?),
        account: AccountId::from_bytes(row.take()?),
        client: row.text(ClientId::parse)?,
        uri: row.text(LogoutUri::parse)?,
        ended_at: row.time()?,
        tries: row.take()?,
    })
}
