//! The audit log.

use crate::SqliteStore;
use crate::error::Fault;
use crate::pages::{Selection, begin, nothing, paged, rows_wanted};
use crate::rows::{Columns, all, change, first, millis};
use countersign_core::audit::{Actor, AuditEvent, AuditFilter, AuditOrder};
use countersign_core::client::ClientId;
use countersign_core::store::{AuditStore, Page, Paged, RaiseAlarm, StoreFuture};
use countersign_core::{AccountId, SessionId, Time};
use rusqlite::{Connection, named_params};

impl AuditStore for SqliteStore {
    fn record(&self, event: AuditEvent) -> StoreFuture<'_, ()> {
        self.writer.run("recording an event", move |commit| tell(commit, &event))
    }

    fn raise_alarm(&self, alarm: RaiseAlarm) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let asked = alarm.clone();
            if self.readers.run("looking for an alarm", move |read| told(read, &asked)).await? {
                return Ok(());
            }
            let raise = move |commit: &Connection| match told(commit, &alarm)? {
                true => Ok(()),
                false => tell(commit, &alarm.event),
            };
            self.writer.run("raising an alarm", raise).await
        })
    }

    fn audit(&self, filter: AuditFilter, page: Page) -> StoreFuture<'_, Paged<AuditEvent>> {
        self.readers.run("reading the audit log", move |read| list(read, &filter, &page))
    }

    fn forget_audit(&self, before: Time) -> StoreFuture<'_, u64> {
        self.forget(
            "forgetting events",
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 LIMIT ?2)",
            millis(before),
        )
    }
}

/// Tells an event within a change.
pub(crate) fn tell(commit: &Connection, event: &AuditEvent) -> Result<(), Fault> {
    let statement = "
INSERT INTO audit (at, what, account, session, client, actor_account, actor_address, actor_request, detail)
VALUES (:at, :what, :account, :session, :client, :actor_account, :actor_address, :actor_request, :detail)";
    let params = named_params! {
        ":at": millis(event.at),
        ":what": event.what,
        ":account": event.account.as_ref().map(AccountId::as_bytes),
        ":session": event.session.as_ref().map(SessionId::as_bytes),
        ":client": event.client.as_ref().map(ClientId::as_str),
        ":actor_account": event.actor.account.as_ref().map(AccountId::as_bytes),
        ":actor_address": event.actor.address.map(|address| address.to_string()),
        ":actor_request": event.actor.request,
        ":detail": event.detail,
    };
    change(commit, statement, params).map(|_| ())
}

/// Whether the same was told lately.
fn told(connection: &Connection, alarm: &RaiseAlarm) -> Result<bool, Fault> {
    let Some(since) = alarm.unless_since else { return Ok(false) };
    let statement = "SELECT 1 FROM audit WHERE what = ?1 AND at > ?2 AND detail IS ?3 LIMIT 1";
    let params = (&alarm.event.what, millis(since), &alarm.event.detail);
    Ok(first(connection, statement, params, |_| Ok(()))?.is_some())
}

fn list(read: &Connection, filter: &AuditFilter, page: &Page) -> Result<Paged<AuditEvent>, Fault> {
    let (start, beyond, order) = match filter.order {
        AuditOrder::NewestFirst => (i64::MAX, "id < :after", "ORDER BY id DESC LIMIT :limit"),
        AuditOrder::OldestFirst => (0, "id > :after", "ORDER BY id LIMIT :limit"),
    };
    let Some(after) = begin(page, start, |key| key.try_into().ok().map(i64::from_be_bytes)) else {
        return Ok(nothing());
    };
    let (account, session) = (filter.account.map(|id| *id.as_bytes()), filter.session.map(|id| *id.as_bytes()));
    let client = filter.client.as_ref().map(ClientId::as_str);
    let (since, until) = (filter.since.map(millis), filter.until.map(millis));
    let wanted = rows_wanted(page);
    let statement = Selection::new(
        "SELECT id, at, what, account, session, client, actor_account, actor_address, actor_request, detail
         FROM audit WHERE",
    )
    .then(beyond)
    .with(":after", &after)
    .where_given("account = :account", ":account", &account)
    .where_given("session = :session", ":session", &session)
    .where_given("client = :client", ":client", &client)
    // No character comes after the last that there is.
    .where_given("what BETWEEN :what AND :what || char(1114111)", ":what", &filter.what)
    .where_given("at >= :since", ":since", &since)
    .where_given("at < :until", ":until", &until)
    .then(order)
    .with(":limit", &wanted);
    let found = all(read, &statement.sql, statement.params.as_slice(), |row| Ok((row.take::<i64>()?, event(row)?)))?;
    Ok(paged(found, page, |(id, _)| id.to_be_bytes().to_vec()).map(|(_, event)| event))
}

fn event(row: &mut Columns<'_, '_>) -> Result<AuditEvent, Fault> {
    Ok(AuditEvent {
        at: row.time()?,
        what: row.take()?,
        account: row.take::<Option<_>>()?.map(AccountId::from_bytes),
        session: row.take::<Option<_>>()?.map(SessionId::from_bytes),
        client: row.some(|row| row.text(ClientId::parse))?,
        actor: Actor {
            account: row.take::<Option<_>>()?.map(AccountId::from_bytes),
            address: row.some(Columns::parsed)?,
            request: row.take()?,
        },
        detail: row.take()?,
    })
}
