//! The key ring under random times, policies, rotations and revocations (docs/keys.md). What must hold after every
//! change is in `keeper.rs`; here is what happens to the ring.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails should stop its test")]

#[path = "../support/mod.rs"]
mod support;

mod distrust;
mod keeper;

use countersign_core::Span;
use countersign_core::key_ring::{MacKeyState, RingPolicy};
use countersign_core::ops::{KeyRingChanged, RotationError};
use countersign_core::policy::{KeyPolicy, SessionPolicy};
use countersign_core::resource::{Resource, ResourceUri};
use countersign_jose::{Algorithm, SigningKey};
use keeper::Keeper;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use support::memory::Operation;

/// What happens to the ring next.
#[derive(Debug, Clone)]
enum Move {
    Pass(Span),
    Keep,
    KeepTwice(Vec<usize>),
    Rotate {
        at_once: bool,
    },
    RotateMac,
    Revoke(usize),
    Distrust(usize),
    /// Access tokens of some resource live this long from now on.
    Lengthen(Span),
}

fn policy(rotation: Span, publish_ahead: Span, token_lifetime: Span) -> RingPolicy {
    let key = KeyPolicy { rotation, publish_ahead };
    RingPolicy { key, session: SessionPolicy::default(), algorithm: Algorithm::EdDsa, token_lifetime, id_tokens: false }
}

fn seconds(of: Vec<u64>) -> impl Strategy<Value = Span> {
    select(of).prop_map(Span::from_seconds)
}

fn any_policy() -> impl Strategy<Value = RingPolicy> {
    let rotation = seconds(vec![5, 60, 3_600, 86_400, 2_592_000]);
    let publish_ahead = seconds(vec![0, 2, 60, 600, 86_400]);
    let lifetime = seconds(vec![1, 120, 600, 3_600]);
    (rotation, publish_ahead, lifetime).prop_map(|(rotation, ahead, lifetime)| policy(rotation, ahead, lifetime))
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        8 => seconds(vec![0, 1, 2, 5, 30, 90, 120, 600, 3_600, 86_400, 2_592_000]).prop_map(Move::Pass),
        4 => Just(Move::Keep),
        2 => vec(0_usize..2, 0..12).prop_map(Move::KeepTwice),
        1 => any::<bool>().prop_map(|at_once| Move::Rotate { at_once }),
        1 => Just(Move::RotateMac),
        1 => any::<usize>().prop_map(Move::Revoke),
        1 => any::<usize>().prop_map(Move::Distrust),
        1 => seconds(vec![60, 1_200, 3_600]).prop_map(Move::Lengthen),
    ]
}

fn play(keeper: &mut Keeper, next: &Move) {
    match next {
        Move::Pass(span) => keeper.pass(*span),
        Move::Keep => keeper.keep(),
        Move::KeepTwice(order) => keeper.keep_twice(order),
        Move::Rotate { at_once } => drop(keeper.rotate(*at_once)),
        Move::RotateMac => drop(keeper.rotate_mac()),
        Move::Revoke(number) => keeper.revoke(*number),
        Move::Distrust(number) => keeper.distrust(*number),
        Move::Lengthen(lifetime) => {
            let uri = ResourceUri::parse("https://orders.example.com").unwrap();
            let resource = Resource::new(uri, [], Some(*lifetime), keeper.now()).unwrap();
            keeper.store.kept().resources.push(resource);
            keeper.policy.token_lifetime = keeper.policy.token_lifetime.max(*lifetime);
        }
    }
}

proptest! {
    #[test]
    fn one_key_signs_none_before_its_time_and_none_is_gone_too_early(
        policy in any_policy(), moves in vec(any_move(), 1..60),
    ) {
        let mut keeper = Keeper::new(policy);
        keeper.keep();
        for next in &moves {
            play(&mut keeper, next);
        }
        keeper.keep();
    }

    #[test]
    fn of_two_who_keep_the_ring_at_once_one_wins_each_change(
        policy in any_policy(), waits in vec(any_move(), 1..10), order in vec(0_usize..2, 0..40),
    ) {
        let mut keeper = Keeper::new(policy);
        for wait in waits {
            keeper.keep_twice(&order);
            if let Move::Pass(span) = wait {
                keeper.pass(span);
            }
        }
        let won = keeper.store.kept().log.iter().filter(|&&op| op == Operation::RingChanged { won: true }).count();
        prop_assert_eq!(keeper.ring().version.0, won as u64);
    }
}

/// Keeps a ring for `span`, looking every `every`; the most keys that were published at once.
fn most_published(policy: RingPolicy, every: Span, span: Span) -> usize {
    let mut keeper = Keeper::new(policy);
    let ends = keeper.now() + span;
    let mut most = 0;
    while keeper.now() < ends {
        keeper.keep();
        most = most.max(keeper.open().jwks.keys.len());
        keeper.pass(every);
    }
    most
}

#[test]
fn the_published_set_stays_within_its_limit_at_the_shortest_rotation() {
    let [five, two, one] = [5, 2, 1].map(Span::from_seconds);
    let most = most_published(policy(five, two, Span::from_seconds(120)), one, Span::from_seconds(900));
    assert!((40..=46).contains(&most), "210 s of retiring keys, one every 5 s: {most}");
}

#[test]
fn the_published_set_stays_within_its_limit_however_long_tokens_live() {
    let [five, two] = [5, 2].map(Span::from_seconds);
    let most = most_published(policy(five, two, Span::from_seconds(3_600)), five, Span::from_seconds(9_000));
    assert!((50..=60).contains(&most), "as often as the set has room, with some left for `key rotate`: {most}");
}

#[test]
fn the_published_set_stays_within_its_limit_when_tokens_become_short_lived() {
    let [five, two] = [5, 2].map(Span::from_seconds);
    let mut keeper = Keeper::new(policy(five, two, Span::from_seconds(3_600)));
    for round in 0..1_000 {
        if round == 800 {
            keeper.policy.token_lifetime = Span::from_seconds(1);
        }
        keeper.keep();
        keeper.pass(five);
    }
}

#[test]
fn rotating_at_once_again_and_again_stops_where_the_set_is_full() {
    let mut keeper = Keeper::new(policy(Span::from_days(30), Span::from_days(1), Span::from_seconds(600)));
    keeper.keep();
    let changes: Vec<_> = (0..100).map(|_| keeper.rotate(true)).collect();
    let rotated = changes.iter().filter(|change| matches!(change, KeyRingChanged::Rotated(_))).count();
    assert_eq!(rotated, 62, "62 retire, one signs, one is published ahead");
    let KeyRingChanged::NotBefore(_, from) = changes[99] else { panic!("{:?}", changes[99]) };
    assert_eq!(from, keeper.now() + Span::from_seconds(690));
    keeper.pass(Span::from_seconds(690));
    assert!(matches!(keeper.rotate(true), KeyRingChanged::Rotated(_)));
}

#[test]
fn mac_key_ids_never_run_out_and_no_key_is_forgotten_while_a_session_may_hold_its_tokens() {
    let mut keeper = Keeper::new(policy(Span::from_seconds(5), Span::from_seconds(2), Span::from_seconds(60)));
    let six_hours = Span::from_seconds(6 * 3_600);
    let mut retired_at = std::collections::BTreeMap::new();
    let mut made = 0_u32;
    let mut active = None;
    for _ in 0..2 * 365 * 4 {
        keeper.keep();
        let ring = keeper.ring();
        let now = ring.active_mac().map(|key| (key.id, key.created_at));
        if now != active {
            made += 1;
            retired_at.extend(active.map(|(id, _)| (id, keeper.now())));
            active = now;
        }
        retired_at.retain(|id, since| {
            let kept = ring.mac_keys.iter().any(|key| key.id == *id && key.state == MacKeyState::Retired);
            let over = keeper.now().since(*since) >= Span::from_days(90);
            assert!(kept || over, "MAC key {id} is gone after {:?}", keeper.now().since(*since));
            kept
        });
        assert!(ring.free_mac_id().is_some());
        keeper.pass(six_hours);
    }
    assert!(made > 256, "{made} keys were made, so ids came round");
}

#[test]
fn a_revoked_key_is_not_imported_again_nor_one_that_is_there() {
    let mut keeper = Keeper::new(policy(Span::from_days(30), Span::from_days(1), Span::from_seconds(600)));
    keeper.keep();
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    assert!(matches!(keeper.import(&key), Ok(KeyRingChanged::Imported(_))));
    assert!(matches!(keeper.import(&key), Err(RotationError::AlreadyThere(_))));
    let number = keeper.ring().keys.iter().position(|known| known.id == *key.id()).unwrap();
    keeper.revoke(number);
    assert_eq!(keeper.revoked(), [key.id().clone()]);
    assert!(matches!(keeper.import(&key), Err(RotationError::AlreadyThere(_))));
}

#[test]
fn a_key_of_another_algorithm_is_not_imported() {
    let mut keeper = Keeper::new(policy(Span::from_days(30), Span::from_days(1), Span::from_seconds(600)));
    keeper.keep();
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    assert!(matches!(keeper.import(&key), Err(RotationError::OtherAlgorithm { .. })));
}

#[test]
fn at_no_moment_does_nothing_sign() {
    let mut keeper = Keeper::new(policy(Span::from_days(30), Span::from_days(1), Span::from_seconds(600)));
    keeper.keep();
    let before = keeper.ring().version.0;
    keeper.revoke(keeper.ring().keys.iter().position(|key| key.activated_at.is_some()).unwrap());
    keeper.distrust(0);
    // Revoking and promoting are one change, as are distrusting and replacing; the third made the next key.
    assert_eq!(keeper.ring().version.0, before + 3);
}
