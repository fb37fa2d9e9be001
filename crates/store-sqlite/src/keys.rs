//! The key ring.

use crate::SqliteStore;
use crate::audit::tell;
use crate::error::Fault;
use crate::revocations::append;
use crate::rows::{Columns, all, change, first, millis, signed, span_millis};
use countersign_core::key_ring::{
    KeyRing, KeyState, MacKey, MacKeyId, MacKeyState, Purpose, RingKey, RingVersion, Sealed,
};
use countersign_core::store::{KeyStore, RingChange, StoreFuture, Swap};
use countersign_jose::KeyId;
use rusqlite::Connection;

impl KeyStore for SqliteStore {
    fn key_ring(&self) -> StoreFuture<'_, KeyRing> {
        self.readers.run("reading the key ring", |read| {
            // One transaction, so that the keys are those of the version.
            let ring = first(read, "SELECT version, storage_key FROM ring", (), |row| {
                Ok((version(row)?, row.take::<Option<_>>()?.map(Sealed::from_bytes)))
            })?;
            let (version, storage_key) = ring.ok_or_else(gone)?;
            let keys = all(
                read,
                "SELECT id, purpose, algorithm, state, sealed, published_at, activated_at, token_lifetime, gone_at
                 FROM ring_key ORDER BY published_at, id",
                (),
                ring_key,
            )?;
            let mac_keys = all(
                read,
                "SELECT id, state, sealed, created_at, gone_at FROM mac_key ORDER BY created_at, id",
                (),
                mac_key,
            )?;
            Ok(KeyRing { version, storage_key, keys, mac_keys })
        })
    }

    fn ring_version(&self) -> StoreFuture<'_, RingVersion> {
        self.readers.run("reading the key ring's version", |read| {
            first(read, "SELECT version FROM ring", (), version)?.ok_or_else(gone)
        })
    }

    fn change_ring(&self, ring: RingChange) -> StoreFuture<'_, Swap> {
        self.writer.run("changing the key ring", move |commit| {
            let changed = change(
                commit,
                "UPDATE ring SET version = version + 1, storage_key = coalesce(?2, storage_key) WHERE version = ?1",
                (signed(ring.from.0), ring.storage_key.as_ref().map(Sealed::as_bytes)),
            )?;
            if changed == 0 {
                return Ok(Swap::Lost);
            }
            for key in &ring.put {
                put(commit, key)?;
            }
            for id in &ring.gone {
                change(commit, "DELETE FROM ring_key WHERE id = ?1", (id.as_str(),))?;
            }
            for key in &ring.put_mac {
                put_mac(commit, key)?;
            }
            for id in &ring.gone_mac {
                change(commit, "DELETE FROM mac_key WHERE id = ?1", (id.0,))?;
            }
            append(commit, &ring.revocations)?;
            ring.audit.iter().try_for_each(|event| tell(commit, event))?;
            Ok(Swap::Won)
        })
    }
}

fn put(commit: &Connection, key: &RingKey) -> Result<(), Fault> {
    change(
        commit,
        "INSERT OR REPLACE INTO ring_key
             (id, purpose, algorithm, state, sealed, published_at, activated_at, token_lifetime, gone_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        (
            key.id.as_str(),
            key.purpose.code(),
            key.algorithm.as_str(),
            key.state.code(),
            key.sealed.as_bytes(),
            millis(key.published_at),
            key.activated_at.map(millis),
            span_millis(key.token_lifetime),
            key.gone_at.map(millis),
        ),
    )
    .map(|_| ())
}

fn put_mac(commit: &Connection, key: &MacKey) -> Result<(), Fault> {
    change(
        commit,
        "INSERT OR REPLACE INTO mac_key (id, state, sealed, created_at, gone_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        (key.id.0, key.state.code(), key.sealed.as_bytes(), millis(key.created_at), key.gone_at.map(millis)),
    )
    .map(|_| ())
}

fn version(row: &mut Columns<'_, '_>) -> Result<RingVersion, Fault> {
    row.unsigned().map(RingVersion)
}

fn ring_key(row: &mut Columns<'_, '_>) -> Result<RingKey, Fault> {
    Ok(RingKey {
        id: row.text(|id| KeyId::new(id))?,
        purpose: row.text(|code| Purpose::from_code(code).ok_or(()))?,
        algorithm: row.parsed()?,
        state: row.text(|code| KeyState::from_code(code).ok_or(()))?,
        sealed: Sealed::from_bytes(row.take()?),
        published_at: row.time()?,
        activated_at: row.some(Columns::time)?,
        token_lifetime: row.span()?,
        gone_at: row.some(Columns::time)?,
    })
}

fn mac_key(row: &mut Columns<'_, '_>) -> Result<MacKey, Fault> {
    Ok(MacKey {
        id: MacKeyId(row.take()?),
        state: row.text(|code| MacKeyState::from_code(code).ok_or(()))?,
        sealed: Sealed::from_bytes(row.take()?),
        created_at: row.time()?,
        gone_at: row.some(Columns::time)?,
    })
}

fn gone() -> Fault {
    Fault::Damaged("the key ring's version is gone".to_owned())
}
