use super::fixtures::{at, count_told, found, published, told};
use crate::key_ring::{KeyRing, KeyState, MacKey, MacKeyId, MacKeyState, Purpose, RingKey, RingVersion, Sealed};
use crate::revocation::{Entry, Revocation};
use crate::store::{RingChange, Store, Swap};
use crate::time::Span;
use countersign_jose::{Algorithm, KeyId};

fn key(name: &str, state: KeyState, second: u64) -> RingKey {
    RingKey {
        id: KeyId::new(name).unwrap(),
        purpose: Purpose::AccessToken,
        algorithm: Algorithm::EdDsa,
        state,
        sealed: Sealed::from_bytes(name.as_bytes().to_vec()),
        published_at: at(second),
        activated_at: None,
        token_lifetime: Span::from_seconds(600),
        gone_at: None,
    }
}

fn mac_key(id: u8, state: MacKeyState) -> MacKey {
    let sealed = Sealed::from_bytes(vec![id; 60]);
    MacKey { id: MacKeyId(id), state, sealed, created_at: at(u64::from(id)), gone_at: None }
}

fn change(from: u64) -> RingChange {
    RingChange {
        from: RingVersion(from),
        storage_key: None,
        put: Vec::new(),
        gone: Vec::new(),
        put_mac: Vec::new(),
        gone_mac: Vec::new(),
        revocations: Vec::new(),
        audit: vec![told("key.changed")],
    }
}

async fn first_ring(store: &dyn Store) -> KeyRing {
    let first = RingChange {
        storage_key: Some(Sealed::from_bytes(vec![1; 60])),
        put: vec![key("one", KeyState::Active, 1), key("two", KeyState::Next, 2)],
        put_mac: vec![mac_key(1, MacKeyState::Retired), mac_key(255, MacKeyState::Active)],
        ..change(0)
    };
    assert_eq!(store.change_ring(first).await.unwrap(), Swap::Won);
    store.key_ring().await.unwrap()
}

pub async fn a_new_ring_is_empty(store: &dyn Store) {
    assert_eq!(store.key_ring().await.unwrap(), KeyRing::default());
    assert_eq!(store.ring_version().await.unwrap(), RingVersion(0));
}

pub async fn a_ring_reads_back_as_it_was_changed(store: &dyn Store) {
    found(store).await;
    let ring = first_ring(store).await;
    assert_eq!(ring.version, RingVersion(1));
    assert_eq!(ring.storage_key, Some(Sealed::from_bytes(vec![1; 60])));
    assert_eq!(ring.keys, [key("one", KeyState::Active, 1), key("two", KeyState::Next, 2)]);
    assert_eq!(ring.mac_keys, [mac_key(1, MacKeyState::Retired), mac_key(255, MacKeyState::Active)]);
    let retiring = RingKey {
        state: KeyState::Retiring,
        algorithm: Algorithm::Hs256,
        activated_at: Some(at(1)),
        gone_at: Some(at(900)),
        token_lifetime: Span::from_seconds(3_600),
        ..key("one", KeyState::Active, 1)
    };
    let distrusted = MacKey { gone_at: Some(at(800)), ..mac_key(1, MacKeyState::Distrusted) };
    let second = RingChange { put: vec![retiring.clone()], put_mac: vec![distrusted.clone()], ..change(1) };
    assert_eq!(store.change_ring(second).await.unwrap(), Swap::Won);
    let changed = store.key_ring().await.unwrap();
    // What was not named stays as it was, the storage key too.
    assert_eq!(changed.storage_key, ring.storage_key);
    assert_eq!(changed.keys, [retiring, key("two", KeyState::Next, 2)]);
    assert_eq!(changed.mac_keys, [distrusted, mac_key(255, MacKeyState::Active)]);
    assert_eq!(store.ring_version().await.unwrap(), RingVersion(2));
}

pub async fn of_two_changes_from_one_version_one_wins(store: &dyn Store) {
    found(store).await;
    let ring = first_ring(store).await;
    for from in [0, 2] {
        let lost = RingChange {
            storage_key: Some(Sealed::from_bytes(vec![9; 60])),
            put: vec![key("three", KeyState::Next, 3)],
            gone: vec![KeyId::new("one").unwrap()],
            gone_mac: vec![MacKeyId(1)],
            revocations: vec![Revocation::of_key(KeyId::new("one").unwrap())],
            ..change(from)
        };
        assert_eq!(store.change_ring(lost).await.unwrap(), Swap::Lost);
    }
    assert_eq!(store.key_ring().await.unwrap(), ring);
    assert_eq!(published(store).await, []);
    assert_eq!(count_told(store, "key.changed").await, 1);
}

pub async fn keys_that_are_gone_are_gone(store: &dyn Store) {
    found(store).await;
    first_ring(store).await;
    let gone = RingChange { gone: vec![KeyId::new("one").unwrap()], gone_mac: vec![MacKeyId(1)], ..change(1) };
    assert_eq!(store.change_ring(gone).await.unwrap(), Swap::Won);
    let ring = store.key_ring().await.unwrap();
    assert_eq!(ring.keys, [key("two", KeyState::Next, 2)]);
    assert_eq!(ring.mac_keys, [mac_key(255, MacKeyState::Active)]);
}

pub async fn a_change_publishes_and_tells_in_its_commit(store: &dyn Store) {
    found(store).await;
    let refused = Revocation::of_key(KeyId::new("one").unwrap());
    let audit = vec![told("key.changed"), told("key.revoked")];
    let revoke = RingChange { revocations: vec![refused.clone()], audit, ..change(0) };
    assert_eq!(store.change_ring(revoke).await.unwrap(), Swap::Won);
    assert_eq!(published(store).await.into_iter().map(Entry::into_new).collect::<Vec<_>>(), [refused.entry().unwrap()]);
    assert_eq!((count_told(store, "key.changed").await, count_told(store, "key.revoked").await), (1, 1));
}
