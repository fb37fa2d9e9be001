//! Rows 11 and 12: the current token.

use crate::support::memory::Operation;
use crate::support::turns::together;
use crate::support::world::{Answer, Case, HOUR, MINUTE, NOW, SECOND, answer, client, elsewhere};
use countersign_core::client::Client;
use countersign_core::ops::Refresh;
use countersign_core::session::{Generation, Refusal, Row, SecretHash, Verdict};
use countersign_core::{Network, Span};

fn grace(grace: Span) -> impl FnOnce(&mut Case) {
    move |case| case.policy.grace = grace
}

/// A client whose workers each hold a copy.
fn shared(overlap: Span) -> Client {
    Client { overlap, ..client("workers") }
}

// Row 11

#[test]
fn row_11_within_the_grace_period_of_a_rotation_the_same_token_is_answered() {
    for (ago, row) in [(0, Row::JustRotated), (9_999, Row::JustRotated), (10_000, Row::Current), (10_001, Row::Current)]
    {
        assert_eq!(Case::of(5, 5).rotated(Span::from_millis(ago)).row(), row, "{ago} ms");
    }
    let judgement = Case::of(5, 5).rotated(SECOND).judge();
    assert_eq!(judgement.verdict, Verdict::Keep { moves_idle: false });
}

#[test]
fn row_11_without_a_grace_period_is_off() {
    assert_eq!(Case::of(5, 5).rotated(Span::ZERO).with(grace(Span::ZERO)).row(), Row::Current);
}

#[test]
fn row_11_never_holds_back_the_first_refresh() {
    let fresh = |case: &mut Case| case.state.session.created_at = NOW;
    assert_eq!(Case::of(0, 0).with(fresh).with(grace(MINUTE)).row(), Row::Current);
}

#[test]
fn row_11_a_rotation_in_the_future_counts_as_now() {
    let ahead = |case: &mut Case| case.state.session.rotated_at = Some(NOW + HOUR);
    assert_eq!(Case::of(5, 5).with(ahead).row(), Row::JustRotated);
    assert_eq!(Case::of(5, 5).with(ahead).with(grace(Span::ZERO)).row(), Row::Current);
}

#[test]
fn row_11_an_overlap_stands_for_the_grace_period_whatever_that_is() {
    for policy in [Span::ZERO, Span::from_seconds(10), MINUTE] {
        let case = |ago| Case::at(shared(Span::from_seconds(30)), 5, 5).rotated(ago).with(grace(policy));
        assert_eq!(case(Span::from_millis(29_999)).row(), Row::JustRotated, "{policy:?}");
        assert_eq!(case(Span::from_seconds(30)).row(), Row::Current, "{policy:?}");
    }
}

#[test]
fn row_11_writes_nothing_once_the_mint_rule_has_written_ahead() {
    let (mut world, presented) = Case::of(5, 5).rotated(SECOND).into_world();
    assert_eq!(world.refresh(presented).unwrap(), Answer::Same(Row::JustRotated));
    assert_eq!(world.refresh(Case::of(5, 5).presented).unwrap(), Answer::Same(Row::JustRotated));
    let log = world.store.kept().log.clone();
    let [read, first, second] = [Operation::Read, Operation::Held { wrote: true }, Operation::Held { wrote: false }];
    assert_eq!(log, [read, first, read, second]);
    assert_eq!(world.session().generation, Generation(5));
}

// Row 12

#[test]
fn row_12_the_current_token_is_traded_for_its_successor() {
    let (mut world, mut presented) = Case::of(5, 5).into_world();
    presented.retry = Some(SecretHash::of(b"retry"));
    presented.address = elsewhere(1);
    assert_eq!(world.refresh(presented).unwrap(), Answer::Token(Row::Current, Generation(6)));
    let session = world.session();
    assert_eq!((session.generation, session.rotated_at), (Generation(6), Some(NOW)));
    assert_eq!(session.retry_hash, Some(SecretHash::of(b"retry")));
    assert_eq!(session.networks.iter().next(), Some(Network::of(elsewhere(1))));
    assert_eq!(session.rotated_by.as_deref(), Some("request-2"));
    assert_eq!(session.idle_expires_at, NOW + Span::from_days(14));
}

#[test]
fn row_12_a_rotation_without_a_retry_key_forgets_the_one_before() {
    let kept = |case: &mut Case| case.state.session.retry_hash = Some(SecretHash::of(b"retry"));
    let (mut world, presented) = Case::of(5, 5).with(kept).into_world();
    world.refresh(presented).unwrap();
    assert_eq!(world.session().retry_hash, None);
}

#[test]
fn row_12_the_last_generation_is_refused_and_nothing_ends() {
    let (mut world, presented) = Case::of(u32::MAX, u32::MAX).into_world();
    assert_eq!(world.refresh(presented).unwrap(), Answer::Refused(Row::Current, Refusal::InvalidGrant));
    assert_eq!(world.session().ended, None);
    let (mut world, presented) = Case::of(u32::MAX - 1, u32::MAX - 1).into_world();
    assert_eq!(world.refresh(presented).unwrap(), Answer::Token(Row::Current, Generation(u32::MAX)));
}

#[test]
fn row_12_of_many_at_once_one_swaps_and_all_others_get_the_same_successor() {
    for grace_seconds in [0, 10] {
        let case = || Case::of(5, 5).with(grace(Span::from_seconds(grace_seconds)));
        let (mut world, _) = case().into_world();
        let requests: Vec<_> = (0..64).map(|_| (Refresh { presented: case().presented }, world.draw())).collect();
        let running = requests.iter().map(|(refresh, draw)| refresh.run(&world.store, &world.policies, draw)).collect();
        let answers: Vec<_> =
            together(running, &[]).into_iter().map(|(_, refreshed)| answer(&refreshed.unwrap())).collect();
        let repeated = if grace_seconds == 0 { Row::Late } else { Row::Repeated };
        let of = |row| answers.iter().filter(|&&answer| answer == Answer::Token(row, Generation(6))).count();
        assert_eq!((of(Row::Current), of(repeated)), (1, 63));
        let won = world.store.kept().log.iter().filter(|&&op| op == won_from(5)).count();
        assert_eq!((won, world.session().generation), (1, Generation(6)));
    }
}

const fn won_from(generation: u32) -> Operation {
    Operation::Rotated { from: Generation(generation), won: true }
}
