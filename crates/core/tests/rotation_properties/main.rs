//! Refresh under random interleavings, losses, retries and a thief, on a store in memory whose operations take turns.
//!
//! Whatever requests run together must have an order in which a model, judging one at a time from the whole history,
//! gives each the answer that it got. What the table is for is then stated once more by itself: honest clients stay
//! signed in, two holders of one token do not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails should stop its test")]

#[path = "../support/mod.rs"]
mod support;

mod model;
mod players;

use countersign_core::Span;
use countersign_core::policy::SessionPolicy;
use countersign_core::session::{Generation, Row};
use model::{Model, Ran, explained};
use players::{Answered, Held, Server};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::IpAddr;
use support::world::{HOME, elsewhere};

/// One request of a step.
#[derive(Debug, Clone)]
struct Request {
    /// From the thief's copy; otherwise from what the owner's tabs share.
    thief: bool,
    /// So many generations older than the token held.
    older: u32,
    /// Its answer never arrives.
    lost: bool,
    /// Where it comes from; 0 is home.
    network: u8,
    /// So long after the step began.
    after: Span,
}

/// What happens next.
#[derive(Debug, Clone)]
struct Step {
    passes: Span,
    /// The thief takes a copy of what the owner's tabs share.
    copies: bool,
    /// The owner signs out, while the requests run.
    signs_out: bool,
    requests: Vec<Request>,
    order: Vec<usize>,
}

fn policy() -> impl Strategy<Value = SessionPolicy> {
    let grace = select(vec![0, 1, 10, 60]).prop_map(Span::from_seconds);
    (grace, 0_u32..=5).prop_map(|(grace, forgiveness)| SessionPolicy { grace, forgiveness, ..SessionPolicy::default() })
}

fn passing() -> impl Strategy<Value = Span> {
    select(vec![0, 1, 500, 999, 1_000, 9_999, 10_000, 30_000, 59_999, 60_000, 600_000, 3_600_000])
        .prop_map(Span::from_millis)
}

fn request() -> impl Strategy<Value = Request> {
    let older = prop_oneof![20 => Just(0_u32), 1 => 1_u32..3];
    let after = prop_oneof![3 => Just(Span::ZERO), 1 => passing()];
    let network = prop_oneof![3 => Just(0_u8), 2 => 1_u8..7];
    (prop::bool::weighted(0.2), older, prop::bool::weighted(0.3), network, after)
        .prop_map(|(thief, older, lost, network, after)| Request { thief, older, lost, network, after })
}

fn step() -> impl Strategy<Value = Step> {
    let rarely = prop::bool::weighted;
    (passing(), rarely(0.15), rarely(0.03), vec(request(), 1..=4), vec(0_usize..5, 0..24))
        .prop_map(|(passes, copies, signs_out, requests, order)| Step { passes, copies, signs_out, requests, order })
}

fn address(network: u8) -> IpAddr {
    if network == 0 { HOME } else { elsewhere(network) }
}

/// The game: a server, its model, an owner and a thief.
struct Game {
    server: Server,
    model: Model,
    owner: Held,
    thief: Option<Held>,
    /// Whether the owner's client makes retry keys; the thief's then does too.
    keyed: bool,
    reused: bool,
}

impl Game {
    fn new(policy: SessionPolicy, keyed: bool) -> Self {
        let mut server = Server::new(policy);
        let retry = keyed.then(|| server.fresh_key());
        let owner = Held { generation: 0, retry };
        Self { server, model: Model::new(policy), owner, thief: None, keyed, reused: false }
    }

    fn play(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.server.pass(step.passes);
        if step.copies {
            self.thief = Some(self.owner);
        }
        let sent: Vec<_> = step.requests.iter().map(|request| self.send(request)).collect();
        let sign_out = step.signs_out.then(|| self.server.sign_out());
        let answers = self.server.present(&sent, sign_out, &step.order);
        let presented = answers.iter().map(|answer| Ran::Presented(answer.sent.clone(), answer.expected));
        let ran: Vec<_> = presented.chain(step.signs_out.then_some(Ran::SignedOut)).collect();
        let after = explained(&self.model, &ran);
        prop_assert!(after.is_some(), "no order explains {answers:#?} after {:#?}", self.model);
        self.model = after.unwrap();
        self.check(&answers)?;
        for answer in answers.iter().filter(|answer| !step.requests[answer.number].lost) {
            self.receive(&step.requests[answer.number], answer);
        }
        Ok(())
    }

    fn send(&self, request: &Request) -> players::Sent {
        let held = self.thief.filter(|_| request.thief).unwrap_or(self.owner);
        let held = Held { generation: held.generation.saturating_sub(request.older), ..held };
        let sent = self.server.sent(held, address(request.network));
        players::Sent { at: sent.at + request.after, ..sent }
    }

    fn receive(&mut self, request: &Request, answer: &Answered) {
        let Some(generation) = answer.generation() else { return };
        let retry = self.keyed.then(|| self.server.fresh_key());
        let held = Held { generation, retry };
        match &mut self.thief {
            Some(thief) if request.thief => *thief = held,
            _ => self.owner = held,
        }
    }

    fn check(&mut self, answers: &[Answered]) -> Result<(), TestCaseError> {
        let session = self.server.world.session();
        prop_assert_eq!(session.generation, Generation(self.model.current()));
        prop_assert_eq!(self.server.is_live(), self.model.is_live());
        // One chain: each generation was left once, for the one after.
        let rotated_from = self.server.rotated_from();
        prop_assert!(rotated_from.iter().copied().eq((0..self.model.current()).map(Generation)), "{rotated_from:?}");
        if self.reused {
            prop_assert!(answers.iter().all(|answer| answer.generation().is_none()), "a token after reuse");
        }
        self.reused |= answers.iter().any(|answer| answer.row == Row::Reused);
        prop_assert!(!(self.reused && self.server.is_live()), "a live session after reuse");
        // The mint rule: whatever ends the session knows of every access token that is out.
        let expiries = answers.iter().filter_map(|answer| answer.expires_at);
        prop_assert!(expiries.max() <= Some(session.last_token_expires_at), "an access token that nobody can revoke");
        let issued_beyond =
            answers.iter().filter_map(Answered::generation).any(|it| Generation(it) > session.generation);
        prop_assert!(!issued_beyond, "a token that the session does not know of");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_interleaving_is_explained_by_some_order(
        policy in policy(), keyed: bool, steps in vec(step(), 1..40),
    ) {
        let mut game = Game::new(policy, keyed);
        for step in &steps {
            game.play(step)?;
        }
    }

    #[test]
    fn an_honest_client_that_loses_no_more_in_a_row_than_is_forgiven_stays_signed_in(
        policy in policy(), generations in vec((passing(), vec((passing(), 0_u8..7), 0..4)), 1..60),
    ) {
        let mut server = Server::new(policy);
        let mut held = Held { generation: 0, retry: None };
        let mut in_a_row = 0;
        for (passes, retries) in generations {
            server.pass(passes);
            // The first reply is lost if there are retries, and so are all of theirs but the last.
            let retries = if in_a_row == policy.forgiveness { Vec::new() } else { retries };
            let lost = !retries.is_empty();
            let mut answer = server.ask(held, HOME);
            for (waits, network) in retries {
                prop_assert!(answer.generation().is_some());
                server.pass(waits);
                answer = server.ask(held, address(network));
            }
            prop_assert!(answer.generation().is_some(), "{answer:?}");
            let generation = answer.generation().unwrap();
            // Row 11 makes no generation, so it neither continues a run nor ends one.
            if generation > held.generation {
                in_a_row = if lost { in_a_row + 1 } else { 0 };
            }
            held.generation = generation;
        }
    }

    #[test]
    fn a_client_with_a_retry_key_stays_signed_in_whatever_is_lost(
        policy in policy(),
        generations in vec(vec((passing(), 0_u8..7, prop::bool::weighted(0.3), vec(0_usize..4, 0..24), 1..=4_usize), 1..5), 1..40),
    ) {
        let mut server = Server::new(policy);
        let retry = Some(server.fresh_key());
        let mut held = Held { generation: 0, retry };
        for attempts in generations {
            for (passes, network, arrives, order, copies) in attempts {
                server.pass(passes);
                // A request that was given up is still under way beside the one that takes its place.
                let sent = vec![server.sent(held, address(network)); copies];
                let answers = server.present(&sent, None, &order);
                prop_assert!(answers.iter().all(|answer| answer.generation().is_some()), "{answers:?}");
                if arrives {
                    let retry = Some(server.fresh_key());
                    held = Held { generation: answers.last().unwrap().generation().unwrap(), retry };
                    break;
                }
            }
        }
        prop_assert!(server.is_live());
    }

    #[test]
    fn tabs_that_share_a_storage_without_a_lock_stay_signed_in(
        policy in policy().prop_filter("needs a grace period", |policy| !policy.grace.is_zero()),
        rounds in vec((passing(), 1..=4_usize, vec(0_usize..4, 0..24)), 1..60),
    ) {
        let policy = SessionPolicy { forgiveness: 0, ..policy };
        let mut server = Server::new(policy);
        let mut held = Held { generation: 0, retry: None };
        for (passes, tabs, order) in rounds {
            server.pass(passes);
            let sent = vec![server.sent(held, HOME); tabs];
            for answer in server.present(&sent, None, &order) {
                prop_assert!(answer.generation().is_some(), "{answer:?}");
                held.generation = answer.generation().unwrap();
            }
        }
    }

    #[test]
    fn two_holders_of_one_token_are_ended_in_the_first_generation_that_is_not_forgiven(
        policy in policy(), rounds in vec((any::<bool>(), 60_u64..3_600, 60_u64..3_600), 8),
    ) {
        let mut server = Server::new(policy);
        let mut held = [Held { generation: 0, retry: None }; 2];
        let mut ended_in = None;
        for (round, (swapped, before, between)) in rounds.into_iter().enumerate() {
            for (wait, player) in [(before, usize::from(swapped)), (between, usize::from(!swapped))] {
                server.pass(Span::from_seconds(wait));
                if let Some(generation) = server.ask(held[player], HOME).generation() {
                    held[player].generation = generation;
                }
            }
            if !server.is_live() {
                ended_in.get_or_insert(round);
            }
        }
        prop_assert_eq!(ended_in, Some(policy.forgiveness as usize));
    }

    #[test]
    fn a_thief_who_copied_the_retry_key_too_is_caught_at_the_first_collision_of_two_keys(
        policy in policy(), waits in vec(passing(), 4), thief_first: bool, thief_first_again: bool,
    ) {
        let mut server = Server::new(policy);
        server.pass(Span::from_seconds(3_600));
        let stolen = Held { generation: 0, retry: Some(server.fresh_key()) };
        let mut held = [stolen; 2];
        for (first, waits) in [(thief_first, &waits[..2]), (thief_first_again, &waits[2..])] {
            // Rotations are due: more than any grace period has passed.
            server.pass(Span::from_seconds(60));
            let order = [usize::from(first), usize::from(!first)];
            for (player, wait) in std::iter::zip(order, waits) {
                let answer = server.ask(held[player], HOME);
                server.pass(*wait);
                if let Some(generation) = answer.generation() {
                    held[player] = Held { generation, retry: Some(server.fresh_key()) };
                }
            }
        }
        prop_assert!(!server.is_live());
    }
}
