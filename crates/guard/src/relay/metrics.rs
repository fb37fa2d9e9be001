//! One scrape of the relay. THE list of its own metrics is here; those of its verifier are the guard's too.

use std::sync::atomic::{AtomicU64, Ordering};

use countersign_revocation::Position;
use tokio::time::Instant;

use super::Shared;
use crate::metrics::{BUILD_INFO, Exposition, Metric, MetricKind, Series, verifiers};

/// The media type of a scrape.
pub(super) const CONTENT_TYPE: &str = Exposition::CONTENT_TYPE;

macro_rules! metrics {
    ($($id:ident: $kind:ident, $name:literal, [$($label:literal),*], $help:literal;)*) => {
        $(const $id: Metric =
            Metric { name: $name, kind: MetricKind::$kind, labels: &[$($label),*], help: $help };)*

        /// All of them, in the order in which they are written.
        #[cfg(test)]
        const ALL: &[Metric] = &[$($id),*];
    };
}

metrics! {
    READERS: Gauge, "countersign_relay_readers", [], "Streams and waiting polls";
    VERIFIERS: Gauge, "countersign_relay_verifiers", [], "Readers that reported lately how far they are";
    VERIFIER_LAG: Gauge, "countersign_relay_verifier_lag_entries", [], "Entries that the slowest of them lacks";
    SEQUENCE: Gauge, "countersign_relay_sequence", [], "Number of the last entry that is held";
    LEVELS: Gauge, "countersign_relay_levels", [], "Relays from the issuer to this one, itself included";
    HANDED_ON: Counter, "countersign_relay_objects_total", [], "Objects that were handed on, each counted once";
    RESTARTS: Counter, "countersign_relay_restarts_total", [], "Times that all readers had to come again";
    CUT_OFF: Counter, "countersign_relay_cut_off_total", ["reason"], "Readers that were cut off";
    TURNED_AWAY: Counter, "countersign_relay_turned_away_total", [], "Readers that were turned away: too many";
    TAIL_ENTRIES: Gauge, "countersign_relay_tail_entries", [], "Entries that readers can resume from";
    TAIL_BYTES: Gauge, "countersign_relay_tail_bytes", [], "Memory for these";
    SNAPSHOT_BYTES: Gauge, "countersign_relay_snapshot_bytes", [], "Memory for the snapshot";
}

/// One scrape, in Prometheus' text format.
pub(super) fn text(relay: &Shared) -> Result<String, std::fmt::Error> {
    let (standing, counts) = (relay.hub.standing(), &relay.hub.counts);
    let below = relay.reports.below(standing.position, Instant::now());
    let level = |number: usize| [Series::level([], number as f64)];
    let count = |counter: &AtomicU64| [Series::count([], counter.load(Ordering::Relaxed))];
    let mut exposition = Exposition::default();
    exposition.add(BUILD_INFO, [Series::level([env!("CARGO_PKG_VERSION")], 1.0)]);
    exposition.add(READERS, [Series::level([], relay.hub.readers() as f64)]);
    exposition.add(VERIFIERS, [Series::level([], below.readers as f64)]);
    exposition.add(VERIFIER_LAG, lag(standing.position, below.slowest).map(|lag| Series::level([], lag as f64)));
    exposition.add(SEQUENCE, standing.position.map(|position| Series::level([], position.sequence.0 as f64)));
    exposition.add(LEVELS, level(relay.above.and(&relay.verifier).levels.len()));
    exposition.add(HANDED_ON, count(&counts.objects));
    exposition.add(RESTARTS, count(&counts.restarts));
    let cut_off = [("slow", &counts.cut_slow), ("ended", &counts.cut_ended)];
    exposition.add(CUT_OFF, cut_off.map(|(why, counter)| Series::count([why], counter.load(Ordering::Relaxed))));
    exposition.add(TURNED_AWAY, count(&counts.turned_away));
    exposition.add(TAIL_ENTRIES, level(standing.tail.entries));
    exposition.add(TAIL_BYTES, level(standing.tail.bytes));
    exposition.add(SNAPSHOT_BYTES, level(standing.snapshot_bytes));
    verifiers(std::slice::from_ref(&relay.verifier), &mut exposition);
    exposition.write()
}

/// Who is in another epoch lacks all of this one.
fn lag(own: Option<Position>, slowest: Option<Position>) -> Option<u64> {
    let (own, slowest) = (own?, slowest?);
    let applied = if slowest.epoch == own.epoch { slowest.sequence.0 } else { 0 };
    Some(own.sequence.0.saturating_sub(applied))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, MetricKind};

    #[test]
    fn the_page_of_metrics_tells_each_of_the_relays_and_no_other() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating/metrics.md");
        let page = std::fs::read_to_string(page).unwrap();
        let rows = page.lines().filter(|line| line.starts_with("| `countersign_relay_"));
        let told: BTreeSet<String> =
            rows.map(|line| line.split(" | ").take(3).collect::<Vec<_>>().join(" | ")).collect();
        let row = |metric: &super::Metric| {
            let kind = if metric.kind == MetricKind::Counter { "counter" } else { "gauge" };
            let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            format!("| `{}` | {kind} | {}", metric.name, labels.join(", "))
        };
        assert_eq!(told, ALL.iter().map(row).collect());
    }
}
