//! What readers report: how far each is. Upwards the relay is one verifier, as far as the slowest of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use countersign_revocation::{Position, SignedObject};
use tokio::{sync::Notify, time::Instant};

use super::limits::{REPORTER_SILENT_AFTER, REPORTERS_MAX};

/// The newest report of each reader.
#[derive(Debug, Default)]
pub(super) struct Reports {
    held: Mutex<Held>,
    /// A report came.
    pub(super) came: Notify,
}

#[derive(Debug, Default)]
struct Held {
    reports: HashMap<String, Report>,
    /// The signed object that says most of those that readers showed because it says more than the relay.
    proof: Option<SignedObject>,
}

#[derive(Debug, Clone, Copy)]
struct Report {
    applied: Position,
    heard_at: Instant,
}

/// All reports together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Below {
    /// Who reported lately.
    pub(super) readers: u64,
    /// How far the slowest of them is.
    pub(super) slowest: Option<Position>,
    /// An object that says more than `own`.
    pub(super) proof: Option<Arc<str>>,
}

impl Reports {
    /// Takes a report. Beyond the limit a new reader takes the place of whoever was silent longest.
    pub(super) fn take(&self, reader: String, applied: Position, now: Instant) {
        let mut held = self.held();
        if held.reports.len() >= REPORTERS_MAX && !held.reports.contains_key(&reader) {
            let silent = held.reports.iter().min_by_key(|(_, report)| report.heard_at).map(|(name, _)| name.clone());
            silent.map(|silent| held.reports.remove(&silent));
        }
        held.reports.insert(reader, Report { applied, heard_at: now });
        drop(held);
        self.came.notify_one();
    }

    /// Takes what a reader shows because its issuer seems to have lost it.
    pub(super) fn take_proof(&self, proof: SignedObject) {
        let mut held = self.held();
        let says = |object: &SignedObject| object.object().point().position();
        if held.proof.as_ref().is_none_or(|known| says(&proof) > says(known)) {
            held.proof = Some(proof);
        }
        drop(held);
        self.came.notify_one();
    }

    /// How those are who reported lately, seen from somebody who is at `own`.
    pub(super) fn below(&self, own: Option<Position>, now: Instant) -> Below {
        let mut held = self.held();
        held.reports.retain(|_, report| now.saturating_duration_since(report.heard_at) < REPORTER_SILENT_AFTER);
        // What the relay has itself needs no proof any more.
        if held.proof.as_ref().is_some_and(|proof| own >= Some(proof.object().point().position())) {
            held.proof = None;
        }
        Below {
            readers: held.reports.len() as u64,
            slowest: held.reports.values().map(|report| report.applied).min(),
            proof: held.proof.as_ref().map(|proof| proof.text().clone()),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_revocation::{Epoch, Sequence};

    use super::*;

    #[test]
    fn the_slowest_who_reported_lately_counts() {
        let (reports, now) = (Reports::default(), Instant::now());
        let at = |sequence| Position { epoch: Epoch::new(1, [0; 10]), sequence: Sequence(sequence) };
        assert_eq!(reports.below(Some(at(9)), now), Below::default());
        reports.take("gone".to_owned(), at(1), now);
        let later = now + REPORTER_SILENT_AFTER;
        reports.take("fast".to_owned(), at(9), later);
        reports.take("slow".to_owned(), at(7), later);
        let below = reports.below(Some(at(9)), later);
        assert_eq!((below.readers, below.slowest), (2, Some(at(7))));
        reports.take("slow".to_owned(), at(9), later + Duration::from_secs(1));
        assert_eq!(reports.below(Some(at(9)), later).slowest, Some(at(9)));
    }
}
