//! Clients other than the built-in one.

use crate::audit::AuditEvent;
use crate::client::{Client, ClientId};
use crate::network::Network;
use crate::revocation::Revocation;
use crate::session::{End, SecretHash};
use crate::store::{EndedSessions, Page, Paged, StoreFuture, Swap};
use crate::time::Time;
use countersign_jose::Timestamp;

/// What client authentication, the refresh rule and the administration of clients need of a store.
pub trait ClientStore: Send + Sync {
    /// Registers a client, unless its id is taken (the built-in client's is).
    fn register_client(&self, client: Client, audit: AuditEvent) -> StoreFuture<'_, Registered>;

    /// Registers a client that registers itself, unless its id is taken. It counts as unused until it is used; beyond
    /// `unused_max` of those, the oldest of the network that has most of them goes. Nothing is told: anybody can do this.
    fn register_itself(&self, register: RegisterItself) -> StoreFuture<'_, Registered>;

    /// A client that no operator registered is used by somebody: the time is kept, and for one with a document what that
    /// says now, which makes its row the first time. Told the first time.
    fn use_client(&self, used: UseClient) -> StoreFuture<'_, Swap>;

    /// The client of this id; the built-in one is no row and is not found here.
    fn client(&self, id: &ClientId) -> StoreFuture<'_, Option<Client>>;

    /// All of them, by id.
    fn clients(&self, page: Page) -> StoreFuture<'_, Paged<Client>>;

    /// Until when tokens of this client are refused, whatever its status; `None` where no revocation names it.
    fn client_refused_until(&self, id: &ClientId) -> StoreFuture<'_, Option<Timestamp>>;

    /// Replaces the secret's hash if it is still the one that was seen. Sessions and tokens go on.
    fn replace_client_secret(&self, replace: ReplaceClientSecret) -> StoreFuture<'_, Swap>;

    /// Lets a client be used, or disables it: then its sessions end and its revocation is published in the same commit.
    fn change_client_status(&self, change: ChangeClientStatus) -> StoreFuture<'_, ClientChanged>;

    /// Removes a client, ends its sessions and publishes its revocation: one commit.
    fn remove_client(&self, remove: RemoveClient) -> StoreFuture<'_, ClientChanged>;
}

/// What became of a client to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It is there.
    Registered,
    /// Another client has that id.
    IdTaken,
}

/// A client that registers itself.
#[derive(Debug, Clone)]
pub struct RegisterItself {
    /// What it is.
    pub client: Client,
    /// Where it came from.
    pub network: Network,
    /// How many unused ones there may be.
    pub unused_max: u32,
}

/// A client that somebody uses: they let it have a code. Lost where the row of that id is not one of this origin, is
/// disabled, or, of one that registered itself, is gone.
#[derive(Debug, Clone)]
pub struct UseClient {
    /// What it is, as it says now.
    pub client: Client,
    /// Told the first time.
    pub audit: AuditEvent,
    /// When.
    pub now: Time,
}

/// A client's secret to be replaced.
#[derive(Debug, Clone)]
pub struct ReplaceClientSecret {
    /// Whose.
    pub client: ClientId,
    /// The hash that was seen.
    pub from: SecretHash,
    /// The hash of the new secret.
    pub to: SecretHash,
    /// Told in the same commit.
    pub audit: AuditEvent,
}

/// A client's status to be changed.
#[derive(Debug, Clone)]
pub struct ChangeClientStatus {
    /// Whose.
    pub client: ClientId,
    /// To what.
    pub to: StatusChange,
    /// Told in the same commit.
    pub audit: AuditEvent,
    /// When.
    pub now: Time,
}

/// To what a client's status is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusChange {
    /// From disabled to active.
    Enable,
    /// From active to disabled.
    Disable(ClientEnding),
}

/// A client to be removed.
#[derive(Debug, Clone)]
pub struct RemoveClient {
    /// Which.
    pub client: ClientId,
    /// How what it has ends.
    pub ending: ClientEnding,
    /// Told in the same commit.
    pub audit: AuditEvent,
    /// When.
    pub now: Time,
}

/// How what a client has ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientEnding {
    /// Why its sessions end.
    pub end: End,
    /// Published beside theirs: it refuses every token of the client.
    pub revocation: Revocation,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientChanged {
    /// It is made; so many sessions ended with it.
    Changed(EndedSessions),
    /// There is no such client, or its status was so already. Nothing was written.
    Lost,
}
