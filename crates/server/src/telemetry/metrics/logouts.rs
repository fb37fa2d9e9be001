//! What became of telling clients that sessions ended.

use super::exposition::{Exposition, Series};
use super::names::{LOGOUTS, LOGOUTS_WAITING};
use std::sync::atomic::{AtomicU64, Ordering};

/// Tries by outcome, and how many wait.
#[derive(Debug, Default)]
pub(crate) struct Logouts {
    by_outcome: [AtomicU64; OUTCOMES.len()],
    waiting: AtomicU64,
}

/// What became of a try, or of a client that has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogoutOutcome {
    /// It was told.
    Told,
    /// Nobody answered, or with an error.
    Failed,
    /// It answered 400.
    Refused,
    /// It is not tried any more; counted beside what became of the last try.
    GivenUp,
}

const OUTCOMES: [(LogoutOutcome, &str); 4] = [
    (LogoutOutcome::Told, "told"),
    (LogoutOutcome::Failed, "failed"),
    (LogoutOutcome::Refused, "refused"),
    (LogoutOutcome::GivenUp, "given_up"),
];

impl Logouts {
    pub(crate) fn count(&self, outcome: LogoutOutcome) {
        self.add(outcome, 1);
    }

    pub(crate) fn given_up(&self, sessions: u64) {
        self.add(LogoutOutcome::GivenUp, sessions);
    }

    /// So many wait now.
    pub(crate) fn wait(&self, waiting: u64) {
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    pub(crate) fn expose(&self, exposition: &mut Exposition) {
        let counts = OUTCOMES.iter().zip(&self.by_outcome);
        let counts = counts.map(|((_, code), count)| Series::count([*code], count.load(Ordering::Relaxed)));
        exposition.add(LOGOUTS, counts);
        exposition.add(LOGOUTS_WAITING, [Series::level([], self.waiting.load(Ordering::Relaxed))]);
    }

    fn add(&self, outcome: LogoutOutcome, count: u64) {
        for ((known, _), counter) in OUTCOMES.iter().zip(&self.by_outcome) {
            if *known == outcome {
                counter.fetch_add(count, Ordering::Relaxed);
            }
        }
    }
}
