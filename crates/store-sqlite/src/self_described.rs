//! Clients that no operator registered: coming, being used, going.

use crate::SqliteStore;
use crate::audit::tell;
use crate::clients::{client, client_columns, insert, write};
use crate::error::Fault;
use crate::rows::{Columns, all, change, first, millis};
use countersign_core::Time;
use countersign_core::client::{Client, ClientId, ClientOrigin, ClientStatus};
use countersign_core::limits::{CLIENT_UNUSED_KEPT, CLIENT_USE_WRITTEN_EVERY, CLIENT_USED_KEPT};
use countersign_core::store::{RegisterItself, Registered, StoreFuture, Swap, UseClient};
use rusqlite::Connection;

// Few enough for one transaction that nobody notices.
const CLIENTS_FORGOTTEN_AT_ONCE: u32 = 100;

/// Registers a client that registers itself, and makes room for it.
pub(crate) fn register(commit: &Connection, register: &RegisterItself) -> Result<Registered, Fault> {
    if insert(commit, &register.client)? == 0 {
        return Ok(Registered::IdTaken);
    }
    let statement = "UPDATE client SET network = ?2 WHERE id = ?1";
    change(commit, statement, (register.client.id.as_str(), register.network.as_bytes()))?;
    make_room(commit, register.unused_max)?;
    Ok(Registered::Registered)
}

/// The oldest of the network that has most of the unused ones goes, so that a flood pushes out itself.
fn make_room(commit: &Connection, unused_max: u32) -> Result<(), Fault> {
    const UNUSED: &str = "origin <> 'operator' AND used_at IS NULL";
    let count = format!("SELECT count(*) FROM client WHERE {UNUSED}");
    let beyond = |row: &mut Columns<'_, '_>| Ok(row.unsigned()?.saturating_sub(u64::from(unused_max)));
    let beyond = first(commit, &count, (), beyond)?.unwrap_or(0);
    let statement = format!(
        "DELETE FROM client WHERE id = (
             SELECT id FROM client WHERE {UNUSED} AND network IS (
                 SELECT network FROM client WHERE {UNUSED} GROUP BY network ORDER BY count(*) DESC, network LIMIT 1)
             ORDER BY created_at, rowid LIMIT 1)"
    );
    for _ in 0..beyond {
        change(commit, &statement, ())?;
    }
    Ok(())
}

/// Whether a read shows already that nothing has to be written.
pub(crate) fn is_in_use(read: &Connection, used: &UseClient) -> Result<bool, Fault> {
    let lately = millis(used.now - CLIENT_USE_WRITTEN_EVERY);
    let statement = concat!("SELECT ", client_columns!(), " FROM client c WHERE c.id = ?1 AND c.used_at > ?2");
    let found = first(read, statement, (used.client.id.as_str(), lately), client)?;
    Ok(found.is_some_and(|found| says_the_same(&found, &used.client)))
}

fn says_the_same(known: &Client, said: &Client) -> bool {
    known.status == ClientStatus::Active && Client { created_at: known.created_at, ..said.clone() } == *known
}

/// Writes that a client is used, and of one with a document what that says now.
pub(crate) fn write_use(commit: &Connection, used: &UseClient) -> Result<Swap, Fault> {
    let id = used.client.id.as_str();
    let statement = "SELECT origin, status, used_at FROM client WHERE id = ?1";
    let read = |row: &mut Columns<'_, '_>| Ok((row.parsed()?, row.take()?, row.some(Columns::time)?));
    let known: Option<(ClientOrigin, String, Option<Time>)> = first(commit, statement, (id,), read)?;
    let was_used = match (&known, used.client.origin) {
        (None, ClientOrigin::Document) => {
            insert(commit, &used.client)?;
            false
        }
        (Some((origin, status, used_at)), expected) if *origin == expected && status == "active" => {
            if expected == ClientOrigin::Document {
                write(commit, &used.client)?;
            }
            used_at.is_some()
        }
        _ => return Ok(Swap::Lost),
    };
    let statement = "UPDATE client SET used_at = ?2, network = NULL WHERE id = ?1";
    change(commit, statement, (id, millis(used.now)))?;
    if !was_used {
        tell(commit, &used.audit)?;
    }
    Ok(Swap::Won)
}

impl SqliteStore {
    /// Keeps when the sessions were over that are about to be swept: until then their clients were in use.
    pub(crate) fn keep_uses(&self, now: Time) -> StoreFuture<'_, u64> {
        let statement = "
UPDATE client SET used_at = max(used_at, (
    SELECT max(coalesce(s.ended_at, min(s.idle_expires_at, s.absolute_expires_at))) FROM session s
    WHERE s.client = client.id AND s.absolute_expires_at <= ?1))
WHERE origin <> 'operator' AND used_at IS NOT NULL AND id IN (SELECT client FROM session WHERE absolute_expires_at <= ?1)";
        self.writer.run("sweeping clients", move |commit| change(commit, statement, (millis(now),)))
    }

    /// Forgets what nobody uses, with the consents for it. What an operator disabled stays: it was disabled for a reason.
    pub(crate) fn forget_clients(&self, now: Time) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let mut forgotten = 0;
            loop {
                let some = self.writer.run("sweeping clients", move |commit| forget_some(commit, now)).await?;
                forgotten += u64::from(some);
                if some < CLIENTS_FORGOTTEN_AT_ONCE {
                    return Ok(forgotten);
                }
            }
        })
    }
}

fn forget_some(commit: &Connection, now: Time) -> Result<u32, Fault> {
    let statement = "
SELECT c.id FROM client c WHERE c.origin <> 'operator' AND c.used_at IS NULL AND c.created_at <= ?1
    AND c.status = 'active'
UNION ALL
SELECT c.id FROM client c WHERE c.origin <> 'operator' AND c.used_at <= ?2 AND c.status = 'active'
    AND NOT EXISTS (SELECT 1 FROM session s WHERE s.client = c.id
        AND coalesce(s.ended_at, min(s.idle_expires_at, s.absolute_expires_at)) > ?2)
LIMIT ?3";
    let bounds = (millis(now - CLIENT_UNUSED_KEPT), millis(now - CLIENT_USED_KEPT), CLIENTS_FORGOTTEN_AT_ONCE);
    let ids = all(commit, statement, bounds, |row| row.text(ClientId::parse))?;
    for id in &ids {
        crate::grants::forget_consents(commit, id)?;
        change(commit, "DELETE FROM client WHERE id = ?1", (id.as_str(),))?;
    }
    Ok(ids.len() as u32)
}
