//! THE list of the guard's metrics: no other place names one. docs/operating/metrics.md tells what each is good for, and a
//! test compares both.

/// A metric.
#[derive(Debug)]
pub(crate) struct Metric {
    /// As it is scraped; counters end with `_total`.
    pub(crate) name: &'static str,
    pub(crate) kind: MetricKind,
    /// In the order in which they are written. Each takes few values, all of them ours or the operator's.
    pub(crate) labels: &'static [&'static str],
    pub(crate) help: &'static str,
}

/// What kind of numbers it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricKind {
    /// Only grows, from 0 at the start.
    Counter,
    /// Stands where it stands.
    Gauge,
}

macro_rules! metrics {
    ($($id:ident: $kind:ident, $name:literal, [$($label:literal),*], $help:literal;)*) => {
        $(pub(crate) const $id: Metric =
            Metric { name: $name, kind: MetricKind::$kind, labels: &[$($label),*], help: $help };)*

        /// All of them, in the order in which they are written.
        #[cfg(test)]
        pub(crate) const ALL: &[Metric] = &[$($id),*];
    };
}

metrics! {
    BUILD_INFO: Gauge, "countersign_guard_build_info", ["version"], "Always 1; the label tells which version runs";
    DECISIONS: Counter, "countersign_guard_decisions_total", ["status", "outcome"], "Requests judged, by the status that was answered and why";
    RULES: Gauge, "countersign_guard_rules", [], "Rules in use";
    RULES_CURRENT: Gauge, "countersign_guard_rules_current", [], "1 if the rules in use are those of the file, 0 if the file is broken";
    RELOADS: Counter, "countersign_guard_rules_reloads_total", ["outcome"], "Changes of the file: taken, or refused";
    READY: Gauge, "countersign_verifier_ready", ["issuer"], "1 if tokens can be verified";
    FRESH: Gauge, "countersign_verifier_fresh", ["issuer"], "1 if a revocation would be known";
    STALENESS: Gauge, "countersign_verifier_staleness_seconds", ["issuer"], "Age of what is known of revocations";
    FEED_LAG: Gauge, "countersign_verifier_feed_lag_seconds", ["issuer"], "Age of the last object of the feed when it came";
    CLOCK_SKEW: Gauge, "countersign_verifier_clock_skew_seconds", ["issuer"], "How far this clock is ahead of the issuer's";
    REVOKED: Gauge, "countersign_verifier_revoked", ["issuer"], "Sessions, tokens and clients that are revoked";
    KEY_SET: Gauge, "countersign_verifier_key_set_generation", ["issuer"], "Changes of the key set since the start";
    CONNECTIONS: Counter, "countersign_verifier_feed_connections_total", ["issuer"], "Connections to the feed that were begun";
    SNAPSHOTS: Counter, "countersign_verifier_snapshots_total", ["issuer"], "Snapshots that were fetched";
    OBJECTS: Counter, "countersign_verifier_objects_total", ["issuer"], "Objects of the feed that were taken";
    OBJECTS_REFUSED: Counter, "countersign_verifier_objects_refused_total", ["issuer", "code"], "Objects of the feed that were refused";
    FETCH_FAILURES: Counter, "countersign_verifier_fetch_failures_total", ["issuer", "what"], "Fetches from the issuer that failed";
    INTROSPECTIONS: Counter, "countersign_verifier_introspections_total", ["issuer"], "Tokens that the issuer was asked about";
    CACHE_HITS: Counter, "countersign_verifier_cache_hits_total", ["issuer"], "Tokens found in the cache";
    CACHE_MISSES: Counter, "countersign_verifier_cache_misses_total", ["issuer"], "Tokens that had to be verified";
    CACHE_ENTRIES: Gauge, "countersign_verifier_cache_entries", ["issuer"], "Tokens in the cache";
    CACHE_BYTES: Gauge, "countersign_verifier_cache_bytes", ["issuer"], "Memory that they take, as it is counted against the limit";
}
