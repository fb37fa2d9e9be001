//! What the server counts of itself, and how it tells. All of it belongs to one server: two in a process don't mix.
//!
//! What is on a request's way adds to atomics that are found without a lock; all else is asked when somebody scrapes.

mod exposition;
mod keys;
mod live;
mod logouts;
pub(crate) mod names;
mod outcomes;
mod requests;
mod scrape;

pub(crate) use exposition::Exposition;
pub(crate) use logouts::LogoutOutcome;
pub(crate) use requests::UNMATCHED;
pub(crate) use scrape::scrape;

use countersign_core::Time;
use countersign_core::measure::Histogram;
use keys::KeyAges;
use live::LiveSessions;
use logouts::Logouts;
use outcomes::{Problems, Refreshes, SignIns};
use requests::Requests;
use std::time::{Duration, Instant};

/// Who may read `/metrics`. Whoever may not is told that there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Only who asks from this machine itself, and not through a proxy.
    Loopback,
    /// Everybody.
    Public,
    /// Nobody.
    Off,
}

/// What one server counts.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) requests: Requests,
    pub(crate) problems: Problems,
    pub(crate) sign_ins: SignIns,
    pub(crate) refreshes: Refreshes,
    pub(crate) logouts: Logouts,
    pub(crate) publish_times: Histogram,
    pub(crate) keys: KeyAges,
    pub(crate) live: LiveSessions,
    started_at: Time,
}

// Nanoseconds: a commit of this process is published in a few milliseconds, behind another one in some twenty.
const PUBLISH_TIMES: &[u64] =
    &[1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 500_000_000, 2_000_000_000];

impl Metrics {
    /// Everything at nothing, in a server that starts at `started_at`.
    pub(crate) fn new(started_at: Time) -> Self {
        Self {
            requests: Requests::default(),
            problems: Problems::default(),
            sign_ins: SignIns::default(),
            refreshes: Refreshes::default(),
            logouts: Logouts::default(),
            publish_times: Histogram::new(PUBLISH_TIMES),
            keys: KeyAges::default(),
            live: LiveSessions::default(),
            started_at,
        }
    }
}

/// How long something takes: for metrics alone, no rule goes by it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "what is measured is only told; the Source's milliseconds are too coarse"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
