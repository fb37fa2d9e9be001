//! Rows 15 and 16: a reply that was lost, and reuse.

use crate::support::turns::together;
use crate::support::world::{Answer, Case, HOUR, MINUTE, NOW, SECOND, SESSION, World, answer, elsewhere, token};
use countersign_core::Span;
use countersign_core::client::ClientId;
use countersign_core::ops::Refresh;
use countersign_core::revocation::{Revocation, RevocationSubject};
use countersign_core::session::{Alarm, Count, EndReason, Generation, Refusal, Row, Run, RunKind, Verdict};

const fn run(generation: u32, length: u32) -> Run {
    Run { generation, length }
}

fn late(run: Run, forgiveness: u32) -> Case {
    Case::of(5, 4).rotated(MINUTE).with(|case| {
        case.state.session.late = run;
        case.policy.forgiveness = forgiveness;
    })
}

/// Rotates a world's session once; with `lost` the reply is lost and the token retried a minute later.
fn generation(world: &mut World, lost: bool) -> Answer {
    world.now = world.now + HOUR;
    let Generation(current) = world.session().generation;
    let present = || token(current, ClientId::first_party());
    let answer = world.refresh(present()).unwrap();
    if !lost {
        return answer;
    }
    world.now = world.now + MINUTE;
    world.refresh(present()).unwrap()
}

fn world(forgiveness: u32) -> World {
    Case::of(0, 0).with(|case| case.policy.forgiveness = forgiveness).into_world().0
}

// Row 15

#[test]
fn row_15_as_many_late_generations_in_a_row_as_are_forgiven_go_on_and_one_more_is_reuse() {
    for forgiveness in 0..=5 {
        let mut world = world(forgiveness);
        for number in 1..=forgiveness {
            let answer = generation(&mut world, true);
            assert_eq!(answer, Answer::Token(Row::Late, Generation(number)), "{forgiveness}");
            assert_eq!(world.session().late, run(number, number));
        }
        let answer = generation(&mut world, true);
        assert_eq!(answer, Answer::Refused(Row::Reused, Refusal::InvalidGrant), "{forgiveness}");
    }
}

#[test]
fn row_15_a_generation_without_a_loss_ends_the_run() {
    let mut world = world(2);
    for round in 0..50 {
        for lost in [true, true, false] {
            let answer = generation(&mut world, lost);
            assert!(matches!(answer, Answer::Token(..)), "round {round}: {answer:?}");
        }
    }
    assert_eq!(world.session().generation, Generation(150));
}

#[test]
fn row_15_further_late_presentations_in_one_generation_cost_nothing() {
    let counted = |case: &Case| match case.judge().verdict {
        Verdict::Repeat { count } => Some(count),
        _ => None,
    };
    let count = Count { kind: RunKind::Late, from: run(4, 1), to: run(5, 2) };
    assert_eq!(counted(&late(run(4, 1), 2)), Some(Some(count)));
    assert_eq!(counted(&late(run(5, 2), 2)), Some(None));
    assert_eq!(late(run(4, 2), 2).row(), Row::Reused);
    let count = Count { kind: RunKind::Late, from: run(3, 2), to: run(5, 1) };
    assert_eq!(counted(&late(run(3, 2), 2)), Some(Some(count)), "interrupted: begun anew");
}

#[test]
fn row_15_without_forgiveness_is_off_and_lateness_is_reuse() {
    assert_eq!(late(Run::default(), 0).row(), Row::Reused);
    let within_grace = late(Run::default(), 0).rotated(SECOND);
    assert_eq!(within_grace.row(), Row::Repeated, "grace and forgiveness are independent");
}

#[test]
fn row_15_without_a_grace_period_forgives_from_the_first_millisecond() {
    let case = late(Run::default(), 1).rotated(Span::ZERO).with(|case| case.policy.grace = Span::ZERO);
    assert_eq!(case.row(), Row::Late);
}

#[test]
fn row_15_less_forgiveness_than_was_counted_before_is_reuse() {
    assert_eq!(late(run(5, 2), 1).row(), Row::Reused);
}

#[test]
fn row_15_repetitions_within_the_grace_period_are_no_part_of_the_run() {
    let mut world = world(1);
    for number in 1..=20 {
        world.now = world.now + HOUR;
        let present = || token(number - 1, ClientId::first_party());
        world.refresh(present()).unwrap();
        world.now = world.now + SECOND;
        assert_eq!(world.refresh(present()).unwrap(), Answer::Token(Row::Repeated, Generation(number)));
    }
    assert_eq!(world.session().late, Run::default());
}

#[test]
fn row_15_is_told_once_for_each_generation() {
    let (mut world, presented) = late(Run::default(), 2).into_world();
    world.refresh(presented).unwrap();
    world.refresh(late(Run::default(), 2).presented).unwrap();
    assert_eq!(world.told(), ["session.reply_lost"]);
}

#[test]
fn row_15_a_late_presentation_that_a_rotation_overtakes_is_judged_again() {
    let (mut world, overtaken) = late(Run::default(), 2).into_world();
    let overtaking = token(5, ClientId::first_party());
    let draws = [world.draw(), world.draw()];
    let refreshes = [Refresh { presented: overtaken }, Refresh { presented: overtaking }];
    let running = std::iter::zip(&refreshes, &draws)
        .map(|(refresh, draw)| refresh.run(&world.store, &world.policies, draw))
        .collect();
    // The first looks and finds itself late; the second looks and swaps; the first has its count lost and looks again.
    let answers = together(running, &[0, 0, 1, 1, 1, 0, 0, 0]);
    let answers: Vec<_> = answers.into_iter().map(|(_, refreshed)| answer(&refreshed.unwrap())).collect();
    let reused = Answer::Refused(Row::Reused, Refusal::InvalidGrant);
    assert_eq!(answers, [Answer::Token(Row::Current, Generation(6)), reused]);
}

// Row 16

#[test]
fn row_16_a_token_older_than_the_one_before_is_reuse_at_any_time() {
    for presented in 0..=3 {
        for ago in [Span::ZERO, SECOND, HOUR] {
            let judgement = Case::of(5, presented).rotated(ago).judge();
            assert_eq!((judgement.row, judgement.alarm), (Row::Reused, Some(Alarm::Reused)), "{presented} {ago:?}");
        }
    }
}

#[test]
fn row_16_ends_the_session_and_publishes_it_in_the_same_commit() {
    let (mut world, presented) =
        Case::of(5, 3).with(|case| case.state.session.last_token_expires_at = NOW + MINUTE).into_world();
    assert_eq!(world.refresh(presented).unwrap(), Answer::Refused(Row::Reused, Refusal::InvalidGrant));
    let until = Revocation::of_session(SESSION, NOW + MINUTE, NOW).unwrap().until;
    let published = Revocation { subject: RevocationSubject::Session(SESSION), until };
    assert_eq!(world.store.kept().revocations, [published]);
    assert_eq!(world.told(), ["alarm.refresh_token_reused"]);
    let ended = world.session().ended.unwrap();
    assert_eq!((ended.end.reason, ended.at), (EndReason::Reused, NOW));
}

#[test]
fn row_16_names_the_two_requests_that_collided() {
    let (mut world, mut presented) = Case::of(5, 3).into_world();
    (presented.address, presented.request) = (elsewhere(3), "request-9".to_owned());
    world.refresh(presented).unwrap();
    let by = world.session().ended.unwrap().end.by.unwrap();
    assert_eq!(
        by,
        "request request-9 from 198.51.3.9 presented generation 3, an older one than the one before; \
         the session stood at 5, to which request request-1 rotated it"
    );
}

#[test]
fn row_16_a_session_whose_tokens_are_long_expired_publishes_nothing() {
    let (mut world, presented) = Case::of(5, 3).into_world();
    world.refresh(presented).unwrap();
    assert!(world.session().ended.is_some());
    assert_eq!(world.store.kept().revocations, []);
}

#[test]
fn row_16_after_it_not_even_the_current_token_is_answered() {
    let (mut world, presented) = Case::of(5, 3).into_world();
    world.refresh(presented).unwrap();
    for generation in [3, 4, 5, 6] {
        let answer = world.refresh(token(generation, ClientId::first_party())).unwrap();
        assert_eq!(answer, Answer::Refused(Row::Ended, Refusal::InvalidGrant), "{generation}");
    }
}
