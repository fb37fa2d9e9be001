//! Sessions: opening, holding, rotating, ending.

use crate::account::SessionsFloor;
use crate::audit::AuditEvent;
use crate::client::ClientId;
use crate::ids::{AccountId, SessionId};
use crate::network::Network;
use crate::resource::{Resource, ResourceUri};
use crate::session::{Count, End, EndReason, Generation, SecretHash, Session, SessionState};
use crate::store::{Cursor, Page, Paged, StoreFuture, Swap};
use crate::time::Time;
use countersign_jose::Timestamp;
use countersign_revocation::Epoch;

/// What refresh, sign-out and the session list need of a store.
pub trait SessionStore: Send + Sync {
    /// Opens a session, if the account is active and its floor is still the one that was seen before its credentials
    /// were checked, and its parent, where it has one, has not ended. A machine's session needs its client registered
    /// and active instead of an account. More than `live_max` live sessions of the account:
    /// the least recently refreshed end, published.
    fn open_session(&self, open: OpenSession) -> StoreFuture<'_, Opened>;

    /// A session with what the refresh rule asks about it; `None` if there is none. One read, after every commit that
    /// was answered before it began.
    fn session(&self, id: SessionId) -> StoreFuture<'_, Option<SessionState>>;

    /// A machine's newest live session, and the resource server that it asks for: one read, and so one state.
    fn machine(&self, find: FindMachine) -> StoreFuture<'_, FoundMachine>;

    /// The mint rule: finds the session live and leaves, or finds, `last_token_expires_at` at or beyond `exp`.
    fn hold_session(&self, hold: HoldSession) -> StoreFuture<'_, Held>;

    /// Counts a repetition (rows 14 and 15), if the run is still as it was read and the session live.
    fn count_repeat(&self, count: CountRepeat) -> StoreFuture<'_, Swap>;

    /// Swaps the generation (rows 12 and 17), if generation and secret hash are still as they were read and the
    /// session is live. One of two wins.
    fn rotate_session(&self, rotate: RotateSession) -> StoreFuture<'_, Swap>;

    /// Ends sessions that have not ended, and with each its children that were not granted `offline_access`. Appends
    /// a revocation for each whose tokens may live. Idempotent. Where all of an account's are meant (with one spared
    /// or none), the account's floor is raised in the same commit, and the spared one goes on even as the child of one
    /// that ends.
    fn end_sessions(&self, end: EndSessions) -> StoreFuture<'_, EndedSessions>;

    /// Sessions, the newest first.
    fn sessions(&self, filter: SessionFilter, page: Page) -> StoreFuture<'_, Paged<Session>>;

    /// How many of some sessions are live, and after which to go on counting: all of them at once would hold up
    /// whatever else is read. Each session is looked at once by whoever goes on until there is no more.
    fn count_live(&self, count: CountLive) -> StoreFuture<'_, CountedLive>;
}

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// The session, at generation 0; its `storage_epoch` is set by the store.
    pub session: Session,
    /// The floor seen before the account's credentials were checked; `None` exactly for a machine's session.
    pub floor: Option<SessionsFloor>,
    /// How many live sessions the account may have, this one included.
    pub live_max: u32,
    /// Told in the same commit.
    pub audit: AuditEvent,
    /// When.
    pub now: Time,
}

/// A machine that asks for a token.
#[derive(Debug, Clone)]
pub struct FindMachine {
    /// Who.
    pub client: ClientId,
    /// For which resource server.
    pub audience: ResourceUri,
    /// When.
    pub now: Time,
}

/// What a machine's token is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundMachine {
    /// What is registered under the audience.
    pub resource: Option<Resource>,
    /// The newest of its live sessions.
    pub session: Option<Session>,
}

/// What became of a session to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// It is open.
    Opened,
    /// The account is gone, disabled, or all its sessions were ended since its credentials were checked; or the parent
    /// is gone or has ended; or the machine is no active client.
    Refused,
}

/// The mint rule's statement.
#[derive(Debug, Clone)]
pub struct HoldSession {
    /// Which session.
    pub session: SessionId,
    /// When the access token about to leave expires.
    pub exp: Timestamp,
    /// What `last_token_expires_at` becomes if it is below `exp`.
    pub written_ahead: Time,
    /// Where row 10 moves the idle expiry to; never back.
    pub idle_expires_at: Option<Time>,
    /// When.
    pub now: Time,
}

/// What the mint rule found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The session is live; the token may leave.
    Live,
    /// It ended, or is gone; no token leaves.
    Ended,
}

/// A repetition to be counted.
#[derive(Debug, Clone)]
pub struct CountRepeat {
    /// Which session.
    pub session: SessionId,
    /// The generation that was current when it was read: a swap in between loses.
    pub generation: Generation,
    /// Which run, from what, to what.
    pub count: Count,
    /// Told in the same commit.
    pub audit: AuditEvent,
}

/// A generation to be swapped.
#[derive(Debug, Clone)]
pub struct RotateSession {
    /// Which session.
    pub session: SessionId,
    /// The generation as it was read.
    pub from: Generation,
    /// The secret hash as it was read.
    pub from_secret_hash: SecretHash,
    /// The generation after.
    pub to: Generation,
    /// The new secret's hash, where the secret is replaced; the one before is kept as `replaced_hash`.
    pub new_secret_hash: Option<SecretHash>,
    /// SHA-256 of the retry key that came, or none: the one of the rotation before is forgotten.
    pub retry_hash: Option<SecretHash>,
    /// Where it came from; becomes the newest of the session's networks.
    pub network: Network,
    /// The request that it came in.
    pub request: String,
    /// The epoch that was read; written into the row.
    pub storage_epoch: Epoch,
    /// When the session is over unless refreshed again.
    pub idle_expires_at: Time,
    /// `last_token_expires_at` becomes at least this.
    pub last_token_expires_at: Time,
    /// Becomes `rotated_at`.
    pub now: Time,
}

/// Sessions to be ended.
#[derive(Debug, Clone)]
pub struct EndSessions {
    /// Which.
    pub which: Which,
    /// Why and by what.
    pub end: End,
    /// Told in the same commit, if any session ended.
    pub audit: Option<AuditEvent>,
    /// When.
    pub now: Time,
}

/// Which sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(SessionId),
    /// This one, if it is the account's.
    OneOf(AccountId, SessionId),
    /// All of an account.
    OfAccount(AccountId),
    /// All of an account but this one.
    OfAccountExcept(AccountId, SessionId),
    /// All at a client.
    AtClient(ClientId),
    /// All there are.
    All,
}

/// What was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndedSessions {
    /// How many sessions ended now; those that had ended before don't count.
    pub sessions: u64,
    /// How many revocations were appended for them.
    pub published: u64,
}

/// A part of all sessions, to be counted.
#[derive(Debug, Clone)]
pub struct CountLive {
    /// At this time.
    pub at: Time,
    /// Beyond those that were counted; none: from the first.
    pub after: Option<Cursor>,
    /// How many to look at, at the most.
    pub sessions_max: u32,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedLive {
    /// How many were live.
    pub live: u64,
    /// Where to go on; none: there are no more.
    pub next: Option<Cursor>,
}

/// Which sessions a reader wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionFilter {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only those at this client.
    pub client: Option<ClientId>,
    /// Only those that are live at this time.
    pub live_at: Option<Time>,
    /// Only those that ended for this reason.
    pub ended: Option<EndReason>,
}
