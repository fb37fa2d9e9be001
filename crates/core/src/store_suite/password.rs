use super::fixtures::{
    account, account_id, at, begin_epoch, count_told, create, ending, floor, is_open, open, open_as, published, read,
    revoked_sessions, rotation, secret_hash, session, session_id, told,
};
use crate::account::CredentialVersion;
use crate::key_ring::Sealed;
use crate::session::{End, EndReason, Generation, SecretHash, Session};
use crate::store::{ChangePassword, Changed, EndedSessions, RenewedSession, RotateSession, Store, Swap, Which};
use countersign_revocation::Epoch;

fn change(renew: Option<RenewedSession>) -> ChangePassword {
    ChangePassword {
        account: account_id(1),
        from: CredentialVersion(3),
        hash: Sealed::from_bytes(vec![8; 90]),
        renew,
        end: End::of(EndReason::PasswordChanged),
        audit: told("account.password_changed"),
        now: at(50),
    }
}

fn renewed(session: &Session, secret_hash: SecretHash) -> RenewedSession {
    RenewedSession {
        session: session.id,
        from: session.generation,
        from_secret_hash: session.secret_hash,
        secret_hash,
        last_token_expires_at: at(800),
    }
}

pub async fn a_change_ends_the_others_and_renews_its_own(store: &dyn Store) {
    let id = create(store, 1).await;
    open(store, 1, Some(id)).await;
    // Its own is even the child of one that ends.
    open_as(store, Session { parent: Some(session_id(1)), ..session(2, Some(id)) }).await;
    let rotate =
        RotateSession { retry_hash: Some(secret_hash(80)), ..rotation(&read(store, session_id(2)).await, at(20)) };
    assert_eq!(store.rotate_session(rotate).await.unwrap(), Swap::Won);
    let before = read(store, session_id(2)).await;
    let epoch = Epoch::new(0xef, [0xef; 10]);
    begin_epoch(store, epoch, at(40)).await;
    let changed = store.change_password(change(Some(renewed(&before, secret_hash(90))))).await.unwrap();
    assert_eq!(changed, Changed::Changed(EndedSessions { sessions: 1, published: 1 }));
    let after = read(store, session_id(2)).await;
    let expected = Session {
        secret_hash: secret_hash(90),
        replaced_hash: Some(before.secret_hash),
        generation: Generation(2),
        rotated_at: Some(at(50)),
        rotated_by: told("").actor.request,
        retry_hash: None,
        last_token_expires_at: at(800),
        storage_epoch: epoch,
        ..before
    };
    assert_eq!(after, expected);
    assert_eq!(read(store, session_id(1)).await.ended.unwrap().end.reason, EndReason::PasswordChanged);
    let changed = store.account(id).await.unwrap().unwrap();
    assert_eq!(changed.password_hash, Some(Sealed::from_bytes(vec![8; 90])));
    assert_eq!((changed.credential_version.0, changed.sessions_floor.0), (4, 6));
    assert_eq!(revoked_sessions(store).await, [session_id(1)]);
    assert_eq!(count_told(store, "account.password_changed").await, 1);
}

pub async fn a_change_from_an_older_version_loses(store: &dyn Store) {
    let id = create(store, 1).await;
    let own = open(store, 1, Some(id)).await;
    let from = CredentialVersion(2);
    let stale = ChangePassword { from, ..change(Some(renewed(&own, secret_hash(90)))) };
    assert_eq!(store.change_password(stale).await.unwrap(), Changed::Lost);
    let nobody = ChangePassword { account: account_id(9), ..change(None) };
    assert_eq!(store.change_password(nobody).await.unwrap(), Changed::Lost);
    assert_eq!(store.account(id).await.unwrap(), Some(account(1)));
    assert_eq!(read(store, session_id(1)).await, own);
    assert_eq!(count_told(store, "account.password_changed").await, 0);
}

pub async fn a_change_whose_session_moved_changes_nothing(store: &dyn Store) {
    let (id, other) = (create(store, 1).await, create(store, 2).await);
    let seen = open(store, 1, Some(id)).await;
    open(store, 2, Some(id)).await;
    let somebody_elses = open(store, 3, Some(other)).await;
    let ended = open(store, 4, Some(id)).await;
    store.end_sessions(ending(Which::One(ended.id), at(20))).await.unwrap();
    assert_eq!(store.rotate_session(rotation(&seen, at(20))).await.unwrap(), Swap::Won);
    let lost = [
        renewed(&seen, secret_hash(90)),
        RenewedSession { from: Generation(1), from_secret_hash: secret_hash(9), ..renewed(&seen, secret_hash(90)) },
        renewed(&somebody_elses, secret_hash(90)),
        renewed(&ended, secret_hash(90)),
    ];
    for renew in lost {
        assert_eq!(store.change_password(change(Some(renew))).await.unwrap(), Changed::Lost);
    }
    assert_eq!(store.account(id).await.unwrap(), Some(account(1)));
    assert!(is_open(store, 1).await && is_open(store, 2).await);
    assert_eq!(read(store, session_id(1)).await.secret_hash, seen.secret_hash);
    assert_eq!(published(store).await.len(), 1);
}

pub async fn a_change_without_a_session_ends_all(store: &dyn Store) {
    let id = create(store, 1).await;
    open(store, 1, Some(id)).await;
    open(store, 2, Some(id)).await;
    let changed = store.change_password(change(None)).await.unwrap();
    assert_eq!(changed, Changed::Changed(EndedSessions { sessions: 2, published: 2 }));
    assert!(!is_open(store, 1).await && !is_open(store, 2).await);
    assert_eq!(floor(store, id).await, 6);
}
