use super::fixtures::{EPOCH, at, count_told, create, ending, found, open, published, session_id, told};
use crate::client::ClientId;
use crate::ids::{SessionId, TokenId};
use crate::revocation::{AnnouncedKey, Entry, NewEntry, Revocation, RevocationSubject, Sequence, SetDigest};
use crate::session::EpochCause;
use crate::store::{BeginEpoch, Store, Which};
use crate::time::Span;
use countersign_jose::{Jwk, KeyId, Timestamp, VerifyingKey};
use countersign_revocation::Epoch;

fn token(number: u8, until: u64) -> Revocation {
    Revocation { subject: RevocationSubject::Token(TokenId::from_bytes([number; 16])), until: Some(second(until)) }
}

/// RFC 8037, appendix A.2.
const JWK: &[u8] = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn announced() -> AnnouncedKey {
    let thumbprint = VerifyingKey::from_jwk(&Jwk::parse(JWK).unwrap()).unwrap().thumbprint();
    AnnouncedKey { id: KeyId::new("next").unwrap(), thumbprint, not_before: second(900) }
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
        Revocation::of_announced(announced()),
    ]
}

fn in_the_feed(revocations: &[Revocation]) -> Vec<NewEntry> {
    revocations.iter().map(|revocation| revocation.entry().unwrap()).collect()
}

async fn publish(store: &dyn Store, revocations: Vec<Revocation>) -> u64 {
    store.publish_revocations(revocations, told("token.revoked")).await.unwrap().last.0
}

pub async fn entries_are_numbered_in_order_without_a_gap(store: &dyn Store) {
    found(store).await;
    assert_eq!(published(store).await, []);
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(0));
    assert_eq!(publish(store, one_of_each()).await, 5);
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await;
    store.end_sessions(ending(Which::One(session_id(1)), at(20))).await.unwrap();
    assert_eq!(publish(store, vec![token(2, 800)]).await, 7);
    let entries = published(store).await;
    assert_eq!(entries.iter().map(|entry| entry.sequence().0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    let said: Vec<_> = entries.iter().take(5).map(|entry| entry.clone().into_new()).collect();
    assert_eq!(said, in_the_feed(&one_of_each()));
    let page = store.feed_after(Sequence(2), 3).await.unwrap();
    assert_eq!((page.last, &page.entries[..]), (Sequence(7), &entries[2..5]));
    assert_eq!(store.feed_after(Sequence(7), 3).await.unwrap().entries, []);
    assert_eq!(store.last_sequence().await.unwrap(), Sequence(7));
    assert_eq!(count_told(store, "token.revoked").await, 2);
}

pub async fn what_is_named_is_revoked(store: &dyn Store) {
    found(store).await;
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
    found(store).await;
    let key = Revocation::of_key(KeyId::new("key").unwrap());
    publish(store, vec![key.clone(), token(1, 700), token(2, 800)]).await;
    assert_eq!(store.forget_revocations(second(700)).await.unwrap(), 0);
    assert_eq!(store.forget_revocations(second(900)).await.unwrap(), 2);
    assert_eq!(store.forget_revocations(second(900)).await.unwrap(), 0);
    assert!(!store.is_revoked(vec![token(1, 700).subject]).await.unwrap());
    assert_eq!(publish(store, vec![token(3, 950)]).await, 4);
    let left = published(store).await;
    assert_eq!(left.iter().map(|entry| entry.sequence().0).collect::<Vec<_>>(), [1, 4]);
    let said: Vec<_> = left.into_iter().map(Entry::into_new).collect();
    assert_eq!(said, in_the_feed(&[key, token(3, 950)]));
}

pub async fn an_empty_publication_moves_nothing(store: &dyn Store) {
    found(store).await;
    assert_eq!(publish(store, Vec::new()).await, 0);
    assert_eq!(publish(store, vec![token(1, 700)]).await, 1);
    assert_eq!(publish(store, Vec::new()).await, 1);
    assert_eq!(published(store).await.len(), 1);
}

pub async fn the_digest_is_that_of_all_that_was_ever_said(store: &dyn Store) {
    found(store).await;
    let digest = |entries: &[Entry]| {
        let mut set = SetDigest::EMPTY;
        entries.iter().for_each(|entry| set.toggle(EPOCH, entry));
        set
    };
    let page = store.feed_after(Sequence::ZERO, 9).await.unwrap();
    assert_eq!((page.epoch, page.last, page.set), (EPOCH, Sequence::ZERO, SetDigest::EMPTY));
    publish(store, one_of_each()).await;
    let said = published(store).await;
    assert_eq!(store.feed_after(Sequence(9), 9).await.unwrap().set, digest(&said));
    store.forget_revocations(second(2_000)).await.unwrap();
    let page = store.feed_after(Sequence::ZERO, 9).await.unwrap();
    assert_eq!((page.set, page.last, page.entries.len()), (digest(&said), Sequence(5), 1));
}

pub async fn another_epoch_says_again_what_still_matters_and_what_was_lost(store: &dyn Store) {
    found(store).await;
    let key = Revocation::of_key(KeyId::new("key").unwrap());
    publish(store, vec![key.clone(), token(1, 700), token(2, 900), token(5, 900)]).await;
    let epoch = Epoch::new_later_than(Some(EPOCH), 0, [9; 10]);
    // What was said for longer than storage knows is said again too.
    let lost = in_the_feed(&[token(2, 900), token(3, 950), token(5, 960)]);
    let begin = |epoch| BeginEpoch {
        epoch,
        cause: EpochCause::Lost,
        lost: lost.clone(),
        end_sessions: None,
        audit: told("epoch.begun"),
        now: at(800),
    };
    store.begin_epoch(begin(epoch)).await.unwrap();
    let page = store.feed_after(Sequence::ZERO, 9).await.unwrap();
    assert_eq!((page.epoch, page.last), (epoch, Sequence(5)));
    let mut set = SetDigest::EMPTY;
    page.entries.iter().for_each(|entry| set.toggle(epoch, entry));
    assert_eq!(page.set, set);
    let said: Vec<_> = page.entries.into_iter().map(Entry::into_new).collect();
    assert_eq!(said, in_the_feed(&[key, token(2, 900), token(5, 900), token(3, 950), token(5, 960)]));
    assert_eq!(store.deployment().await.unwrap().unwrap().epoch.id, epoch);
    assert_eq!(publish(store, vec![token(4, 990)]).await, 6);
    // Epochs only move on.
    store.begin_epoch(begin(EPOCH)).await.unwrap_err();
    assert_eq!(count_told(store, "epoch.begun").await, 1);
}

pub async fn who_waits_for_a_change_misses_none(store: &dyn Store) {
    found(store).await;
    let before = store.changed(None).await.unwrap();
    publish(store, vec![token(1, 700)]).await;
    let after = store.changed(Some(before)).await.unwrap();
    assert_ne!(after, before);
    let (seen, _) = (store.changed(Some(after)), publish(store, vec![token(2, 700)]).await);
    assert_ne!(seen.await.unwrap(), after);
}
