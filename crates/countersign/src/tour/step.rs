//! The record of a step: what happened in it, in order, and whether it was as expected.

use super::decoded::DecodedToken;
use super::redaction::{ShownAnswer, ShownRequest};
use serde::Serialize;

/// What a step shows, and why it is so.
pub(super) struct About {
    pub(super) part: Part,
    /// A stable name, for scripts: `changed-payload`.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) why: &'static str,
}

/// The parts of the guide.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    SixSteps,
    Refresh,
    Refused,
    Endings,
}

/// A step as it was played.
#[derive(Serialize)]
pub(super) struct Step {
    pub(super) number: usize,
    pub(super) part: Part,
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    pub(super) ok: bool,
    pub(super) events: Vec<Event>,
    pub(super) checks: Vec<Check>,
    /// Why the tour could not go on after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) interrupted: Option<String>,
}

/// What happens in a step.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// Somebody asked a server something.
    Exchange { who: &'static str, server: Server, request: ShownRequest, answer: ShownAnswer },
    /// A token was looked into.
    Token { name: String, decoded: DecodedToken },
    /// A resource server told how it checked the token that it had just been shown.
    Validation { checked: Vec<Checked> },
    /// The clock of both servers was moved.
    ClockMoved { seconds: u64 },
}

/// The two servers of the tour.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Server {
    Issuer,
    Resource,
}

/// One thing that a resource server checked of a token.
#[derive(Clone, Serialize)]
pub(super) struct Checked {
    pub(super) what: &'static str,
    pub(super) found: String,
}

/// An expectation and what came.
#[derive(Serialize)]
pub(super) struct Check {
    pub(super) what: &'static str,
    pub(super) expected: String,
    pub(super) observed: String,
    pub(super) ok: bool,
}

impl Part {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::SixSteps => "The six steps",
            Self::Refresh => "Refresh",
            Self::Refused => "What is refused",
            Self::Endings => "How a session ends",
        }
    }
}

impl Server {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Resource => "orders",
        }
    }
}

impl Step {
    pub(super) fn begin(number: usize, about: &About) -> Self {
        let About { part, name, title, why } = *about;
        Self { number, part, name, title, why, ok: true, events: Vec::new(), checks: Vec::new(), interrupted: None }
    }

    #[expect(clippy::needless_pass_by_value, reason = "every step reads better without a borrow of each expectation")]
    pub(super) fn check(&mut self, what: &'static str, expected: impl ToString, observed: impl ToString) {
        let (expected, observed) = (expected.to_string(), observed.to_string());
        self.judge(Check { what, ok: expected == observed, expected, observed });
    }

    pub(super) fn check_at_most(&mut self, what: &'static str, limit: usize, observed: usize) {
        let (expected, ok) = (format!("at most {limit}"), observed <= limit);
        self.judge(Check { what, expected, observed: observed.to_string(), ok });
    }

    pub(super) fn interrupt(&mut self, why: String) {
        self.ok = false;
        self.interrupted = Some(why);
    }

    fn judge(&mut self, check: Check) {
        self.ok &= check.ok;
        self.checks.push(check);
    }
}
