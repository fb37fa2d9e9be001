//! Dynamic registration (RFC 7591): a client registers itself.

use crate::client::{Client, ClientId, ClientMetadata, InvalidMetadata};
use crate::draw::Draw;
use crate::limits::CLIENTS_UNUSED_MAX;
use crate::network::Network;
use crate::store::{RegisterItself, Registered, Store, StoreError};
use std::net::IpAddr;

/// A client that registers itself.
#[derive(Debug)]
pub struct SelfRegistration {
    /// What it says of itself.
    pub metadata: ClientMetadata,
    /// Where it came from.
    pub address: IpAddr,
}

impl SelfRegistration {
    /// Registers the client under an id of the draw's. Nothing is told of it before somebody uses it: anybody can do this,
    /// and the audit log is kept for longer than most of these clients are.
    ///
    /// # Errors
    /// [`InvalidMetadata`] in the outer result's `Ok`; [`StoreError`] where storage failed.
    pub async fn run(self, store: &dyn Store, draw: &Draw) -> Result<Result<Client, InvalidMetadata>, StoreError> {
        let id = ClientId::parse(&format!("dyn_{}", draw.jti));
        let id = id.map_err(|_| StoreError::Bug { what: "an id of our own is none".into() })?;
        let client = match self.metadata.registered(id, draw.now) {
            Ok(client) => client,
            Err(invalid) => return Ok(Err(invalid)),
        };
        let (network, unused_max) = (Network::of(self.address), CLIENTS_UNUSED_MAX);
        match store.register_itself(RegisterItself { client: client.clone(), network, unused_max }).await? {
            Registered::Registered => Ok(Ok(client)),
            Registered::IdTaken => Err(StoreError::Bug { what: "a random id came twice".into() }),
        }
    }
}
