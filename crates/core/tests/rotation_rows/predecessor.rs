//! Rows 13 and 14: the token before the current one, with a retry key or within the grace period.

use crate::support::memory::Operation;
use crate::support::turns::together;
use crate::support::world::{Answer, Case, HOME, MINUTE, NOW, SECOND, client, elsewhere, token};
use countersign_core::client::{Client, ClientId};
use countersign_core::ops::Refresh;
use countersign_core::session::{Alarm, Count, Generation, Networks, Row, Run, RunKind, SecretHash, Verdict};
use countersign_core::{Network, Span};

fn key(text: &str) -> Option<SecretHash> {
    Some(SecretHash::of(text.as_bytes()))
}

/// The predecessor, after a rotation that carried `rotated_with`, presented with `presented_with`.
fn retried(rotated_with: Option<SecretHash>, presented_with: Option<SecretHash>) -> Case {
    Case::of(5, 4).with(|case| {
        case.state.session.retry_hash = rotated_with;
        case.presented.retry = presented_with;
    })
}

fn counted(case: &Case) -> Option<Option<Count>> {
    match case.judge().verdict {
        Verdict::Repeat { count } => Some(count),
        _ => None,
    }
}

// Row 13

#[test]
fn row_13_with_the_retry_key_of_the_rotation_the_same_successor_is_answered_however_late() {
    for ago in [Span::ZERO, SECOND, MINUTE, Span::from_days(13)] {
        let case = retried(key("a"), key("a")).rotated(ago);
        assert_eq!((case.row(), counted(&case)), (Row::RetryKey, Some(None)), "{ago:?}");
    }
}

#[test]
fn row_13_needs_neither_grace_nor_forgiveness_and_no_network() {
    let strict = |case: &mut Case| {
        (case.policy.grace, case.policy.forgiveness) = (Span::ZERO, 0);
        case.presented.address = elsewhere(1);
    };
    assert_eq!(retried(key("a"), key("a")).with(strict).row(), Row::RetryKey);
}

#[test]
fn row_13_another_retry_key_or_none_is_reuse_even_within_the_grace_period() {
    for presented in [key("b"), None] {
        for ago in [Span::ZERO, SECOND, MINUTE] {
            let judgement = retried(key("a"), presented).rotated(ago).judge();
            assert_eq!((judgement.row, judgement.alarm), (Row::Reused, Some(Alarm::Reused)), "{presented:?} {ago:?}");
        }
    }
}

#[test]
fn row_13_another_retry_key_is_reuse_even_with_an_overlap() {
    let shared = Client { overlap: MINUTE, ..client("workers") };
    let keys = |case: &mut Case| (case.state.session.retry_hash, case.presented.retry) = (key("a"), key("b"));
    assert_eq!(Case::at(shared, 5, 4).rotated(SECOND).with(keys).row(), Row::Reused);
}

#[test]
fn row_13_a_retry_key_after_a_rotation_without_one_means_nothing() {
    assert_eq!(retried(None, key("a")).rotated(SECOND).row(), Row::Repeated);
    assert_eq!(retried(None, key("a")).rotated(MINUTE).row(), Row::Late);
}

#[test]
fn row_13_reaches_back_one_generation_only() {
    let keys = |case: &mut Case| (case.state.session.retry_hash, case.presented.retry) = (key("a"), key("a"));
    assert_eq!(Case::of(5, 3).with(keys).row(), Row::Reused);
}

#[test]
fn row_13_answers_what_the_rotation_answered() {
    let (mut world, mut presented) = Case::of(5, 5).into_world();
    presented.retry = key("a");
    assert_eq!(world.refresh(presented).unwrap(), Answer::Token(Row::Current, Generation(6)));
    world.now = NOW + Span::from_days(13);
    let mut retry = token(5, ClientId::first_party());
    (retry.retry, retry.address) = (key("a"), elsewhere(1));
    assert_eq!(world.refresh(retry).unwrap(), Answer::Token(Row::RetryKey, Generation(6)));
    assert_eq!(world.told(), Vec::<String>::new(), "nothing to tell: it is certain that this is the same client");
}

// Row 14

fn repeated_from(network: u8, foreign: Run) -> Case {
    Case::of(5, 4).rotated(SECOND).with(|case| {
        case.presented.address = elsewhere(network);
        case.state.session.foreign = foreign;
    })
}

const fn run(generation: u32, length: u32) -> Run {
    Run { generation, length }
}

#[test]
fn row_14_within_the_grace_period_the_same_successor_is_answered() {
    for (ago, row) in [(0, Row::Repeated), (9_999, Row::Repeated), (10_000, Row::Late)] {
        assert_eq!(Case::of(5, 4).rotated(Span::from_millis(ago)).row(), row, "{ago} ms");
    }
}

#[test]
fn row_14_without_a_grace_period_is_off() {
    let off = |case: &mut Case| case.policy.grace = Span::ZERO;
    assert_eq!(Case::of(5, 4).rotated(Span::ZERO).with(off).row(), Row::Late);
}

#[test]
fn row_14_from_a_network_that_rotated_the_session_counts_nothing() {
    let case = Case::of(5, 4).rotated(SECOND).with(|case| case.state.session.foreign = run(4, 5));
    assert_eq!(case.presented.address, HOME);
    assert_eq!(counted(&case), Some(None));
}

#[test]
fn row_14_from_another_network_counts_a_generation_once() {
    let foreign = |from, to| Some(Some(Count { kind: RunKind::Foreign, from, to }));
    assert_eq!(counted(&repeated_from(1, Run::default())), foreign(Run::default(), run(5, 1)));
    assert_eq!(counted(&repeated_from(1, run(4, 3))), foreign(run(4, 3), run(5, 4)));
    assert_eq!(counted(&repeated_from(2, run(5, 4))), Some(None), "counted before in this generation");
}

#[test]
fn row_14_a_generation_in_between_begins_the_run_anew() {
    let count = Count { kind: RunKind::Foreign, from: run(3, 5), to: run(5, 1) };
    assert_eq!(counted(&repeated_from(1, run(3, 5))), Some(Some(count)));
}

#[test]
fn row_14_a_sixth_foreign_generation_in_a_row_is_reuse() {
    assert_eq!(repeated_from(1, run(4, 4)).row(), Row::Repeated);
    assert_eq!(repeated_from(1, run(5, 5)).row(), Row::Repeated, "the fifth once more");
    let judgement = repeated_from(1, run(4, 5)).judge();
    assert_eq!((judgement.row, judgement.alarm), (Row::Reused, Some(Alarm::Reused)));
}

#[test]
fn row_14_knows_the_last_four_networks() {
    let known = |network| {
        let of = |number| Network::of(elsewhere(number));
        let networks = (1..=5).fold(Networks::default(), |networks, number| networks.with(of(number)));
        let case = repeated_from(network, Run::default()).with(|case| case.state.session.networks = networks);
        counted(&case) == Some(None)
    };
    assert_eq!([1, 2, 3, 4, 5, 6].map(known), [false, true, true, true, true, false]);
}

#[test]
fn row_14_with_an_overlap_no_network_is_counted() {
    let shared = Client { overlap: MINUTE, ..client("workers") };
    for grace in [Span::ZERO, Span::from_seconds(10)] {
        let case = |ago| {
            Case::at(shared.clone(), 5, 4).rotated(ago).with(|case| {
                (case.presented.address, case.policy.grace) = (elsewhere(1), grace);
                case.state.session.foreign = run(4, 5);
            })
        };
        assert_eq!(counted(&case(Span::from_millis(59_999))), Some(None), "{grace:?}");
        assert_eq!(case(MINUTE).row(), Row::Late, "{grace:?}");
    }
}

#[test]
fn row_14_a_follower_from_elsewhere_is_caught_in_the_sixth_generation() {
    let (mut world, _) = Case::of(0, 0).into_world();
    let first_party = ClientId::first_party;
    for generation in 0..5 {
        world.now = world.now + MINUTE;
        let answer = world.refresh(token(generation, first_party())).unwrap();
        assert_eq!(answer, Answer::Token(Row::Current, Generation(generation + 1)));
        let mut follower = token(generation, first_party());
        follower.address = elsewhere(1);
        assert_eq!(world.refresh(follower).unwrap(), Answer::Token(Row::Repeated, Generation(generation + 1)));
    }
    world.now = world.now + MINUTE;
    world.refresh(token(5, first_party())).unwrap();
    let mut follower = token(5, first_party());
    follower.address = elsewhere(1);
    assert!(matches!(world.refresh(follower).unwrap(), Answer::Refused(Row::Reused, _)));
    assert!(world.session().ended.is_some());
}

#[test]
fn row_14_a_repetition_that_loses_its_swap_is_judged_again() {
    let (mut world, first) = repeated_from(1, Run::default()).into_world();
    let second = repeated_from(2, Run::default()).presented;
    let draws = [world.draw(), world.draw()];
    let refreshes = [Refresh { presented: first }, Refresh { presented: second }];
    let running = std::iter::zip(&refreshes, &draws)
        .map(|(refresh, draw)| refresh.run(&world.store, &world.policies, draw))
        .collect();
    assert_eq!(together(running, &[]).len(), 2);
    let log = world.store.kept().log.clone();
    let counted = |won| log.iter().filter(|&&op| op == Operation::Counted { won }).count();
    assert_eq!((counted(true), counted(false)), (1, 1));
    assert_eq!(world.session().foreign, run(5, 1));
}
