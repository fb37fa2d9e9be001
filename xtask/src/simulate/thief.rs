//! A thief with a copy of a phone's refresh token.

use super::generator::Generator;
use super::phone::{ACCESS_LIFETIME, HOME, Phone};
use super::server::Server;
use countersign_core::session::Generation;
use countersign_core::{Span, Time};
use std::net::{IpAddr, Ipv4Addr};

const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
const NEVER: Time = Time::from_millis(u64::MAX);

/// How the thief goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Refreshes whenever the stolen access token has expired.
    Polls,
    /// Takes turns with the owner: comes a minute to eight after each of the owner's refreshes.
    Alternates,
    /// Comes every 25 minutes, hoping that lateness now and then is taken for lost replies.
    ComesSeldom,
    /// Knows when the owner refreshes and follows within the grace period, from another network.
    FollowsFromElsewhere,
    /// The same from the owner's network.
    FollowsFromHome,
    /// Uses the copy once and is content.
    Once,
}

pub(super) struct Thief {
    kind: Kind,
    token: Generation,
    acts_at: Time,
    used_at: Option<Time>,
    generator: Generator,
}

impl Thief {
    pub(super) fn new(kind: Kind, token: Generation, copied_at: Time, mut generator: Generator) -> Self {
        let acts_at = match kind {
            Kind::Polls | Kind::ComesSeldom | Kind::Once => copied_at + generator.between(Span::ZERO, ACCESS_LIFETIME),
            Kind::Alternates | Kind::FollowsFromElsewhere | Kind::FollowsFromHome => NEVER,
        };
        Self { kind, token, acts_at, used_at: None, generator }
    }

    pub(super) const fn acts_at(&self) -> Time {
        self.acts_at
    }

    /// When the copy was used first.
    pub(super) const fn used_at(&self) -> Option<Time> {
        self.used_at
    }

    /// Learns that the owner has refreshed.
    pub(super) fn sees(&mut self, owner: &Phone, at: Time) {
        let seconds = match self.kind {
            Kind::Alternates => [60, 480],
            Kind::FollowsFromElsewhere | Kind::FollowsFromHome => [1, 9],
            Kind::Polls | Kind::ComesSeldom | Kind::Once => return,
        };
        if owner.was_answered(at) {
            let [least, most] = seconds.map(Span::from_seconds);
            self.acts_at = at + self.generator.between(least, most);
        }
    }

    pub(super) fn act(&mut self, server: &mut Server) {
        let now = self.acts_at;
        self.used_at.get_or_insert(now);
        let address = if self.kind == Kind::FollowsFromHome { HOME } else { ELSEWHERE };
        self.token = server.present(self.token, address, now).unwrap_or(self.token);
        self.acts_at = match self.kind {
            Kind::Polls => now + ACCESS_LIFETIME,
            Kind::ComesSeldom => now + Span::from_seconds(25 * 60),
            Kind::Alternates | Kind::FollowsFromElsewhere | Kind::FollowsFromHome | Kind::Once => NEVER,
        };
    }
}
