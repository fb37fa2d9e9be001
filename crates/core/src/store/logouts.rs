//! Clients that have to be told of sessions that ended (OpenID Connect Back-Channel Logout): an outbox.

use crate::audit::AuditEvent;
use crate::client::ClientId;
use crate::ids::SessionId;
use crate::logout::PendingLogout;
use crate::store::{StoreFuture, Swap};
use crate::time::Time;

/// What whoever tells clients needs of a store.
///
/// Whatever ends sessions writes one row in the same commit for each that has to be told: its client has a back-channel
/// logout URI, somebody signed in with `openid`, and the [reason](crate::session::EndReason::is_told) is one to tell.
pub trait LogoutStore: Send + Sync {
    /// Takes some of those that are due, the longest due of each client first. Whoever took one has until `lease_until`
    /// to settle it: then it is due again, since whoever took it may be gone.
    fn claim_logouts(&self, claim: ClaimLogouts) -> StoreFuture<'_, Vec<PendingLogout>>;

    /// Writes what became of a try, unless somebody else took it since.
    fn settle_logout(&self, settle: SettleLogout) -> StoreFuture<'_, Swap>;

    /// Gives up those whose sessions ended before a time, some at once; how many there were. Told once for each client.
    fn give_up_logouts(&self, give_up: GiveUpLogouts) -> StoreFuture<'_, u64>;

    /// How many wait.
    fn logouts_waiting(&self) -> StoreFuture<'_, u64>;
}

/// Which of those that are due are taken.
#[derive(Debug, Clone)]
pub struct ClaimLogouts {
    /// Not those of these clients: enough of theirs is under way.
    pub but: Vec<ClientId>,
    /// So many of each client, at the most.
    pub each_max: u32,
    /// So many in all, at the most.
    pub all_max: u32,
    /// When they are due again, if nobody settles them.
    pub lease_until: Time,
    /// When.
    pub now: Time,
}

/// A try that is over.
#[derive(Debug, Clone)]
pub struct SettleLogout {
    /// Of which session.
    pub session: SessionId,
    /// Which try, as it was claimed.
    pub tries: u32,
    /// What becomes of it.
    pub outcome: LogoutOutcome,
}

/// What becomes of a client that was to be told.
#[derive(Debug, Clone)]
pub enum LogoutOutcome {
    /// It was told.
    Told,
    /// It is tried again then.
    Again(Time),
    /// It is not tried again. Told in the same commit.
    GivenUp(AuditEvent),
}

/// Those that are given up for their age.
#[derive(Debug, Clone)]
pub struct GiveUpLogouts {
    /// Their sessions ended before this.
    pub ended_before: Time,
    /// So many at once, at the most.
    pub limit: u32,
    /// What is told for each client, beside how many there were.
    pub audit: AuditEvent,
}
