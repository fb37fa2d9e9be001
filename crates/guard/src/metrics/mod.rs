//! What the guard counts, and one scrape of it.

mod exposition;
mod names;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use countersign_verifier::Verifier;
use http::StatusCode;

use crate::guard::Guard;
use names::*;

pub(crate) use exposition::{Exposition, Series};
pub(crate) use names::{BUILD_INFO, Metric, MetricKind};

/// The media type of a scrape.
pub(crate) const CONTENT_TYPE: &str = Exposition::CONTENT_TYPE;

/// Why a request was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Its token holds.
    Token,
    /// Nothing is asked for there.
    Public,
}

/// What happened since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    tokens: AtomicU64,
    public: AtomicU64,
    /// A lock, as none of these is on the path of a token that holds.
    refused: Mutex<BTreeMap<(u16, &'static str), u64>>,
    rules_taken: AtomicU64,
    rules_refused: AtomicU64,
    is_file_broken: AtomicBool,
}

impl Counters {
    pub(crate) fn count_allowed(&self, allowed: Allowed) {
        let counter = match allowed {
            Allowed::Token => &self.tokens,
            Allowed::Public => &self.public,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_refused(&self, status: StatusCode, code: &'static str) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused.entry((status.as_u16(), code)).or_default() += 1;
    }

    pub(crate) fn rules_taken(&self) {
        self.rules_taken.fetch_add(1, Ordering::Relaxed);
        self.is_file_broken.store(false, Ordering::Relaxed);
    }

    pub(crate) fn rules_refused(&self) {
        self.rules_refused.fetch_add(1, Ordering::Relaxed);
        self.is_file_broken.store(true, Ordering::Relaxed);
    }

    fn decisions(&self) -> Vec<Series> {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut series = vec![
            Series::count(["200", "allowed"], load(&self.tokens)),
            Series::count(["200", "public"], load(&self.public)),
        ];
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        series.extend(refused.iter().map(|((status, code), count)| Series::count([&status.to_string(), code], *count)));
        series
    }
}

/// One scrape, in Prometheus' text format.
pub(crate) fn text(guard: &Guard) -> Result<String, std::fmt::Error> {
    let counters = &guard.inner().counters;
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let mut exposition = Exposition::default();
    exposition.add(BUILD_INFO, [Series::level([env!("CARGO_PKG_VERSION")], 1.0)]);
    exposition.add(DECISIONS, counters.decisions());
    exposition.add(RULES, [Series::level([], guard.rules().len() as f64)]);
    let is_current = !counters.is_file_broken.load(Ordering::Relaxed);
    exposition.add(RULES_CURRENT, [Series::truth([], is_current)]);
    let reloads = [("taken", &counters.rules_taken), ("refused", &counters.rules_refused)];
    exposition.add(RELOADS, reloads.map(|(outcome, count)| Series::count([outcome], load(count))));
    verifiers(&guard.inner().verifiers, &mut exposition);
    exposition.write()
}

pub(crate) fn verifiers(verifiers: &[Verifier], exposition: &mut Exposition) {
    let all: Vec<_> =
        verifiers.iter().map(|verifier| (verifier.issuer(), verifier.ready(), verifier.metrics())).collect();
    let seconds = |ms: u64| ms as f64 / 1_000.0;
    exposition.add(READY, all.iter().map(|(issuer, ready, _)| Series::truth([issuer], *ready)));
    exposition.add(FRESH, all.iter().map(|(issuer, _, m)| Series::truth([issuer], m.is_fresh)));
    let staleness = all.iter().filter_map(|(issuer, _, m)| Some(Series::level([issuer], seconds(m.staleness_ms?))));
    exposition.add(STALENESS, staleness);
    exposition.add(FEED_LAG, all.iter().map(|(issuer, _, m)| Series::level([issuer], seconds(m.feed_lag_ms))));
    let skew = all.iter().filter_map(|(issuer, _, m)| Some(Series::level([issuer], m.clock_skew_ms? as f64 / 1_000.0)));
    exposition.add(CLOCK_SKEW, skew);
    exposition.add(REVOKED, all.iter().map(|(issuer, _, m)| Series::level([issuer], m.revoked as f64)));
    exposition.add(KEY_SET, all.iter().map(|(issuer, _, m)| Series::level([issuer], m.key_set_generation as f64)));
    exposition.add(CONNECTIONS, all.iter().map(|(issuer, _, m)| Series::count([issuer], m.feed_connections)));
    exposition.add(SNAPSHOTS, all.iter().map(|(issuer, _, m)| Series::count([issuer], m.snapshots)));
    exposition.add(OBJECTS, all.iter().map(|(issuer, _, m)| Series::count([issuer], m.objects)));
    let named = |issuer: &str, counts: &BTreeMap<&'static str, u64>| -> Vec<Series> {
        counts.iter().map(|(name, count)| Series::count([issuer, name], *count)).collect()
    };
    exposition.add(OBJECTS_REFUSED, all.iter().flat_map(|(issuer, _, m)| named(issuer, &m.objects_refused)));
    exposition.add(FETCH_FAILURES, all.iter().flat_map(|(issuer, _, m)| named(issuer, &m.fetch_failures)));
    exposition.add(INTROSPECTIONS, all.iter().map(|(issuer, _, m)| Series::count([issuer], m.introspections)));
    exposition.add(CACHE_HITS, all.iter().map(|(issuer, _, m)| Series::count([issuer], m.cache_hits)));
    exposition.add(CACHE_MISSES, all.iter().map(|(issuer, _, m)| Series::count([issuer], m.cache_misses)));
    exposition.add(CACHE_ENTRIES, all.iter().map(|(issuer, _, m)| Series::level([issuer], m.cache_entries as f64)));
    exposition.add(CACHE_BYTES, all.iter().map(|(issuer, _, m)| Series::level([issuer], m.cache_bytes as f64)));
}

#[cfg(test)]
mod tests {
    use super::names::{ALL, MetricKind};
    use std::collections::BTreeSet;

    #[test]
    fn the_page_of_metrics_tells_each_and_no_other() {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating/metrics.md")).unwrap();
        let (_, guards) = page.split_once("## The guard").expect("a section of the guard");
        let (guards, _) = guards.split_once("## The relay").expect("a section of the relay");
        let told: BTreeSet<String> = guards
            .lines()
            .filter(|line| line.starts_with("| `countersign_"))
            .map(|line| line.split(" | ").take(3).collect::<Vec<_>>().join(" | "))
            .collect();
        let ours: BTreeSet<String> = ALL
            .iter()
            .map(|metric| {
                let kind = match metric.kind {
                    MetricKind::Counter => "counter",
                    MetricKind::Gauge => "gauge",
                };
                let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
                format!("| `{}` | {kind} | {}", metric.name, labels.join(", "))
            })
            .collect();
        assert_eq!(told, ours);
        assert!(ALL.iter().all(|metric| (metric.kind == MetricKind::Counter) == metric.name.ends_with("_total")));
    }
}
