//! What the refresh table means, written from the other end: not from what a session's row holds, but from everything
//! that ever happened to it.

use crate::players::{RetryKey, Sent};
use countersign_core::policy::SessionPolicy;
use countersign_core::{Network, Time};

/// The whole history of one session at a public client.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    policy: SessionPolicy,
    /// How each generation came to be the current one; the first by signing in.
    made: Vec<Made>,
    ended: bool,
}

#[derive(Debug, Clone, Default)]
struct Made {
    rotation: Option<(Time, Network)>,
    retry: Option<RetryKey>,
    /// Its predecessor came late, without a retry key to excuse it.
    late: bool,
    /// Its predecessor came soon, but from a network that had not rotated the session.
    foreign: bool,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The token that was presented.
    Same,
    /// The token of this generation.
    Token(u32),
    /// No token.
    Refused,
}

impl Model {
    pub(crate) fn new(policy: SessionPolicy) -> Self {
        Self { policy, made: vec![Made::default()], ended: false }
    }

    pub(crate) fn is_live(&self) -> bool {
        !self.ended
    }

    pub(crate) fn current(&self) -> u32 {
        u32::try_from(self.made.len() - 1).unwrap()
    }

    /// The owner signs out.
    pub(crate) fn sign_out(&mut self) {
        self.ended = true;
    }

    /// One presentation, as if it were alone.
    pub(crate) fn present(&mut self, sent: &Sent) -> Expected {
        let current = self.current();
        match current.checked_sub(sent.generation).expect("nobody holds a token that was never made") {
            _ if self.ended => Expected::Refused,
            0 if self.rotated_within_grace(sent.at) => Expected::Same,
            0 => {
                let rotation = Some((sent.at, Network::of(sent.address)));
                self.made.push(Made { rotation, retry: sent.retry, ..Made::default() });
                Expected::Token(current + 1)
            }
            1 if self.forgives(sent) => Expected::Token(current),
            _ => {
                self.ended = true;
                Expected::Refused
            }
        }
    }

    fn forgives(&mut self, sent: &Sent) -> bool {
        let soon = self.rotated_within_grace(sent.at);
        let known = self.last_networks().contains(&Network::of(sent.address));
        let newest = self.made.last_mut().unwrap();
        if newest.retry.is_some() {
            return newest.retry == sent.retry;
        }
        if soon && known {
            return true;
        }
        if soon {
            newest.foreign = true;
            return self.in_a_row(|made| made.foreign) <= 5;
        }
        newest.late = true;
        self.in_a_row(|made| made.late) <= self.policy.forgiveness as usize
    }

    fn in_a_row(&self, counts: impl Fn(&Made) -> bool) -> usize {
        self.made.iter().rev().take_while(|made| counts(made)).count()
    }

    fn last_networks(&self) -> Vec<Network> {
        let mut networks = Vec::new();
        for (_, network) in self.made.iter().rev().filter_map(|made| made.rotation) {
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        networks.truncate(4);
        networks
    }

    fn rotated_within_grace(&self, at: Time) -> bool {
        let rotation = self.made.last().and_then(|made| made.rotation);
        rotation.is_some_and(|(rotated_at, _)| at.since(rotated_at) < self.policy.grace)
    }
}

/// Something that ran.
#[derive(Debug, Clone)]
pub(crate) enum Ran {
    /// A presentation, and what was answered.
    Presented(Sent, Expected),
    /// A sign-out.
    SignedOut,
}

/// Finds an order in which what ran together could have run one by one, each request with the answer that it got, and
/// carries it out in that order. `None`: no order explains the answers.
pub(crate) fn explained(model: &Model, ran: &[Ran]) -> Option<Model> {
    if ran.is_empty() {
        return Some(model.clone());
    }
    (0..ran.len()).find_map(|first| {
        let mut after = model.clone();
        match &ran[first] {
            Ran::SignedOut => after.sign_out(),
            Ran::Presented(sent, answered) if after.present(sent) == *answered => {}
            Ran::Presented(..) => return None,
        }
        let rest: Vec<_> = ran.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, one)| one.clone()).collect();
        explained(&after, &rest)
    })
}
