use super::fixtures::{
    account, account_id, at, create, ending, floor, found, open, opening, published, read, revoked_sessions, rotation,
    session, session_id, together, told,
};
use crate::account::{Account, SessionsFloor};
use crate::ids::TokenId;
use crate::revocation::Revocation;
use crate::session::Generation;
use crate::store::{
    Created, NewAccount, OpenSession, Opened, RotateSession, SessionFilter, Store, StoreFuture, Swap, Which,
};
use std::collections::BTreeSet;

pub async fn of_64_rotations_of_one_generation_one_wins(store: &dyn Store) {
    let account = create(store, 1).await;
    let mut session = open(store, 1, Some(account)).await;
    for round in 1..=5 {
        let rotate = |number| RotateSession {
            request: format!("request {number}"),
            ..rotation(&session, at(20 + u64::from(round)))
        };
        let outcomes = together((0..64).map(|number| store.rotate_session(rotate(number))).collect()).await;
        let winners: Vec<_> = (0..).zip(&outcomes).filter(|(_, swap)| **swap == Swap::Won).collect();
        assert_eq!(winners.len(), 1, "in round {round}");
        session = read(store, session_id(1)).await;
        assert_eq!(session.generation, Generation(round));
        assert_eq!(session.rotated_by, Some(format!("request {}", winners[0].0)));
    }
}

pub async fn of_64_endings_of_one_session_one_ends_it(store: &dyn Store) {
    let account = create(store, 1).await;
    let session = open(store, 1, Some(account)).await;
    let end = |_| store.end_sessions(ending(Which::One(session.id), at(20)));
    let ended: u64 = together((0..64).map(end).collect()).await.iter().map(|ended| ended.sessions).sum();
    assert_eq!(ended, 1);
    assert_eq!(revoked_sessions(store).await, [session.id]);
}

pub async fn no_session_opened_beside_an_ending_survives_it(store: &dyn Store) {
    enum Outcome {
        Opened(Opened),
        Ended(u64),
    }
    let account = create(store, 1).await;
    for round in 0..10 {
        let floor = floor(store, account).await;
        let step = |number: u32| -> StoreFuture<'_, Outcome> {
            Box::pin(async move {
                if number == 16 {
                    let end = store.end_sessions(ending(Which::OfAccount(account), at(20)));
                    return Ok(Outcome::Ended(end.await?.sessions));
                }
                let opening = opening(session(round * 100 + number, Some(account)));
                let open = OpenSession { floor: Some(SessionsFloor(floor)), ..opening };
                Ok(Outcome::Opened(store.open_session(open).await?))
            })
        };
        let (mut opened, mut ended) = (0, 0);
        for outcome in together((0..32).map(step).collect()).await {
            match outcome {
                Outcome::Opened(Opened::Opened) => opened += 1,
                Outcome::Opened(Opened::Refused) => {}
                Outcome::Ended(sessions) => ended += sessions,
            }
        }
        // Whoever was first was ended with the rest, whoever came later was refused.
        assert_eq!(opened, ended, "in round {round}");
        let live = SessionFilter { account: Some(account), live_at: Some(at(20)), ..SessionFilter::default() };
        assert_eq!(store.sessions(live, crate::store::Page::first()).await.unwrap().items, []);
    }
}

pub async fn of_16_sign_ups_with_one_login_one_wins(store: &dyn Store) {
    found(store).await;
    let sign_up = |number| {
        let same = Account { id: account_id(number), ..account(0) };
        store.create_account(NewAccount { account: same, audit: told("account.created") })
    };
    let outcomes = together((0..16).map(sign_up).collect()).await;
    assert_eq!(outcomes.iter().filter(|created| **created == Created::Created).count(), 1);
}

pub async fn numbers_are_given_without_a_gap_by_all_who_publish(store: &dyn Store) {
    let account = create(store, 1).await;
    let publish = |number: u32| -> StoreFuture<'_, Option<u64>> {
        Box::pin(async move {
            let opening = OpenSession { now: at(10), ..opening(session(number, Some(account))) };
            if store.open_session(opening).await? == Opened::Opened && number.is_multiple_of(2) {
                store.end_sessions(ending(Which::One(session_id(number)), at(20))).await?;
                return Ok(None);
            }
            let token = TokenId::from_bytes([u8::try_from(number).unwrap_or(0); 16]);
            let entries = vec![Revocation::of_token(token, at(600).timestamp()); 3];
            Ok(Some(store.publish_revocations(entries, told("token.revoked")).await?.last.0))
        })
    };
    let lasts: Vec<u64> = together((0..40).map(publish).collect()).await.into_iter().flatten().collect();
    assert_eq!(lasts.iter().collect::<BTreeSet<_>>().len(), 20);
    let numbers: Vec<u64> = published(store).await.iter().map(|entry| entry.sequence().0).collect();
    assert_eq!(numbers, (1..=20 + 20 * 3).collect::<Vec<_>>());
}
