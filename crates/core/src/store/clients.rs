//! Clients other than the built-in one.

use crate::audit::AuditEvent;
use crate::client::{Client, ClientId};
use crate::store::StoreFuture;

/// What client authentication and the refresh rule need of a store.
pub trait ClientStore: Send + Sync {
    /// Registers a client, unless its id is taken (the built-in client's is).
    fn register_client(&self, client: Client, audit: AuditEvent) -> StoreFuture<'_, Registered>;

    /// The client of this id; the built-in one is no row and is not found here.
    fn client(&self, id: &ClientId) -> StoreFuture<'_, Option<Client>>;
}

/// What became of a client to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It is there.
    Registered,
    /// Another client has that id.
    IdTaken,
}
