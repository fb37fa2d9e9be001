//! What verifiers report: who follows, and how far each is.

use crate::limits::VERIFIERS_MAX;
use countersign_core::Span;
use countersign_core::Time;
use countersign_revocation::Position;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;
use utoipa::ToSchema;

/// The newest report of each verifier.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    reports: Mutex<HashMap<String, Report>>,
    reported: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Report {
    applied: Position,
    /// When it first reported this position.
    reached_at: Time,
    heard_at: Time,
}

/// How far the verifiers are with something published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[schema(as = VerifierProgress)]
pub(crate) struct Progress {
    /// How many are connected.
    #[schema(minimum = 0)]
    pub(crate) connected: u64,
    /// How many of them have applied it.
    #[schema(minimum = 0)]
    pub(crate) applied: u64,
    /// How long the slowest of those took, in milliseconds.
    #[schema(minimum = 0)]
    pub(crate) slowest_ms: u64,
}

// Verifiers report every 10 s at the least: who missed two is not connected.
const SILENT_AFTER: Span = Span::from_seconds(25);

impl Reports {
    /// Takes a report. Beyond the limit a new verifier takes the place of whoever was silent longest.
    pub(crate) fn take(&self, verifier: &str, applied: Position, now: Time) {
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        if reports.len() >= VERIFIERS_MAX && !reports.contains_key(verifier) {
            let silent = reports.iter().min_by_key(|(_, report)| report.heard_at).map(|(verifier, _)| verifier.clone());
            silent.map(|silent| reports.remove(&silent));
        }
        let reached_at =
            reports.get(verifier).filter(|before| before.applied == applied).map_or(now, |before| before.reached_at);
        reports.insert(verifier.to_owned(), Report { applied, reached_at, heard_at: now });
        drop(reports);
        self.reported.notify_waiters();
    }

    /// How far those are who reported lately with what was published as `position` at `since`.
    pub(crate) fn progress(&self, position: Position, since: Time, now: Time) -> Progress {
        let reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        let connected = reports.values().filter(|report| now.since(report.heard_at) < SILENT_AFTER);
        let applied = connected.clone().filter(|report| report.applied >= position);
        Progress {
            connected: connected.count() as u64,
            applied: applied.clone().count() as u64,
            slowest_ms: applied.map(|report| report.reached_at.since(since).as_millis()).max().unwrap_or(0),
        }
    }

    /// How many reported lately, and how many entries the slowest of them lacks of what is published up to `position`. Who
    /// is in another epoch lacks all of this one.
    pub(crate) fn standing(&self, position: Position, now: Time) -> (u64, u64) {
        let reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        let connected = reports.values().filter(|report| now.since(report.heard_at) < SILENT_AFTER);
        let lacks = |report: &Report| {
            let applied = if report.applied.epoch == position.epoch { report.applied.sequence.0 } else { 0 };
            position.sequence.0.saturating_sub(applied)
        };
        (connected.clone().count() as u64, connected.map(lacks).max().unwrap_or(0))
    }

    /// Resolves at the next report after this was called.
    pub(crate) fn next(&self) -> impl Future<Output = ()> + '_ {
        self.reported.notified()
    }
}

#[cfg(test)]
mod tests {
    use super::Reports;
    use countersign_core::revocation::Sequence;
    use countersign_core::{Epoch, Span, Time};
    use countersign_revocation::Position;

    #[test]
    fn who_is_silent_is_not_connected_and_who_is_behind_has_not_applied_it() {
        let (reports, now) = (Reports::default(), Time::from_millis(1_000_000));
        let at = |sequence| Position { epoch: Epoch::new(1, [0; 10]), sequence: Sequence(sequence) };
        reports.take("gone", at(9), now - Span::from_seconds(30));
        reports.take("fast", at(5), now + Span::from_millis(4));
        reports.take("slow", at(4), now);
        let told = reports.progress(at(5), now, now + Span::from_millis(10));
        assert_eq!((told.connected, told.applied, told.slowest_ms), (2, 1, 4));
        reports.take("slow", at(6), now + Span::from_millis(90));
        reports.take("fast", at(5), now + Span::from_seconds(5));
        let told = reports.progress(at(5), now, now + Span::from_seconds(5));
        assert_eq!((told.connected, told.applied, told.slowest_ms), (2, 2, 90));
    }

    #[test]
    fn the_slowest_tells_the_lag_and_another_epoch_lacks_everything() {
        let (reports, now) = (Reports::default(), Time::from_millis(1_000_000));
        let at = |epoch, sequence| Position { epoch: Epoch::new(epoch, [0; 10]), sequence: Sequence(sequence) };
        assert_eq!(reports.standing(at(1, 9), now), (0, 0));
        reports.take("gone", at(1, 1), now - Span::from_seconds(30));
        reports.take("fast", at(1, 9), now);
        reports.take("slow", at(1, 6), now);
        assert_eq!(reports.standing(at(1, 9), now), (2, 3));
        assert_eq!(reports.standing(at(2, 4), now), (2, 4));
    }
}
