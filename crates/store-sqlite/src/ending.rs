//! Ending sessions: with their children, with a revocation for each whose tokens may live, and with a note for each whose
//! client has to be told, in the same commit.

use crate::audit::tell;
use crate::error::Fault;
use crate::logouts::{EndedAt, write_down};
use crate::revocations::append;
use crate::rows::{all, change, first, millis};
use countersign_core::client::ClientId;
use countersign_core::revocation::Revocation;
use countersign_core::session::{End, EndReason, Session};
use countersign_core::store::{EndSessions, EndWithEpoch, EndedSessions, Which};
use countersign_core::{AccountId, SessionId, Time};
use rusqlite::{Connection, ToSql};

/// Ends sessions within a change, raises the account's floor where all of its sessions are meant, and tells of it.
pub(crate) fn end_sessions(commit: &Connection, end: &EndSessions) -> Result<EndedSessions, Fault> {
    let ending = Ending { end: &end.end, spared: None, now: end.now };
    let ended = match &end.which {
        Which::One(session) => ending.end(commit, "id = :session", &[(":session", session.as_bytes())]),
        Which::OneOf(account, session) => {
            let params: [(&str, &dyn ToSql); 2] = [(":session", session.as_bytes()), (":account", account.as_bytes())];
            ending.end(commit, "id = :session AND account = :account", &params)
        }
        Which::OfAccount(account) => {
            raise_floor(commit, *account)?;
            ending.all_of(commit, *account)
        }
        Which::OfAccountExcept(account, spared) => {
            raise_floor(commit, *account)?;
            Ending { spared: Some(*spared), ..ending }.all_of(commit, *account)
        }
        Which::AtClient(client) => ending.all_at(commit, client),
        Which::All => ending.end(commit, "TRUE", &[]),
    }?;
    match &end.audit {
        Some(audit) if ended.sessions > 0 => tell(commit, audit)?,
        _ => {}
    }
    Ok(ended)
}

/// Ends all sessions of storage that went back: tokens may live that their rows know nothing of.
pub(crate) fn end_with_epoch(commit: &Connection, all: &EndWithEpoch, now: Time) -> Result<EndedSessions, Fault> {
    change(
        commit,
        "UPDATE session SET last_token_expires_at = max(last_token_expires_at, min(absolute_expires_at, ?1))
         WHERE ended_at IS NULL",
        (millis(all.tokens_until),),
    )?;
    Ending { end: &all.end, spared: None, now }.end(commit, "TRUE", &[])
}

/// Makes room for `opening` among its account's live sessions: the least recently refreshed ones end.
pub(crate) fn end_excess(
    commit: &Connection,
    account: AccountId,
    opening: &Session,
    live_max: u32,
    now: Time,
) -> Result<(), Fault> {
    let live = "SELECT id, count(*) OVER () FROM session
        WHERE account = ?1 AND ended_at IS NULL AND idle_expires_at > ?2 AND absolute_expires_at > ?2
        ORDER BY id IS ?3, coalesce(rotated_at, created_at), id LIMIT 1";
    let end = End::by(EndReason::TooMany, format!("session {} was opened", opening.id));
    let ending = Ending { end: &end, spared: None, now };
    let parent = opening.parent.as_ref().map(SessionId::as_bytes);
    // One by one: with each its children end too, which may make room enough. The new session's parent goes last.
    loop {
        let oldest = first(commit, live, (account.as_bytes(), millis(now), parent), |row| {
            Ok((row.take::<[u8; 16]>()?, row.take::<u32>()?))
        })?;
        match oldest {
            Some((oldest, count)) if count >= live_max => {
                ending.end(commit, "id = :session", &[(":session", &oldest)])?;
            }
            _ => return Ok(()),
        }
    }
}

/// Whatever was checked of the account before this opens no session any more.
pub(crate) fn raise_floor(commit: &Connection, account: AccountId) -> Result<(), Fault> {
    let raise = "UPDATE account SET sessions_floor = sessions_floor + 1 WHERE id = ?1";
    change(commit, raise, (account.as_bytes(),)).map(|_| ())
}

/// How sessions end.
#[derive(Clone, Copy)]
pub(crate) struct Ending<'a> {
    pub(crate) end: &'a End,
    /// Goes on, even as the child of one that ends.
    pub(crate) spared: Option<SessionId>,
    pub(crate) now: Time,
}

impl Ending<'_> {
    /// Ends all of an account's sessions.
    pub(crate) fn all_of(&self, commit: &Connection, account: AccountId) -> Result<EndedSessions, Fault> {
        self.end(commit, "account = :account", &[(":account", account.as_bytes())])
    }

    /// Ends all sessions at a client.
    pub(crate) fn all_at(&self, commit: &Connection, client: &ClientId) -> Result<EndedSessions, Fault> {
        self.end(commit, "client = :client", &[(":client", &client.as_str())])
    }

    /// Ends the sessions that are `chosen` by a condition, and their children.
    fn end(
        &self,
        commit: &Connection,
        chosen: &'static str,
        params: &[(&str, &dyn ToSql)],
    ) -> Result<EndedSessions, Fault> {
        let statement = format!(
            "WITH RECURSIVE ending (id) AS (
                 SELECT id FROM session WHERE {chosen} AND ended_at IS NULL AND id IS NOT :spared
                 UNION
                 SELECT child.id FROM ending JOIN session child ON child.parent = ending.id
                 WHERE child.offline_access = 0 AND child.ended_at IS NULL AND child.id IS NOT :spared
             )
             UPDATE session SET ended_at = :now, end_reason = :reason, end_by = :by WHERE id IN (SELECT id FROM ending)
             RETURNING {}",
            EndedAt::COLUMNS
        );
        let (spared, now, reason) = (self.spared.map(|id| *id.as_bytes()), millis(self.now), self.end.reason.code());
        let how: [(&str, &dyn ToSql); 4] =
            [(":spared", &spared), (":now", &now), (":reason", &reason), (":by", &self.end.by)];
        let ended = all(commit, &statement, [&how, params].concat().as_slice(), EndedAt::read)?;
        let revoked = |one: &EndedAt| Revocation::of_session(one.session, one.last_token_expires_at, self.now);
        let published: Vec<_> = ended.iter().filter_map(revoked).collect();
        append(commit, &published)?;
        write_down(commit, &ended, self.end, self.now)?;
        Ok(EndedSessions { sessions: ended.len() as u64, published: published.len() as u64 })
    }
}
