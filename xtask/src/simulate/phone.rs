//! An honest phone that is always on. Its access token lives ten minutes; it refreshes at the first use after that, some
//! minutes later. Of the replies 5 % are lost: half of those it asks for again within seconds, the others when it is
//! online again.

use super::START;
use super::generator::Generator;
use super::server::Server;
use countersign_core::session::Generation;
use countersign_core::{Span, Time};
use std::net::{IpAddr, Ipv4Addr};

pub(super) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
const MOBILE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

pub(super) const ACCESS_LIFETIME: Span = Span::from_seconds(600);
const LOST: f64 = 0.05;
const AT_ONCE: f64 = 0.5;
const ON_MOBILE: f64 = 0.3;

/// How often it is used.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use {
    /// Some 105 refreshes a day: the mean time from a token's expiry to its next use is 220 s.
    Often,
    /// All the time: 144 refreshes a day, one every ten minutes.
    Always,
}

pub(super) struct Phone {
    used: Use,
    generator: Generator,
    token: Generation,
    acts_at: Time,
    answered_at: Option<Time>,
}

impl Phone {
    pub(super) fn new(used: Use, mut generator: Generator) -> Self {
        let acts_at = START + generator.between(Span::ZERO, ACCESS_LIFETIME);
        Self { used, generator, token: Generation(0), acts_at, answered_at: None }
    }

    pub(super) const fn acts_at(&self) -> Time {
        self.acts_at
    }

    pub(super) const fn token(&self) -> Generation {
        self.token
    }

    /// Whether a reply arrived at this very time.
    pub(super) fn was_answered(&self, at: Time) -> bool {
        self.answered_at == Some(at)
    }

    /// Presents its token, and makes up its mind when to do so next.
    pub(super) fn act(&mut self, server: &mut Server) {
        let now = self.acts_at;
        let generator = &mut self.generator;
        let address = if generator.happens(ON_MOBILE) { MOBILE } else { HOME };
        let Some(token) = server.present(self.token, address, now) else { return };
        if generator.happens(LOST) {
            let [second, soon, late, latest] = [1, 9, 15, 300].map(Span::from_seconds);
            let at_once = generator.happens(AT_ONCE);
            let wait = if at_once { generator.between(second, soon) } else { generator.between(late, latest) };
            self.acts_at = now + wait;
            return;
        }
        self.token = token;
        self.answered_at = Some(now);
        let used_after = match self.used {
            Use::Often => generator.until_random(Span::from_seconds(220)),
            Use::Always => Span::ZERO,
        };
        self.acts_at = now + ACCESS_LIFETIME + used_after;
    }
}
