//! The key ring, changed by compare-and-swap.

use super::{MemoryStore, Operation};
use countersign_core::key_ring::{KeyRing, MacKeyId, RingVersion};
use countersign_core::store::{KeyStore, RingChange, StoreFuture, Swap};
use countersign_jose::KeyId;

impl KeyStore for MemoryStore {
    fn key_ring(&self) -> StoreFuture<'_, KeyRing> {
        self.act(|kept| (kept.ring.clone(), Operation::RingRead))
    }

    fn ring_version(&self) -> StoreFuture<'_, RingVersion> {
        self.act(|kept| (kept.ring.version, Operation::RingRead))
    }

    fn change_ring(&self, change: RingChange) -> StoreFuture<'_, Swap> {
        self.act(move |kept| {
            let ring = &mut kept.ring;
            if ring.version != change.from {
                return (Swap::Lost, Operation::RingChanged { won: false });
            }
            ring.version = RingVersion(ring.version.0 + 1);
            ring.storage_key = change.storage_key.or(ring.storage_key.take());
            let replaced = |id: &KeyId| change.gone.contains(id) || change.put.iter().any(|new| new.id == *id);
            ring.keys.retain(|key| !replaced(&key.id));
            ring.keys.extend(change.put.iter().cloned());
            let replaced =
                |id: &MacKeyId| change.gone_mac.contains(id) || change.put_mac.iter().any(|new| new.id == *id);
            ring.mac_keys.retain(|key| !replaced(&key.id));
            ring.mac_keys.extend(change.put_mac.iter().cloned());
            kept.revocations.extend(change.revocations);
            kept.audit.extend(change.audit);
            (Swap::Won, Operation::RingChanged { won: true })
        })
    }
}
