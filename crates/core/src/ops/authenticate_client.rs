//! Client authentication (RFC 6749 §2.3): the client that a request comes from, by what it proves.

use crate::audit::AuditEvent;
use crate::client::{AssertionUse, Client, ClientId, ClientProof};
use crate::draw::Draw;
use crate::ops::Origin;
use crate::store::{Store, StoreError};

/// A client's claim to be one, to be checked.
#[derive(Debug)]
pub struct AuthenticateClient {
    /// As it was sent; `None` where that can't be an id.
    pub id: Option<ClientId>,
    /// What came with it.
    pub proof: ClientProof,
    /// What the document at its id says, where that was asked.
    pub described: Option<Client>,
    /// Where it came from.
    pub origin: Origin,
}

impl AuthenticateClient {
    /// The client, in equal time whether there is none, it is disabled, authenticates otherwise, or the secret is another;
    /// then `None`. An assertion counts once: who remembers them refuses the second.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(
        self,
        store: &dyn Store,
        issuer: &str,
        draw: &Draw,
    ) -> Result<Option<(Client, Option<AssertionUse>)>, StoreError> {
        // The built-in client is no row, so whoever can't be one is looked up under its id.
        let known = store.client(&self.id.unwrap_or_else(ClientId::first_party)).await?;
        let client = Client::as_described(known, self.described);
        let asserted = match (&self.proof, &client) {
            (ClientProof::Assertion(assertion), Some(client)) => client.asserted(assertion, issuer, draw.now),
            _ => None,
        };
        if asserted.is_some() || Client::is_authenticated(client.as_ref(), &self.proof) {
            return Ok(client.map(|client| (client, asserted)));
        }
        // Told for unknown clients too: a commit for one of the two alone would show which it was.
        store.record(AuditEvent::new(draw.now, "client.refused", self.origin.actor())).await?;
        Ok(None)
    }
}
