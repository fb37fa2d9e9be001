//! Resource servers.

use crate::audit::AuditEvent;
use crate::resource::{Resource, ResourceUri};
use crate::store::{Page, Paged, StoreFuture, Swap};
use crate::time::Span;

/// What sign-in and the administration of resources need of a store.
pub trait ResourceStore: Send + Sync {
    /// Registers a resource server, unless one has its URI.
    fn add_resource(&self, resource: Resource, audit: AuditEvent) -> StoreFuture<'_, AddedResource>;

    /// The resource server of this URI.
    fn resource(&self, uri: &ResourceUri) -> StoreFuture<'_, Option<Resource>>;

    /// All of them, by URI.
    fn resources(&self, page: Page) -> StoreFuture<'_, Paged<Resource>>;

    /// The longest lifetime that a resource gives its tokens; `None` where no resource has one of its own.
    fn longest_lifetime(&self) -> StoreFuture<'_, Option<Span>>;

    /// Removes a resource server; [`Swap::Lost`] if there was none. Its sessions are refused at their next refresh.
    fn remove_resource(&self, remove: RemoveResource) -> StoreFuture<'_, Swap>;
}

/// What became of a resource to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddedResource {
    /// It is there.
    Added,
    /// One was there already.
    UriTaken,
}

/// A resource to be removed.
#[derive(Debug, Clone)]
pub struct RemoveResource {
    /// Which.
    pub uri: ResourceUri,
    /// Told in the same commit.
    pub audit: AuditEvent,
}
