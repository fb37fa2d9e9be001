//! Where steps are played: sends what they send, records it as it may be shown, holds their expectations.

use super::decoded::DecodedToken;
use super::http::{Answer, Request};
use super::interrupted::Interrupted;
use super::redaction::Redaction;
use super::step::{About, Event, Server, Step};
use super::world::World;
use countersign_core::Span;
use hyper::header::USER_AGENT;

pub(super) struct Stage {
    world: World,
    redaction: Redaction,
    steps: Vec<Step>,
}

impl Stage {
    pub(super) fn new(world: World) -> Self {
        Self { world, redaction: Redaction::default(), steps: Vec::new() }
    }

    pub(super) const fn world(&self) -> &World {
        &self.world
    }

    pub(super) const fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// From here on, everything belongs to this step.
    pub(super) fn begin(&mut self, about: &About) {
        let number = self.steps.len() + 1;
        self.steps.push(Step::begin(number, about));
    }

    /// Sends a request on behalf of `who`, which is also what the session will be known by.
    pub(super) async fn send(&mut self, who: &'static str, request: Request) -> Result<Answer, Interrupted> {
        let request = request.header(USER_AGENT, who);
        let answer = request.send().await?;
        let server = if self.world.is_issuer(&request.url) { Server::Issuer } else { Server::Resource };
        let (request, shown) = (self.redaction.request(&request), self.redaction.answer(&answer));
        self.record(Event::Exchange { who, server, request, answer: shown });
        Ok(answer)
    }

    /// Takes a token apart and shows it.
    pub(super) fn show(&mut self, token: &str) -> Result<(), Interrupted> {
        let (name, decoded) = (self.redaction.name(token), DecodedToken::of(token)?);
        self.record(Event::Token { name, decoded });
        Ok(())
    }

    /// Moves the clock of both servers.
    pub(super) fn wait(&mut self, seconds: u64) {
        self.world.clock().advance(Span::from_seconds(seconds));
        self.record(Event::ClockMoved { seconds });
    }

    /// Records what happened elsewhere.
    pub(super) fn record(&mut self, event: Event) {
        if let Some(step) = self.steps.last_mut() {
            step.events.push(event);
        }
    }

    /// What the step stands for: with anything else observed, the tour fails.
    pub(super) fn expect(&mut self, what: &'static str, expected: impl ToString, observed: impl ToString) {
        if let Some(step) = self.steps.last_mut() {
            step.check(what, expected, observed);
        }
    }

    /// The same for a limit.
    pub(super) fn expect_at_most(&mut self, what: &'static str, limit: usize, observed: usize) {
        if let Some(step) = self.steps.last_mut() {
            step.check_at_most(what, limit, observed);
        }
    }

    /// The record of the tour, which ended early if it was interrupted.
    pub(super) fn into_steps(mut self, played: Result<(), Interrupted>) -> Vec<Step> {
        if let (Err(interrupted), Some(step)) = (played, self.steps.last_mut()) {
            step.interrupt(interrupted.to_string());
        }
        self.steps
    }
}
