use super::fixtures::{
    EPOCH, ISSUER, at, begin_epoch, create, found, open, open_as, published, read, revoked_sessions, rotation, session,
    session_id, told,
};
use crate::session::{End, EndReason, EpochCause, Session, StorageEpoch};
use crate::store::{BeginEpoch, Deployment, EndWithEpoch, EndedSessions, Founded, RotateSession, Store, Swap, Which};
use countersign_revocation::Epoch;

const LATER: Epoch = Epoch::new(0xef, [0xef; 10]);

pub async fn a_deployment_is_founded_once(store: &dyn Store) {
    assert_eq!(store.deployment().await.unwrap(), None);
    assert_eq!(store.found(ISSUER, EPOCH, at(0)).await.unwrap(), Founded::Founded);
    assert_eq!(store.found("https://other.example", LATER, at(9)).await.unwrap(), Founded::Already);
    let epoch = StorageEpoch { id: EPOCH, cause: EpochCause::Fresh };
    let founded = Deployment { issuer: ISSUER.to_owned(), epoch, founded_at: at(0) };
    assert_eq!(store.deployment().await.unwrap(), Some(founded));
}

pub async fn an_issuer_is_replaced_by_whoever_knows_it(store: &dyn Store) {
    assert_eq!(store.change_issuer(ISSUER, "https://other.example").await.unwrap(), Swap::Lost);
    found(store).await;
    assert_eq!(store.change_issuer(ISSUER, "https://other.example").await.unwrap(), Swap::Won);
    assert_eq!(store.change_issuer(ISSUER, "https://third.example").await.unwrap(), Swap::Lost);
    assert_eq!(store.deployment().await.unwrap().unwrap().issuer, "https://other.example");
}

pub async fn a_session_belongs_to_the_epoch_in_which_its_generation_was_written(store: &dyn Store) {
    let account = create(store, 1).await;
    let before = open(store, 1, Some(account)).await;
    begin_epoch(store, LATER, at(20)).await;
    let epoch = StorageEpoch { id: LATER, cause: EpochCause::WentBack };
    assert_eq!(store.deployment().await.unwrap().unwrap().epoch, epoch);
    let state = store.session(session_id(1)).await.unwrap().unwrap();
    assert_eq!((state.session.storage_epoch, state.epoch), (EPOCH, epoch));
    // The store sets it when the session opens, whatever it was told; a rotation writes the one that was read.
    assert_eq!(open_as(store, session(2, None)).await.storage_epoch, LATER);
    let rotate = RotateSession { storage_epoch: LATER, ..rotation(&before, at(30)) };
    assert_eq!(store.rotate_session(rotate).await.unwrap(), Swap::Won);
    assert_eq!(read(store, session_id(1)).await.storage_epoch, LATER);
}

pub async fn sessions_that_do_not_go_on_end_with_the_epoch_whatever_their_rows_say(store: &dyn Store) {
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await;
    // Its last token expired long ago, as far as this row knows.
    let quiet = Session { last_token_expires_at: at(20), ..session(2, Some(account)) };
    open_as(store, quiet).await;
    // Nothing of it lives longer than it does.
    let brief = Session { absolute_expires_at: at(600), ..session(3, Some(account)) };
    open_as(store, brief).await;
    open(store, 4, Some(account)).await;
    store.end_sessions(super::fixtures::ending(Which::One(session_id(4)), at(20))).await.unwrap();
    let end = End::of(EndReason::Restored);
    let begin = BeginEpoch {
        epoch: LATER,
        cause: EpochCause::Fresh,
        lost: Vec::new(),
        end_sessions: Some(EndWithEpoch { end: end.clone(), tokens_until: at(4_600) }),
        audit: told("epoch.begun"),
        now: at(1_000),
    };
    let ended = store.begin_epoch(begin).await.unwrap();
    assert_eq!(ended, EndedSessions { sessions: 3, published: 2 });
    assert_eq!(read(store, session_id(2)).await.ended.unwrap().end, end);
    assert_ne!(read(store, session_id(4)).await.ended.unwrap().end, end);
    assert_eq!(revoked_sessions(store).await, [session_id(1), session_id(2)]);
    let said = published(store).await;
    assert!(said.iter().all(|entry| entry.until() == at(4_690).timestamp().as_seconds()), "{said:?}");
    let numbers: Vec<_> = said.iter().map(|entry| entry.sequence().0).collect();
    assert_eq!(numbers, [1, 2]);
}

pub async fn what_is_over_is_swept_without_a_word(store: &dyn Store) {
    let account = create(store, 1).await;
    let over = |number| Session { absolute_expires_at: at(500), ..session(number, Some(account)) };
    open_as(store, over(1)).await;
    open_as(store, over(2)).await;
    open(store, 3, Some(account)).await;
    let child = Session { parent: Some(session_id(1)), ..session(4, Some(account)) };
    open_as(store, child).await;
    store.end_sessions(super::fixtures::ending(Which::One(session_id(2)), at(20))).await.unwrap();
    assert_eq!(published(store).await.len(), 1);
    assert_eq!(store.sweep(at(499)).await.unwrap().sessions, 0);
    assert_eq!(store.sweep(at(500)).await.unwrap().sessions, 2);
    assert_eq!(store.session(session_id(1)).await.unwrap(), None);
    assert_eq!(store.session(session_id(2)).await.unwrap(), None);
    assert!(read(store, session_id(3)).await.ended.is_none());
    let orphan = read(store, session_id(4)).await;
    assert_eq!((orphan.parent, orphan.ended), (None, None));
    assert_eq!(published(store).await.len(), 1);
}

pub async fn a_probe_writes(store: &dyn Store) {
    store.probe().await.unwrap();
    store.probe().await.unwrap();
}
