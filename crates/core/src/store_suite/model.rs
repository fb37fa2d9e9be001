use super::fixtures::{at, create, ending, network, open, published, read, rotation, secret_hash, session_id, told};
use crate::session::{Count, End, EndReason, Ended, Generation, Run, RunKind, Session};
use crate::store::{CountRepeat, Held, HoldSession, RotateSession, Store, Swap, Which};
use crate::time::{Span, Time};
use countersign_jose::Timestamp;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

const SEQUENCES: u32 = 48;
const STEPS_MAX: usize = 24;

/// What somebody does with a session as they last read it: now, or some changes ago.
#[derive(Debug, Clone)]
struct Step {
    what: What,
    stale: bool,
}

#[derive(Debug, Clone)]
enum What {
    Rotate { step: u32, secret: Option<u32>, retry: Option<u32>, network: u8, last: u64 },
    Hold { exp: u64, idle: Option<u64> },
    Count { late: bool, length: u32 },
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let maybe = || proptest::option::weighted(0.3, 100..120_u32);
    let what = prop_oneof![
        8 => (1..3_u32, maybe(), maybe(), 0..6_u8, 600..3_000_u64)
            .prop_map(|(step, secret, retry, network, last)| What::Rotate { step, secret, retry, network, last }),
        6 => (500..3_000_u64, proptest::option::of(9_000..12_000_u64)).prop_map(|(exp, idle)| What::Hold { exp, idle }),
        4 => (any::<bool>(), 1..4_u32).prop_map(|(late, length)| What::Count { late, length }),
        1 => proptest::strategy::Just(What::End),
    ];
    let step = (what, proptest::bool::weighted(0.2)).prop_map(|(what, stale)| Step { what, stale });
    vec(step, 1..STEPS_MAX)
}

/// The same changes on a value in memory, as the contract describes them.
struct Model {
    session: Session,
    seen_before: Session,
}

impl Model {
    fn rotate(&mut self, rotate: &RotateSession) -> Swap {
        let session = &mut self.session;
        let seen = session.generation == rotate.from && session.secret_hash == rotate.from_secret_hash;
        if !seen || !session.is_live(rotate.now) {
            return Swap::Lost;
        }
        if let Some(new) = rotate.new_secret_hash {
            session.replaced_hash = Some(std::mem::replace(&mut session.secret_hash, new));
        }
        session.generation = rotate.to;
        session.rotated_at = Some(rotate.now);
        session.rotated_by = Some(rotate.request.clone());
        session.retry_hash = rotate.retry_hash;
        session.networks = session.networks.with(rotate.network);
        session.storage_epoch = rotate.storage_epoch;
        session.idle_expires_at = rotate.idle_expires_at;
        session.last_token_expires_at = session.last_token_expires_at.max(rotate.last_token_expires_at);
        Swap::Won
    }

    fn hold(&mut self, hold: &HoldSession) -> Held {
        let session = &mut self.session;
        if !session.is_live(hold.now) {
            return Held::Ended;
        }
        if session.last_token_expires_at < Time::from_timestamp(hold.exp) {
            session.last_token_expires_at = hold.written_ahead;
        }
        session.idle_expires_at = session.idle_expires_at.max(hold.idle_expires_at.unwrap_or(session.idle_expires_at));
        Held::Live
    }

    fn count(&mut self, count: &CountRepeat) -> Swap {
        let session = &mut self.session;
        let live = session.ended.is_none() && session.generation == count.generation;
        let run = match count.count.kind {
            RunKind::Late => &mut session.late,
            RunKind::Foreign => &mut session.foreign,
        };
        if !live || *run != count.count.from {
            return Swap::Lost;
        }
        *run = count.count.to;
        Swap::Won
    }

    fn end(&mut self, now: Time) -> u64 {
        if self.session.ended.is_some() {
            return 0;
        }
        let end = End::by(EndReason::Administrator, "the suite");
        self.session.ended = Some(Ended { end, at: now });
        1
    }

    /// Takes one step on both, and compares what they answered.
    async fn step(&mut self, store: &dyn Store, step: &Step, now: Time) {
        let seen = if step.stale { self.seen_before.clone() } else { self.session.clone() };
        let before = self.session.clone();
        match step.what.clone() {
            What::Rotate { step, secret, retry, network: number, last } => {
                let rotate = RotateSession {
                    to: Generation(seen.generation.0 + step),
                    new_secret_hash: secret.map(secret_hash),
                    retry_hash: retry.map(secret_hash),
                    network: network(number),
                    last_token_expires_at: at(last),
                    ..rotation(&seen, now)
                };
                assert_eq!(store.rotate_session(rotate.clone()).await.unwrap(), self.rotate(&rotate));
            }
            What::Hold { exp, idle } => {
                let exp: Timestamp = at(exp).timestamp();
                let written_ahead = Time::from_timestamp(exp) + Span::from_seconds(70);
                let idle_expires_at = idle.map(at);
                let hold = HoldSession { session: seen.id, exp, written_ahead, idle_expires_at, now };
                assert_eq!(store.hold_session(hold.clone()).await.unwrap(), self.hold(&hold));
            }
            What::Count { late, length } => {
                let (kind, from) = if late { (RunKind::Late, seen.late) } else { (RunKind::Foreign, seen.foreign) };
                let count = Count { kind, from, to: Run { generation: seen.generation.0, length } };
                let (session, generation) = (seen.id, seen.generation);
                let count = CountRepeat { session, generation, count, audit: told("session.repeated") };
                assert_eq!(store.count_repeat(count.clone()).await.unwrap(), self.count(&count));
            }
            What::End => {
                let ended = store.end_sessions(ending(Which::One(seen.id), now)).await.unwrap().sessions;
                assert_eq!(ended, self.end(now));
            }
        }
        if self.session != before {
            self.seen_before = before;
        }
    }
}

pub async fn any_sequence_of_changes_leaves_a_session_as_the_contract_says(store: &dyn Store) {
    let account = create(store, 1).await;
    let mut runner = TestRunner::deterministic();
    let mut ended = 0;
    for number in 0..SEQUENCES {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let session = open(store, number, Some(account)).await;
        let mut model = Model { seen_before: session.clone(), session };
        for (second, step) in (20..).zip(&steps) {
            model.step(store, step, at(second)).await;
            let stored = read(store, session_id(number)).await;
            assert_eq!(stored, model.session, "sequence {number}, after {step:?} of {steps:#?}");
        }
        ended += usize::from(model.session.ended.is_some());
    }
    assert_eq!(published(store).await.len(), ended);
}
