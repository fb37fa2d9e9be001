//! Administering resource servers: adding and removing.

use crate::audit::{Actor, AuditEvent};
use crate::resource::{Resource, ResourceUri};
use crate::store::{AddedResource, RemoveResource as Remove, ResourceStore, StoreError, Swap};
use crate::time::Time;

/// A resource server to be added: from then on tokens can be for it.
#[derive(Debug)]
pub struct AddResource(pub Resource);

/// A resource server to be removed. Nothing is for it any more; sessions that are end at their next refresh.
#[derive(Debug)]
pub struct RemoveResource(pub ResourceUri);

impl AddResource {
    /// Adds it, unless there is one of its URI.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(self, actor: Actor, store: &dyn ResourceStore) -> Result<AddedResource, StoreError> {
        let Self(resource) = self;
        let audit = AuditEvent::new(resource.created_at, "resource.added", actor).told(resource.uri.as_str());
        store.add_resource(resource, audit).await
    }
}

impl RemoveResource {
    /// Removes it; [`Swap::Lost`] if there was none.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(self, actor: Actor, store: &dyn ResourceStore, now: Time) -> Result<Swap, StoreError> {
        let Self(uri) = self;
        let audit = AuditEvent::new(now, "resource.removed", actor).told(uri.as_str());
        store.remove_resource(Remove { uri, audit }).await
    }
}
