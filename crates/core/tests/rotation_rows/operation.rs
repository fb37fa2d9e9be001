//! What holds for every row that issues or refuses: the mint rule, the alarms, what is asked of storage.

use crate::support::memory::Operation;
use crate::support::turns::together;
use crate::support::world::{Answer, Case, HOUR, MINUTE, NOW, SECOND, SESSION, World, answer, secret, token};
use countersign_core::account::Roles;
use countersign_core::client::ClientId;
use countersign_core::ops::{Issue, IssuedRefresh, Refresh, Refreshed};
use countersign_core::resource::{Resource, ResourceUri};
use countersign_core::scope::ScopeSet;
use countersign_core::session::{End, EndReason, Generation, Presentation, Refusal, Row};
use countersign_core::store::{EndSessions, SessionStore, StoreError, Which};
use countersign_core::token::MacStanding;
use countersign_core::{Span, Time};
use std::pin::Pin;

/// A refresh or an ending under way.
type Running<'a> = Pin<Box<dyn Future<Output = Result<Refreshed, StoreError>> + 'a>>;

fn issued(refreshed: Refreshed) -> Box<Issue> {
    match refreshed {
        Refreshed::Issued(_, issue) => issue,
        other => panic!("{other:?}"),
    }
}

fn presentation(generation: u32) -> Presentation {
    token(generation, ClientId::first_party())
}

#[test]
fn no_access_token_outlives_what_the_session_knows_of() {
    for (presented, case) in [(5, Case::of(5, 5)), (5, Case::of(5, 5).rotated(SECOND)), (4, Case::of(5, 4))] {
        let (mut world, _) = case.into_world();
        let claims = issued(world.answer(presentation(presented)).unwrap()).claims;
        assert_eq!(claims.expires_at.as_seconds(), NOW.timestamp().as_seconds() + 600);
        assert!(world.session().last_token_expires_at >= Time::from_timestamp(claims.expires_at));
    }
}

#[test]
fn no_access_token_outlives_its_session() {
    let (mut world, presented) =
        Case::of(5, 5).with(|case| case.state.session.absolute_expires_at = NOW + MINUTE).into_world();
    let issue = issued(world.answer(presented).unwrap());
    assert_eq!(Time::from_timestamp(issue.claims.expires_at), NOW + MINUTE);
    assert_eq!(issue.refresh_expires_at, NOW + MINUTE);
}

#[test]
fn a_session_that_ends_between_look_and_commit_issues_nothing() {
    for (presented, case) in [(5, Case::of(5, 5)), (5, Case::of(5, 5).rotated(SECOND)), (4, Case::of(5, 4))] {
        let (mut world, _) = case.into_world();
        let (refresh, draw) = (Refresh { presented: presentation(presented) }, world.draw());
        let end = EndSessions { which: Which::One(SESSION), end: End::of(EndReason::SignedOut), audit: None, now: NOW };
        let store = &world.store;
        let ending = async { store.end_sessions(end).await.map(|_| Refreshed::Contended) };
        let refreshing = refresh.run(store, &world.policies, &draw);
        let running: Vec<Running<'_>> = vec![Box::pin(refreshing), Box::pin(ending)];
        // Both begin, the refresh looks, the ending commits, the refresh goes on.
        let answers = together(running, &[0, 1, 0, 1, 0]);
        let refreshed = answers.into_iter().find(|(number, _)| *number == 0).unwrap().1.unwrap();
        assert_eq!(answer(&refreshed), Answer::Refused(Row::Ended, Refusal::InvalidGrant), "{presented}");
    }
}

#[test]
fn what_the_roles_no_longer_allow_is_not_granted_at_any_refresh() {
    let orders = ResourceUri::parse("https://orders.example.com").unwrap();
    let case = Case::of(5, 5).with(|case| {
        case.state.session.scope = ScopeSet::parse("orders:read orders:admin").unwrap();
        case.state.session.audience = orders.clone();
        case.state.resource = Some(Resource::new(orders, ["orders:read", "orders:admin=ops"], None, NOW).unwrap());
        case.state.account.as_mut().unwrap().roles = Roles::parse("ops").unwrap();
    });
    let (mut world, presented) = case.into_world();
    assert_eq!(issued(world.answer(presented).unwrap()).claims.scope.to_string(), "orders:admin orders:read");
    world.store.kept().account.as_mut().unwrap().roles = Roles::default();
    assert_eq!(issued(world.answer(presentation(6)).unwrap()).claims.scope.to_string(), "orders:read");
}

#[test]
fn a_rotation_under_a_distrusted_key_answers_the_new_secret_and_keeps_the_old_hash() {
    let distrusted = |presented: &mut Presentation| presented.token.standing = MacStanding::Distrusted;
    let (mut world, mut presented) = Case::of(5, 5).into_world();
    distrusted(&mut presented);
    let IssuedRefresh::Token { secret: new, generation, .. } = issued(world.answer(presented).unwrap()).refresh else {
        panic!("a token is issued");
    };
    let session = world.session();
    assert_eq!((generation, session.secret_hash), (Generation(6), new.hash()));
    assert_eq!(session.replaced_hash, Some(secret(5).hash()));
    // Whoever holds the old secret and the leaked key can't come back, and can't end the session either.
    for old in 0..=7 {
        let mut forged = presentation(old);
        distrusted(&mut forged);
        assert_eq!(world.refresh(forged).unwrap(), Answer::Refused(Row::WrongSecret, Refusal::InvalidGrant));
    }
    assert_eq!((world.session().ended, world.told()), (None, vec![]));
    world.now = world.now + HOUR;
    let mut next = presentation(6);
    next.token.secret = new;
    assert_eq!(world.refresh(next).unwrap(), Answer::Token(Row::Current, Generation(7)));
}

fn with_wrong_secret(world: &mut World) -> Answer {
    let mut forged = presentation(5);
    forged.token.secret = secret(6);
    world.refresh(forged).unwrap()
}

#[test]
fn one_alarm_about_a_mac_key_in_an_hour_names_the_key_and_no_session() {
    let (mut world, _) = Case::of(5, 5).into_world();
    for _ in 0..3 {
        assert_eq!(with_wrong_secret(&mut world), Answer::Refused(Row::WrongSecret, Refusal::InvalidGrant));
    }
    assert_eq!(world.told(), ["alarm.mac_key_may_be_out"]);
    world.now = world.now + HOUR;
    with_wrong_secret(&mut world);
    assert_eq!(world.told().len(), 2);
    let event = world.store.kept().audit[0].clone();
    assert_eq!((event.session, event.account), (None, None));
    assert!(event.detail.unwrap().contains("key revoke --mac 1"));
}

#[test]
fn what_is_refused_writes_nothing() {
    let (mut world, _) = Case::of(5, 5).into_world();
    let before = world.session();
    let wrong = world.refresh(presentation(7)).unwrap();
    assert_eq!(wrong, Answer::Refused(Row::Ahead, Refusal::InvalidGrant));
    with_wrong_secret(&mut world);
    assert_eq!(world.session(), before);
    let told = [Operation::Read, Operation::AlarmRaised { told: true }];
    assert_eq!(world.store.kept().log, [told, told].concat());
}

#[test]
fn an_expired_session_is_ended_with_its_cause_by_the_refresh_that_finds_it() {
    let (mut world, presented) = Case::of(5, 5).into_world();
    world.now = world.now + Span::from_days(15);
    assert_eq!(world.refresh(presented).unwrap(), Answer::Refused(Row::Expired, Refusal::InvalidGrant));
    assert_eq!(world.session().ended.unwrap().end.reason, EndReason::IdleExpired);
    assert_eq!(world.told(), ["session.ended"]);
}
