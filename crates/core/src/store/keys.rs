//! The key ring.

use crate::audit::AuditEvent;
use crate::key_ring::{KeyRing, MacKey, MacKeyId, RingKey, RingVersion, Sealed};
use crate::revocation::Revocation;
use crate::store::{StoreFuture, Swap};
use countersign_jose::KeyId;

/// What signing and key rotation need of a store.
pub trait KeyStore: Send + Sync {
    /// The ring as it stands; empty at version 0 in a new deployment.
    fn key_ring(&self) -> StoreFuture<'_, KeyRing>;

    /// Its version alone: cheap enough to ask often.
    fn ring_version(&self) -> StoreFuture<'_, RingVersion>;

    /// Changes the ring if its version is still `from`, and raises it: of two who rotate at once, one wins.
    fn change_ring(&self, change: RingChange) -> StoreFuture<'_, Swap>;
}

/// A change of the ring.
#[derive(Debug, Clone)]
pub struct RingChange {
    /// The version that was read.
    pub from: RingVersion,
    /// The storage key, sealed (anew); none: as it was.
    pub storage_key: Option<Sealed>,
    /// Signing keys that are new or have changed, whole.
    pub put: Vec<RingKey>,
    /// Signing keys that are gone.
    pub gone: Vec<KeyId>,
    /// MAC keys that are new or have changed, whole.
    pub put_mac: Vec<MacKey>,
    /// MAC keys that are gone.
    pub gone_mac: Vec<MacKeyId>,
    /// Published with it.
    pub revocations: Vec<Revocation>,
    /// Told in the same commit.
    pub audit: Vec<AuditEvent>,
}
