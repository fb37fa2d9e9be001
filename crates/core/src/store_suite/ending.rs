use super::fixtures::{
    account_id, at, count_told, create, ending, floor, is_open, open, open_as, published, read, revoked_sessions,
    session, session_id,
};
use crate::client::ClientId;
use crate::revocation::{Kind, Revocation};
use crate::scope::ScopeSet;
use crate::session::{End, EndReason, Session};
use crate::store::{EndSessions, EndedSessions, Store, Which};

async fn end(store: &dyn Store, which: Which) -> (u64, u64) {
    let EndedSessions { sessions, published } = store.end_sessions(ending(which, at(20))).await.unwrap();
    (sessions, published)
}

/// Which of the sessions 1 to `last` are open.
async fn still_open(store: &dyn Store, last: u32) -> Vec<u32> {
    let mut open = Vec::new();
    for number in 1..=last {
        if is_open(store, number).await {
            open.push(number);
        }
    }
    open
}

pub async fn a_session_ends_once(store: &dyn Store) {
    let account = create(store, 1).await;
    let before = open(store, 1, Some(account)).await;
    assert_eq!(end(store, Which::One(session_id(1))).await, (1, 1));
    let after = read(store, session_id(1)).await;
    let ended = after.ended.clone().unwrap();
    assert_eq!((ended.end, ended.at), (End::by(EndReason::Administrator, "the suite"), at(20)));
    assert_eq!(Session { ended: None, ..after }, before);
    // Again: nothing is published, and the first cause stays.
    let again = EndSessions { end: End::of(EndReason::Reused), ..ending(Which::One(session_id(1)), at(30)) };
    assert_eq!(store.end_sessions(again).await.unwrap(), EndedSessions::default());
    assert_eq!(read(store, session_id(1)).await.ended.unwrap().end.reason, EndReason::Administrator);
    assert_eq!(end(store, Which::One(session_id(9))).await, (0, 0));
    assert_eq!(revoked_sessions(store).await, [session_id(1)]);
    assert_eq!(floor(store, account).await, 5);
}

pub async fn somebody_elses_session_does_not_end(store: &dyn Store) {
    let (one, two) = (create(store, 1).await, create(store, 2).await);
    open(store, 1, Some(one)).await;
    open(store, 2, None).await;
    assert_eq!(end(store, Which::OneOf(two, session_id(1))).await, (0, 0));
    assert_eq!(end(store, Which::OneOf(two, session_id(2))).await, (0, 0));
    assert_eq!(end(store, Which::OneOf(one, session_id(1))).await, (1, 1));
    assert_eq!(still_open(store, 2).await, [2]);
}

pub async fn all_of_an_account_end_and_its_floor_rises(store: &dyn Store) {
    let (one, two) = (create(store, 1).await, create(store, 2).await);
    open(store, 1, Some(one)).await;
    open(store, 2, Some(one)).await;
    open(store, 3, Some(two)).await;
    open(store, 4, None).await;
    assert_eq!(end(store, Which::OfAccount(one)).await, (2, 2));
    assert_eq!(still_open(store, 4).await, [3, 4]);
    assert_eq!(revoked_sessions(store).await, [session_id(1), session_id(2)]);
    assert_eq!((floor(store, one).await, floor(store, two).await), (6, 5));
    // Nothing is left to end, but a sign-in that is under way must be refused all the same.
    assert_eq!(end(store, Which::OfAccount(one)).await, (0, 0));
    assert_eq!(floor(store, one).await, 7);
    assert_eq!(end(store, Which::OfAccount(account_id(9))).await, (0, 0));
}

pub async fn all_but_one_end_and_the_floor_rises(store: &dyn Store) {
    let account = create(store, 1).await;
    for number in 1..=3 {
        open(store, number, Some(account)).await;
    }
    assert_eq!(end(store, Which::OfAccountExcept(account, session_id(2))).await, (2, 2));
    assert_eq!(still_open(store, 3).await, [2]);
    assert_eq!(floor(store, account).await, 6);
}

pub async fn all_at_a_client_end(store: &dyn Store) {
    let account = create(store, 1).await;
    let client = ClientId::parse("app").unwrap();
    open(store, 1, Some(account)).await;
    open_as(store, Session { client: client.clone(), ..session(2, Some(account)) }).await;
    open_as(store, Session { client: client.clone(), ..session(3, None) }).await;
    assert_eq!(end(store, Which::AtClient(client)).await, (2, 2));
    assert_eq!(still_open(store, 3).await, [1]);
    assert_eq!(floor(store, account).await, 5);
}

pub async fn all_there_are_end(store: &dyn Store) {
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await;
    open(store, 2, None).await;
    open(store, 3, None).await;
    end(store, Which::One(session_id(3))).await;
    assert_eq!(end(store, Which::All).await, (2, 2));
    assert_eq!(still_open(store, 3).await, [0; 0]);
    assert_eq!(published(store).await.len(), 3);
}

pub async fn children_end_with_their_parent_unless_offline(store: &dyn Store) {
    let account = create(store, 1).await;
    let child = |number, parent, scope| Session {
        parent: Some(session_id(parent)),
        client: ClientId::parse("app").unwrap(),
        scope: ScopeSet::parse(scope).unwrap(),
        ..session(number, Some(account))
    };
    open(store, 1, Some(account)).await;
    open_as(store, child(2, 1, "orders:read")).await;
    open_as(store, child(3, 1, "orders:read offline_access")).await;
    open_as(store, child(4, 2, "orders:read")).await;
    open_as(store, child(5, 3, "orders:read")).await;
    open(store, 6, Some(account)).await;
    assert_eq!(end(store, Which::One(session_id(1))).await, (3, 3));
    assert_eq!(still_open(store, 6).await, [3, 5, 6]);
    assert_eq!(read(store, session_id(4)).await.ended.unwrap().end.reason, EndReason::Administrator);
    assert_eq!(revoked_sessions(store).await, [1, 2, 4].map(session_id));
}

pub async fn the_spared_session_survives_its_parent(store: &dyn Store) {
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await;
    open_as(store, Session { parent: Some(session_id(1)), ..session(2, Some(account)) }).await;
    open_as(store, Session { parent: Some(session_id(2)), ..session(3, Some(account)) }).await;
    assert_eq!(end(store, Which::OfAccountExcept(account, session_id(2))).await, (2, 2));
    assert_eq!(still_open(store, 3).await, [2]);
}

pub async fn a_revocation_lasts_as_long_as_a_token_may(store: &dyn Store) {
    let account = create(store, 1).await;
    let last = at(700);
    open_as(store, Session { last_token_expires_at: last, ..session(1, Some(account)) }).await;
    end(store, Which::One(session_id(1))).await;
    let entry = published(store).await.remove(0);
    assert_eq!(entry.clone().into_new(), Revocation::of_session(session_id(1), last, at(20)).unwrap().entry().unwrap());
    assert_eq!((entry.kind(), entry.id().into_owned()), (Kind::Session, session_id(1).to_string()));
    assert_eq!(entry.until(), at(790).timestamp().as_seconds());
}

pub async fn what_has_no_living_token_publishes_nothing(store: &dyn Store) {
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await;
    open(store, 2, Some(account)).await;
    let late = ending(Which::One(session_id(1)), at(790));
    assert_eq!(store.end_sessions(late).await.unwrap(), EndedSessions { sessions: 1, published: 0 });
    let in_time = ending(Which::One(session_id(2)), at(789));
    assert_eq!(store.end_sessions(in_time).await.unwrap(), EndedSessions { sessions: 1, published: 1 });
    assert_eq!(revoked_sessions(store).await, [session_id(2)]);
}

pub async fn an_ending_is_told_only_if_something_ended(store: &dyn Store) {
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await;
    end(store, Which::One(session_id(9))).await;
    assert_eq!(count_told(store, "session.ended").await, 0);
    end(store, Which::OfAccount(account)).await;
    end(store, Which::OfAccount(account)).await;
    assert_eq!(count_told(store, "session.ended").await, 1);
    open(store, 2, Some(account)).await;
    let quiet = EndSessions { audit: None, ..ending(Which::One(session_id(2)), at(20)) };
    assert_eq!(store.end_sessions(quiet).await.unwrap().sessions, 1);
    assert_eq!(count_told(store, "session.ended").await, 1);
}
