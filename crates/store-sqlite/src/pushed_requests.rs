//! Pushed authorization requests.

use crate::error::Fault;
use crate::rows::{Columns, change, first, millis};
use countersign_core::Time;
use countersign_core::client::ClientId;
use countersign_core::grant::{Parameters, PushedRequest};
use countersign_core::session::SecretHash;
use countersign_core::store::{PushRequest, RequestPushed};
use rusqlite::Connection;

/// Keeps one, if its client has fewer than it may.
pub(crate) fn push(commit: &Connection, push: &PushRequest) -> Result<RequestPushed, Fault> {
    let PushedRequest { client, parameters, begun, expires_at } = &push.request;
    // Not left to the sweep: between two of them far more could be pushed than a client may have.
    let over = "DELETE FROM pushed_request WHERE client = ?1 AND expires_at <= ?2";
    change(commit, over, (client.as_str(), millis(push.now)))?;
    let statement = "SELECT count(*), min(expires_at) FROM pushed_request WHERE client = ?1";
    let counted = |row: &mut Columns<'_, '_>| Ok((row.take::<u32>()?, row.some(Columns::time)?));
    if let Some((live, Some(until))) = first(commit, statement, (client.as_str(),), counted)?
        && live >= push.live_max
    {
        return Ok(RequestPushed::TooMany { until });
    }
    let statement =
        "INSERT INTO pushed_request (hash, client, parameters, begun, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = (push.hash.as_bytes(), client.as_str(), parameters.to_query(), begun, millis(*expires_at));
    change(commit, statement, row)?;
    Ok(RequestPushed::Pushed)
}

pub(crate) fn find(read: &Connection, hash: &SecretHash) -> Result<Option<PushedRequest>, Fault> {
    let statement = "SELECT client, parameters, begun, expires_at FROM pushed_request WHERE hash = ?1";
    first(read, statement, (hash.as_bytes(),), |row| {
        Ok(PushedRequest {
            client: row.text(ClientId::parse)?,
            parameters: row.text(Parameters::parse)?,
            begun: row.take()?,
            expires_at: row.time()?,
        })
    })
}

pub(crate) fn begin(commit: &Connection, hash: &SecretHash, expires_at: Time) -> Result<(), Fault> {
    let statement = "UPDATE pushed_request SET begun = TRUE, expires_at = ?2 WHERE hash = ?1 AND NOT begun";
    change(commit, statement, (hash.as_bytes(), millis(expires_at))).map(|_| ())
}

/// Whether it was there to be used up.
pub(crate) fn spend(commit: &Connection, hash: &SecretHash) -> Result<bool, Fault> {
    Ok(change(commit, "DELETE FROM pushed_request WHERE hash = ?1", (hash.as_bytes(),))? == 1)
}

/// What nobody can use any more goes with its client.
pub(crate) fn forget_pushed_requests(commit: &Connection, client: &ClientId) -> Result<(), Fault> {
    change(commit, "DELETE FROM pushed_request WHERE client = ?1", (client.as_str(),)).map(|_| ())
}
