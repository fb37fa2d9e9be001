//! What happened, for those who must answer for it. An event never holds a secret.

use crate::client::ClientId;
use crate::ids::{AccountId, SessionId};
use crate::time::Time;
use std::net::IpAddr;

/// One event. It is written in the same commit as what it tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: Time,
    /// What: `session.opened`, `account.created`, `alarm.refresh_token_reused`.
    pub what: String,
    /// Whose account.
    pub account: Option<AccountId>,
    /// Which session.
    pub session: Option<SessionId>,
    /// Which client.
    pub client: Option<ClientId>,
    /// Who did it and from where.
    pub actor: Actor,
    /// In words, where there is more to say.
    pub detail: Option<String>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// The account that did it, or `None` where nobody had signed in.
    pub account: Option<AccountId>,
    /// Where it came from: an address, or none for the command line and the server's own jobs.
    pub address: Option<IpAddr>,
    /// The request, as the peer was told it, or what else did it (`command line`, `key rotation`).
    pub request: Option<String>,
}

/// Which events a reader wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only this session's.
    pub session: Option<SessionId>,
    /// Only those at this client.
    pub client: Option<ClientId>,
    /// Only those whose name begins so.
    pub what: Option<String>,
    /// Only those at this time or later.
    pub since: Option<Time>,
    /// Only those before this time.
    pub until: Option<Time>,
    /// Which come first.
    pub order: AuditOrder,
}

/// In which order events are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditOrder {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

impl AuditEvent {
    /// An event of this name.
    #[must_use]
    pub fn new(at: Time, what: impl Into<String>, actor: Actor) -> Self {
        Self { at, what: what.into(), account: None, session: None, client: None, actor, detail: None }
    }

    /// About this account.
    #[must_use]
    pub fn of_account(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    /// About this session.
    #[must_use]
    pub fn of_session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }

    /// At this client.
    #[must_use]
    pub fn at_client(self, client: ClientId) -> Self {
        Self { client: Some(client), ..self }
    }

    /// With more to say.
    #[must_use]
    pub fn told(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

impl Actor {
    /// The command line, or one of the server's own jobs.
    #[must_use]
    pub fn named(what: &str) -> Self {
        Self { account: None, address: None, request: Some(what.to_owned()) }
    }
}
