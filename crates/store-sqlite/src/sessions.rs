//! Sessions: opening, holding, rotating, listing. Ending them is in `ending.rs`.

use crate::audit::tell;
use crate::clients::{client_columns, is_active};
use crate::ending::{end_excess, end_sessions};
use crate::error::Fault;
use crate::pages::{Selection, begin, nothing, paged, rows_wanted};
use crate::resources::resource_of;
use crate::rows::{Columns, all, change, first, millis};
use crate::{SqliteStore, accounts, clients, deployment, resources};
use countersign_core::client::ClientId;
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_core::session::{
    Count, End, EndReason, Ended, Generation, Networks, Run, RunKind, SecretHash, Session, SessionState,
};
use countersign_core::store::{
    CountLive, CountRepeat, CountedLive, Cursor, EndSessions, EndedSessions, FindMachine, FoundMachine, Held,
    HoldSession, OpenSession, Opened, Page, Paged, RotateSession, SessionFilter, SessionStore, StoreFuture, Swap,
};
use countersign_core::{AccountId, Network, SessionId, Time};
use rusqlite::{Connection, named_params, params};

/// The columns that [`session`] takes.
macro_rules! session_columns {
    () => {
        "s.id, s.account, s.client, s.parent, s.secret_hash, s.replaced_hash, s.generation, s.rotated_at, s.rotated_by,
         s.late_generation, s.late_run, s.foreign_generation, s.foreign_run, s.retry_hash,
         s.network_1, s.network_2, s.network_3, s.network_4,
         s.created_at, s.idle_expires_at, s.absolute_expires_at, s.last_token_expires_at,
         s.jkt, s.scope, s.audience, s.label, s.address, s.storage_epoch,
         s.authenticated_at, s.ended_at, s.end_reason, s.end_by"
    };
}

const LIVE: &str = "ended_at IS NULL AND idle_expires_at > :live_at AND absolute_expires_at > :live_at";

impl SessionStore for SqliteStore {
    fn open_session(&self, open: OpenSession) -> StoreFuture<'_, Opened> {
        self.writer.run("opening a session", move |commit| self::open(commit, &open))
    }

    fn session(&self, id: SessionId) -> StoreFuture<'_, Option<SessionState>> {
        self.readers.run("reading a session", move |read| {
            let statement = concat!(
                "SELECT ",
                session_columns!(),
                ", a.status, a.roles, a.attributes, ",
                client_columns!(),
                ", r.uri, r.scopes, r.lifetime, r.claims, r.created_at, d.epoch, d.epoch_cause
                 FROM session s CROSS JOIN deployment d LEFT JOIN account a ON a.id = s.account
                     LEFT JOIN client c ON c.id = s.client LEFT JOIN resource r ON r.uri = s.audience
                 WHERE s.id = ?1",
            );
            first(read, statement, (id.as_bytes(),), |row| {
                Ok(SessionState {
                    session: session(row)?,
                    account: row.group(3, accounts::standing)?,
                    client: row.group(clients::COLUMNS, clients::client)?,
                    resource: row.group(resources::COLUMNS, resources::resource)?,
                    epoch: deployment::epoch(row)?,
                })
            })
        })
    }

    fn machine(&self, find: FindMachine) -> StoreFuture<'_, FoundMachine> {
        self.readers.run("finding a machine", move |read| {
            let statement = concat!(
                "SELECT ",
                session_columns!(),
                " FROM session s WHERE s.client = ?1 AND s.ended_at IS NULL AND s.idle_expires_at > ?2
                  AND s.absolute_expires_at > ?2 ORDER BY s.created_at DESC, s.id DESC LIMIT 1"
            );
            let newest = first(read, statement, (find.client.as_str(), millis(find.now)), session)?;
            Ok(FoundMachine { resource: resource_of(read, &find.audience)?, session: newest })
        })
    }

    fn hold_session(&self, hold: HoldSession) -> StoreFuture<'_, Held> {
        Box::pin(async move {
            // Mostly it was written ahead, and a read is all: what ends the session after it counts this token in.
            let asked = hold.clone();
            if let Some(held) = self.readers.run("holding a session", move |read| found_held(read, &asked)).await? {
                return Ok(held);
            }
            self.writer.run("holding a session", move |commit| write_ahead(commit, &hold)).await
        })
    }

    fn count_repeat(&self, repeat: CountRepeat) -> StoreFuture<'_, Swap> {
        self.writer.run("counting a repetition", move |commit| {
            let Count { kind, from, to } = repeat.count;
            let statement = match kind {
                RunKind::Late => {
                    "UPDATE session SET late_generation = ?5, late_run = ?6
                     WHERE id = ?1 AND generation = ?2 AND late_generation = ?3 AND late_run = ?4 AND ended_at IS NULL"
                }
                RunKind::Foreign => {
                    "UPDATE session SET foreign_generation = ?5, foreign_run = ?6 WHERE id = ?1 AND generation = ?2
                     AND foreign_generation = ?3 AND foreign_run = ?4 AND ended_at IS NULL"
                }
            };
            let id = repeat.session.as_bytes();
            let params = (id, repeat.generation.0, from.generation, from.length, to.generation, to.length);
            if change(commit, statement, params)? == 0 {
                return Ok(Swap::Lost);
            }
            tell(commit, &repeat.audit)?;
            Ok(Swap::Won)
        })
    }

    fn rotate_session(&self, rotate: RotateSession) -> StoreFuture<'_, Swap> {
        self.writer.run("rotating a session", move |commit| {
            // Networks move down until the place where this one was; on the right of SET everything is as it was.
            let statement = "
UPDATE session SET generation = ?4, rotated_at = ?5, rotated_by = ?6, retry_hash = ?7,
    replaced_hash = CASE WHEN ?8 IS NULL THEN replaced_hash ELSE secret_hash END,
    secret_hash = coalesce(?8, secret_hash),
    network_1 = ?9,
    network_2 = CASE WHEN ?9 = network_1 THEN network_2 ELSE network_1 END,
    network_3 = CASE WHEN ?9 IN (network_1, network_2) THEN network_3 ELSE network_2 END,
    network_4 = CASE WHEN ?9 IN (network_1, network_2, network_3) THEN network_4 ELSE network_3 END,
    storage_epoch = ?10, idle_expires_at = ?11, last_token_expires_at = max(last_token_expires_at, ?12)
WHERE id = ?1 AND generation = ?2 AND secret_hash = ?3
    AND ended_at IS NULL AND idle_expires_at > ?5 AND absolute_expires_at > ?5";
            let params = params![
                rotate.session.as_bytes(),
                rotate.from.0,
                rotate.from_secret_hash.as_bytes(),
                rotate.to.0,
                millis(rotate.now),
                rotate.request,
                rotate.retry_hash.as_ref().map(SecretHash::as_bytes),
                rotate.new_secret_hash.as_ref().map(SecretHash::as_bytes),
                rotate.network.as_bytes(),
                rotate.storage_epoch.as_bytes(),
                millis(rotate.idle_expires_at),
                millis(rotate.last_token_expires_at),
            ];
            Ok(if change(commit, statement, params)? == 1 { Swap::Won } else { Swap::Lost })
        })
    }

    fn end_sessions(&self, end: EndSessions) -> StoreFuture<'_, EndedSessions> {
        self.writer.run("ending sessions", move |commit| end_sessions(commit, &end))
    }

    fn sessions(&self, filter: SessionFilter, page: Page) -> StoreFuture<'_, Paged<Session>> {
        self.readers.run("listing sessions", move |read| list(read, &filter, &page))
    }

    fn count_live(&self, count: CountLive) -> StoreFuture<'_, CountedLive> {
        self.readers.run("counting live sessions", move |read| count_live(read, &count))
    }
}

/// By row id, which no change moves: the table is read once, from one end to the other.
fn count_live(read: &Connection, count: &CountLive) -> Result<CountedLive, Fault> {
    let after = match &count.after {
        None => 0,
        Some(Cursor(text)) => match text.parse::<i64>() {
            Ok(after) => after,
            Err(_) => return Ok(CountedLive { live: 0, next: None }),
        },
    };
    let statement = "
SELECT count(*), max(place),
    count(*) FILTER (WHERE ended_at IS NULL AND idle_expires_at > ?3 AND absolute_expires_at > ?3)
FROM (SELECT rowid AS place, ended_at, idle_expires_at, absolute_expires_at FROM session
      WHERE rowid > ?1 ORDER BY rowid LIMIT ?2)";
    let counted = first(read, statement, (after, count.sessions_max, millis(count.at)), |row| {
        Ok((row.unsigned()?, row.take::<Option<i64>>()?, row.unsigned()?))
    })?;
    let Some((looked_at, last, live)) = counted else { return Ok(CountedLive { live: 0, next: None }) };
    let next = last.filter(|_| looked_at >= u64::from(count.sessions_max)).map(|last| Cursor(last.to_string()));
    Ok(CountedLive { live, next })
}

/// Opens a session within a change.
pub(crate) fn open(commit: &Connection, open: &OpenSession) -> Result<Opened, Fault> {
    if !may_open(commit, open)? {
        return Ok(Opened::Refused);
    }
    if let Some(account) = open.session.account {
        end_excess(commit, account, &open.session, open.live_max, open.now)?;
    }
    insert(commit, &open.session)?;
    tell(commit, &open.audit)?;
    Ok(Opened::Opened)
}

/// Whether the account, if there is one, still stands where it stood before its credentials were checked; the client is
/// the built-in one or active; and the parent is open.
fn may_open(commit: &Connection, open: &OpenSession) -> Result<bool, Fault> {
    let found = |statement, params: &[&dyn rusqlite::ToSql]| first(commit, statement, params, |_| Ok(()));
    if let Some(parent) = &open.session.parent {
        let statement = "SELECT 1 FROM session WHERE id = ?1 AND ended_at IS NULL";
        if found(statement, &[parent.as_bytes()])?.is_none() {
            return Ok(false);
        }
    }
    if open.session.client.as_str() != ClientId::FIRST_PARTY && !is_active(commit, &open.session.client)? {
        return Ok(false);
    }
    match (&open.session.account, open.floor) {
        (None, None) => Ok(true),
        (Some(account), Some(floor)) => {
            let statement = "SELECT 1 FROM account WHERE id = ?1 AND sessions_floor = ?2 AND status = 'active'";
            Ok(found(statement, &[account.as_bytes(), &floor.0])?.is_some())
        }
        (Some(_), None) | (None, Some(_)) => Err(Fault::Bug("a floor goes with an account")),
    }
}

fn insert(commit: &Connection, session: &Session) -> Result<(), Fault> {
    let statement = "
INSERT INTO session (id, account, client, parent, offline_access, secret_hash, replaced_hash, generation, rotated_at,
    rotated_by, late_generation, late_run, foreign_generation, foreign_run, retry_hash, network_1, network_2, network_3,
    network_4, created_at, idle_expires_at, absolute_expires_at, last_token_expires_at, jkt, scope, audience, label,
    address, storage_epoch, authenticated_at)
VALUES (:id, :account, :client, :parent, :offline_access, :secret_hash, :replaced_hash, :generation, :rotated_at,
    :rotated_by, :late_generation, :late_run, :foreign_generation, :foreign_run, :retry_hash, :network_1, :network_2,
    :network_3, :network_4, :created_at, :idle_expires_at, :absolute_expires_at, :last_token_expires_at, :jkt, :scope,
    :audience, :label, :address, (SELECT epoch FROM deployment), :authenticated_at)";
    let mut networks = session.networks.iter().map(|network| *network.as_bytes());
    let params = named_params! {
        ":id": session.id.as_bytes(),
        ":account": session.account.as_ref().map(AccountId::as_bytes),
        ":client": session.client.as_str(),
        ":parent": session.parent.as_ref().map(SessionId::as_bytes),
        ":offline_access": session.scope.contains("offline_access"),
        ":secret_hash": session.secret_hash.as_bytes(),
        ":replaced_hash": session.replaced_hash.as_ref().map(SecretHash::as_bytes),
        ":generation": session.generation.0,
        ":rotated_at": session.rotated_at.map(millis),
        ":rotated_by": session.rotated_by,
        ":late_generation": session.late.generation,
        ":late_run": session.late.length,
        ":foreign_generation": session.foreign.generation,
        ":foreign_run": session.foreign.length,
        ":retry_hash": session.retry_hash.as_ref().map(SecretHash::as_bytes),
        ":network_1": networks.next(),
        ":network_2": networks.next(),
        ":network_3": networks.next(),
        ":network_4": networks.next(),
        ":created_at": millis(session.created_at),
        ":idle_expires_at": millis(session.idle_expires_at),
        ":absolute_expires_at": millis(session.absolute_expires_at),
        ":last_token_expires_at": millis(session.last_token_expires_at),
        ":jkt": session.jkt,
        ":scope": session.scope.to_string(),
        ":audience": session.audience.as_str(),
        ":label": session.label,
        ":address": session.address.map(|address| address.to_string()),
        ":authenticated_at": millis(session.authenticated_at),
    };
    change(commit, statement, params).map(|_| ())
}

/// Whether a read shows already what the mint rule asks for; `None`: something must be written.
fn found_held(read: &Connection, hold: &HoldSession) -> Result<Option<Held>, Fault> {
    let statement = "SELECT last_token_expires_at, idle_expires_at FROM session
         WHERE id = ?1 AND ended_at IS NULL AND idle_expires_at > ?2 AND absolute_expires_at > ?2";
    let live =
        first(read, statement, (hold.session.as_bytes(), millis(hold.now)), |row| Ok((row.time()?, row.time()?)))?;
    let Some((last_token_expires_at, idle_expires_at)) = live else { return Ok(Some(Held::Ended)) };
    let far_enough = last_token_expires_at >= Time::from_timestamp(hold.exp);
    let moved = hold.idle_expires_at.is_none_or(|to| to <= idle_expires_at);
    Ok((far_enough && moved).then_some(Held::Live))
}

fn write_ahead(commit: &Connection, hold: &HoldSession) -> Result<Held, Fault> {
    let statement = "UPDATE session SET
         last_token_expires_at = iif(last_token_expires_at < ?3, max(?3, ?4), last_token_expires_at),
         idle_expires_at = max(idle_expires_at, coalesce(?5, 0))
         WHERE id = ?1 AND ended_at IS NULL AND idle_expires_at > ?2 AND absolute_expires_at > ?2";
    let params = (
        hold.session.as_bytes(),
        millis(hold.now),
        millis(Time::from_timestamp(hold.exp)),
        millis(hold.written_ahead),
        hold.idle_expires_at.map(millis),
    );
    Ok(if change(commit, statement, params)? == 1 { Held::Live } else { Held::Ended })
}

fn list(read: &Connection, filter: &SessionFilter, page: &Page) -> Result<Paged<Session>, Fault> {
    let Some((created_at, id)) = begin(page, (i64::MAX, [0xff; 16]), cursor) else { return Ok(nothing()) };
    let (account, client) = (filter.account.map(|id| *id.as_bytes()), filter.client.as_ref().map(ClientId::as_str));
    let (live_at, reason) = (filter.live_at.map(millis), filter.ended.map(EndReason::code));
    let wanted = rows_wanted(page);
    let statement = Selection::new(concat!(
        "SELECT ",
        session_columns!(),
        " FROM session s WHERE (s.created_at, s.id) < (:created_at, :id)"
    ))
    .with(":created_at", &created_at)
    .with(":id", &id)
    .where_given("account = :account", ":account", &account)
    .where_given("client = :client", ":client", &client)
    .where_given(LIVE, ":live_at", &live_at)
    .where_given("end_reason = :reason", ":reason", &reason)
    .then("ORDER BY s.created_at DESC, s.id DESC LIMIT :limit")
    .with(":limit", &wanted);
    let found = all(read, &statement.sql, statement.params.as_slice(), session)?;
    let key = |last: &Session| [&millis(last.created_at).to_be_bytes()[..], last.id.as_bytes()].concat();
    Ok(paged(found, page, key))
}

fn cursor(key: &[u8]) -> Option<(i64, [u8; 16])> {
    let (created_at, id) = key.split_first_chunk()?;
    Some((i64::from_be_bytes(*created_at), id.try_into().ok()?))
}

fn session(row: &mut Columns<'_, '_>) -> Result<Session, Fault> {
    Ok(Session {
        id: SessionId::from_bytes(row.take()?),
        account: row.take::<Option<_>>()?.map(AccountId::from_bytes),
        client: row.text(ClientId::parse)?,
        parent: row.take::<Option<_>>()?.map(SessionId::from_bytes),
        secret_hash: SecretHash::from_bytes(row.take()?),
        replaced_hash: row.take::<Option<_>>()?.map(SecretHash::from_bytes),
        generation: Generation(row.take()?),
        rotated_at: row.some(Columns::time)?,
        rotated_by: row.take()?,
        late: run(row)?,
        foreign: run(row)?,
        retry_hash: row.take::<Option<_>>()?.map(SecretHash::from_bytes),
        networks: networks(row)?,
        created_at: row.time()?,
        idle_expires_at: row.time()?,
        absolute_expires_at: row.time()?,
        last_token_expires_at: row.time()?,
        jkt: row.take()?,
        scope: row.text(ScopeSet::parse)?,
        audience: row.text(ResourceUri::parse)?,
        label: row.take()?,
        address: row.some(Columns::parsed)?,
        storage_epoch: deployment::epoch_id(row)?,
        authenticated_at: row.time()?,
        ended: row.group(3, ended)?,
    })
}

fn run(row: &mut Columns<'_, '_>) -> Result<Run, Fault> {
    Ok(Run { generation: row.take()?, length: row.take()? })
}

fn networks(row: &mut Columns<'_, '_>) -> Result<Networks, Fault> {
    let stored: [Option<[u8; 7]>; 4] = [row.take()?, row.take()?, row.take()?, row.take()?];
    Ok(Networks::of(stored.into_iter().flatten().map(Network::from_bytes)))
}

fn ended(row: &mut Columns<'_, '_>) -> Result<Ended, Fault> {
    let at = row.time()?;
    Ok(Ended { end: End { reason: row.parsed()?, by: row.take()? }, at })
}
