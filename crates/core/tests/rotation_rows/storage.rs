//! Rows 17 and 18: storage that went back in time, and storage that fails.

use crate::support::memory::{Failure, MemoryStore, Operation};
use crate::support::turns::{alone, together};
use crate::support::world::{Answer, Case, EPOCH, MINUTE, SECOND, World, answer, confidential, token};
use countersign_core::Epoch;
use countersign_core::client::ClientId;
use countersign_core::ops::{Refresh, Refreshed};
use countersign_core::session::{Alarm, EpochCause, Generation, Refusal, Row, Verdict};
use countersign_core::store::StoreError;
use countersign_core::token::MacStanding;

const RESTORED: Epoch = Epoch::new(2, [2; 10]);

/// A session that a backup held at generation `stored`, and a token of generation `presented`.
fn restored(stored: u32, presented: u32) -> Case {
    Case::of(stored, presented).with(|case| {
        (case.state.epoch.id, case.state.epoch.cause) = (RESTORED, EpochCause::WentBack);
    })
}

// Row 17

#[test]
fn row_17_after_storage_went_back_a_token_ahead_goes_on_from_there() {
    let (mut world, presented) = restored(5, 9).into_world();
    assert_eq!(world.refresh(presented).unwrap(), Answer::Token(Row::Ahead, Generation(10)));
    let session = world.session();
    assert_eq!((session.generation, session.storage_epoch), (Generation(10), RESTORED));
    let behind = world.refresh(token(8, ClientId::first_party())).unwrap();
    assert_eq!(behind, Answer::Refused(Row::Reused, Refusal::InvalidGrant), "detection goes on from there too");
}

#[test]
fn row_17_otherwise_a_token_ahead_is_refused_with_an_alarm_and_the_session_goes_on() {
    type Change = fn(&mut Case);
    let missing: [(&str, Change); 2] = [
        ("an epoch that began otherwise", |case| case.state.epoch.cause = EpochCause::Fresh),
        ("a row written in the epoch", |case| case.state.session.storage_epoch = RESTORED),
    ];
    for (condition, change) in missing {
        let judgement = restored(5, 9).with(change).judge();
        assert_eq!((judgement.row, judgement.alarm), (Row::Ahead, Some(Alarm::Ahead)), "{condition}");
        assert_eq!(judgement.verdict, Verdict::Refuse(Refusal::InvalidGrant), "{condition}");
    }
}

#[test]
fn row_17_takes_a_step_of_1000_and_no_more() {
    assert_eq!(restored(5, 1_005).judge().verdict, Verdict::Rotate { to: Generation(1_006), renew_secret: false });
    assert_eq!(restored(5, 1_006).judge().alarm, Some(Alarm::Ahead));
}

#[test]
fn row_17_the_last_generation_has_no_successor() {
    let judgement = restored(u32::MAX - 5, u32::MAX).judge();
    assert_eq!((judgement.row, judgement.verdict), (Row::Ahead, Verdict::Refuse(Refusal::InvalidGrant)));
    assert_eq!(restored(u32::MAX - 5, u32::MAX - 1).row(), Row::Ahead);
    assert!(restored(u32::MAX - 5, u32::MAX - 1).judge().issues());
}

#[test]
fn row_17_once_the_row_is_written_a_second_token_ahead_is_refused() {
    let (mut world, presented) = restored(5, 7).into_world();
    world.refresh(presented).unwrap();
    let answer = world.refresh(token(9, ClientId::first_party())).unwrap();
    assert_eq!(answer, Answer::Refused(Row::Ahead, Refusal::InvalidGrant));
    assert_eq!(world.told(), ["alarm.refresh_token_ahead_of_storage"]);
    assert_eq!(world.session().ended, None);
}

#[test]
fn row_17_under_a_distrusted_key_anybody_could_have_made_it() {
    let distrusted = |case: &mut Case| case.presented.token.standing = MacStanding::Distrusted;
    let judgement = restored(5, 9).with(distrusted).judge();
    assert_eq!((judgement.row, judgement.alarm), (Row::WrongSecret, None));
}

#[test]
fn row_17_tokens_that_are_not_ahead_are_judged_as_ever() {
    assert_eq!(restored(5, 5).row(), Row::Current);
    assert_eq!(restored(5, 4).row(), Row::Late);
    assert_eq!(restored(5, 3).row(), Row::Reused);
    let (mut world, presented) = restored(5, 5).into_world();
    world.refresh(presented).unwrap();
    assert_eq!(world.session().storage_epoch, RESTORED, "a rotation writes the row into the epoch");
    assert_ne!(RESTORED, EPOCH);
}

#[test]
fn row_17_of_two_at_once_one_swaps_and_the_other_repeats() {
    let (mut world, first) = restored(5, 9).into_world();
    let second = restored(5, 9).presented;
    let requests = [(Refresh { presented: first }, world.draw()), (Refresh { presented: second }, world.draw())];
    let running = requests.iter().map(|(refresh, draw)| refresh.run(&world.store, &world.policies, draw)).collect();
    let answers: Vec<_> = together(running, &[]).into_iter().map(|(_, done)| answer(&done.unwrap())).collect();
    assert_eq!(answers, [Answer::Token(Row::Ahead, Generation(10)), Answer::Token(Row::Repeated, Generation(10))]);
}

// Row 18

fn refresh(world: &mut World, generation: u32) -> Result<Answer, StoreError> {
    world.refresh(token(generation, ClientId::first_party()))
}

fn unfailing(store: &MemoryStore) {
    store.fail(Failure::Before(usize::MAX));
}

#[test]
fn row_18_no_token_leaves_when_storage_fails_wherever_it_does() {
    for failing in [Failure::Before(0), Failure::After(0), Failure::Before(1), Failure::After(1)] {
        for (presented, case) in [(5, Case::of(5, 5)), (4, Case::of(5, 4).rotated(SECOND)), (3, Case::of(5, 3))] {
            let (mut world, _) = case.into_world();
            world.store.fail(failing);
            let failed = refresh(&mut world, presented);
            assert!(matches!(failed, Err(StoreError::Unavailable { .. })), "{failing:?} {presented}");
        }
    }
}

#[test]
fn row_18_the_retry_after_a_commit_of_unknown_fate_goes_on() {
    for (failing, row) in [(Failure::Before(1), Row::Current), (Failure::After(1), Row::Repeated)] {
        let (mut world, _) = Case::of(5, 5).into_world();
        world.store.fail(failing);
        refresh(&mut world, 5).unwrap_err();
        unfailing(&world.store);
        assert_eq!(refresh(&mut world, 5).unwrap(), Answer::Token(row, Generation(6)), "{failing:?}");
    }
}

#[test]
fn row_18_a_late_reply_of_unknown_fate_is_counted_once() {
    let (mut world, _) = Case::of(5, 4).rotated(MINUTE).into_world();
    world.store.fail(Failure::After(1));
    refresh(&mut world, 4).unwrap_err();
    unfailing(&world.store);
    assert_eq!(refresh(&mut world, 4).unwrap(), Answer::Token(Row::Late, Generation(5)));
    assert_eq!((world.session().late.length, world.told().len()), (1, 1));
}

#[test]
fn row_18_an_ending_of_unknown_fate_happens_at_the_next_presentation_at_the_latest() {
    for failing in [Failure::Before(1), Failure::After(1)] {
        let (mut world, _) = Case::of(5, 3).into_world();
        world.store.fail(failing);
        refresh(&mut world, 3).unwrap_err();
        unfailing(&world.store);
        assert!(matches!(refresh(&mut world, 3).unwrap(), Answer::Refused(Row::Reused | Row::Ended, _)));
        assert!(world.session().ended.is_some());
    }
}

#[test]
fn row_18_a_race_that_is_lost_again_and_again_is_no_refusal() {
    let (mut world, presented) = Case::of(5, 5).into_world();
    let (refresh, draw) = (Refresh { presented }, world.draw());
    let store = &world.store;
    let mut running = Box::pin(refresh.run(store, &world.policies, &draw));
    // Whenever the request is about to swap, another has changed the secret there and back.
    let answered = alone(std::future::poll_fn(move |context| {
        let polled = running.as_mut().poll(context);
        let mut kept = store.kept();
        let read = kept.log.last() == Some(&Operation::Read);
        let hash = crate::support::world::secret(if read { 6 } else { 5 }).hash();
        kept.sessions.values_mut().for_each(|session| session.secret_hash = hash);
        polled
    }));
    assert!(matches!(answered.unwrap(), Refreshed::Contended));
}

#[test]
fn row_18_after_row_10_nothing_depends_on_the_lost_answer() {
    let (mut world, presented) = Case::at(confidential("web"), 5, 5).into_world();
    world.store.fail(Failure::After(1));
    world.refresh(presented).unwrap_err();
    unfailing(&world.store);
    let again = Case::at(confidential("web"), 5, 5).presented;
    assert_eq!(world.refresh(again).unwrap(), Answer::Same(Row::Proven));
}
