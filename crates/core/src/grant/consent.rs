//! Consent: what somebody let a client have, so that they are asked once.

use crate::client::ClientId;
use crate::ids::AccountId;
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::time::Time;

/// What an account's owner let a client have at one resource server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who.
    pub account: AccountId,
    /// Which client.
    pub client: ClientId,
    /// For which resource server.
    pub audience: ResourceUri,
    /// What; a later consent adds to it.
    pub scope: ScopeSet,
    /// When it was last given.
    pub given_at: Time,
}
