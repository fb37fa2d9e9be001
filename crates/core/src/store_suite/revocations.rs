use super::fixtures::{at, count_told, create, ending, open, published, session_id, told};
use crate::client::ClientId;
use crate::ids::{SessionId, TokenId};
use crate::revocation::{Revocation, RevocationSubject, Sequence};
use crate::store::{Store, Which};
use crate::time::Span;
use countersign_jose::{KeyId, Timestamp};

fn token(number: u8, until: u64) -> Revocation {
    Revocation { subject: RevocationSubject::Token(TokenId::from_bytes([number; 16])), until: Some(second(until)) }
}

fn second(seconds: u64) -> Timestamp {
    at(seconds).timestamp()
}

fn one_of_each() -> Vec<Revocation> {
    vec![
        token(1, 700),
        Revocation::of_client(ClientId::parse("app").unwrap(), Span::from_seconds(600), at(20)),
        Revocation::of_key(KeyId::new("key").unwrap()),
        Revocation::of_session(session_id(7), at(700), at(20)).unwrap(),
    ]
}

async fn publish(store: &dyn Store, revocations: Vec<Revocation>) -> u64 {
    store.publish_revocations(revocations, told("token.revoked")).await.unwrap().last.0
}

pub async fn entries_are_numbered_in_order_without_a_gap(store: &dyn Store) {
    assert_eq!(published(store).await, []);
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(0));
    assert_eq!(publish(store, one_of_each()).await, 4);
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await;
    store.end_sessions(ending(Which::One(session_id(1)), at(20))).await.unwrap();
    assert_eq!(publish(store, vec![token(2, 800)]).await, 6);
    let entries = published(store).await;
    assert_eq!(entries.iter().map(|entry| entry.sequence.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(entries.iter().take(4).map(|entry| entry.revocation.clone()).collect::<Vec<_>>(), one_of_each());
    assert_eq!(store.revocations_after(Sequence(2), 3).await.unwrap(), entries[2..5]);
    assert_eq!(store.revocations_after(Sequence(6), 3).await.unwrap(), []);
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(6));
    assert_eq!(count_told(store, "token.revoked").await, 2);
}

pub async fn what_is_named_is_revoked(store: &dyn Store) {
    publish(store, one_of_each()).await;
    let subjects: Vec<_> = one_of_each().into_iter().map(|entry| entry.subject).collect();
    let other = RevocationSubject::Token(TokenId::from_bytes([9; 16]));
    for subject in &subjects {
        assert!(store.is_revoked(vec![other.clone(), subject.clone()]).await.unwrap(), "{subject:?}");
    }
    // The kind counts: a session is not revoked by a token that is named alike.
    let alike = RevocationSubject::Session(SessionId::from_bytes([1; 16]));
    assert!(!store.is_revoked(vec![other, alike]).await.unwrap());
    assert!(!store.is_revoked(Vec::new()).await.unwrap());
}

pub async fn what_no_token_can_need_is_forgotten_but_its_number_is_not(store: &dyn Store) {
    let key = Revocation::of_key(KeyId::new("key").unwrap());
    publish(store, vec![key.clone(), token(1, 700), token(2, 800)]).await;
    assert_eq!(store.forget_revocations(second(700)).await.unwrap(), 0);
    assert_eq!(store.forget_revocations(second(900)).await.unwrap(), 2);
    assert_eq!(store.forget_revocations(second(900)).await.unwrap(), 0);
    assert!(!store.is_revoked(vec![token(1, 700).subject]).await.unwrap());
    assert_eq!(publish(store, vec![token(3, 950)]).await, 4);
    let left: Vec<_> = published(store).await.into_iter().map(|entry| (entry.sequence.0, entry.revocation)).collect();
    assert_eq!(left, [(1, key), (4, token(3, 950))]);
}

pub async fn an_empty_publication_moves_nothing(store: &dyn Store) {
    assert_eq!(publish(store, Vec::new()).await, 0);
    assert_eq!(publish(store, vec![token(1, 700)]).await, 1);
    assert_eq!(publish(store, Vec::new()).await, 1);
    assert_eq!(published(store).await.len(), 1);
}
