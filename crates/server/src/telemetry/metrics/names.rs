//! THE list of metrics: no other place names one. docs/operating/metrics.md tells what each is good for, and a test
//! compares both.

/// A metric.
#[derive(Debug)]
pub(crate) struct Metric {
    /// As it is scraped; counters end with `_total`.
    pub(crate) name: &'static str,
    pub(crate) kind: MetricKind,
    /// In the order in which they are written. Each takes few values, all of them ours: never what a client sent.
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
    /// How often values were how large.
    Histogram,
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
    BUILD_INFO: Gauge, "countersign_build_info", ["version"], "Always 1; the label tells which version runs";
    START_TIME: Gauge, "process_start_time_seconds", [], "When the server started, in seconds since 1970";
    REQUESTS: Counter, "countersign_http_requests_total", ["route", "status"], "Requests answered, by matched route and status class";
    REQUEST_TIMES: Histogram, "countersign_http_request_duration_seconds", ["route"], "Time until the answer began";
    PROBLEMS: Counter, "countersign_http_problems_total", ["code"], "Requests refused or failed, by the code that was answered";
    SIGN_INS: Counter, "countersign_sign_ins_total", ["outcome"], "Sign-ins by outcome";
    REFRESHES: Counter, "countersign_refreshes_total", ["outcome"], "Refresh tokens presented, by the row of the refresh table that decided";
    HASHES_WAITING: Gauge, "countersign_hashes_waiting", [], "Passwords that wait to be hashed";
    HASHES_RUNNING: Gauge, "countersign_hashes_running", [], "Passwords that are hashed just now";
    HASHES_REFUSED: Counter, "countersign_hashes_refused_total", ["reason"], "Passwords that were not hashed: the queue was full, or the wait too long";
    HASH_WAITS: Histogram, "countersign_hash_wait_seconds", [], "How long a password waited for its turn";
    HASH_TIMES: Histogram, "countersign_hash_duration_seconds", [], "How long hashing took";
    COMMIT_TIMES: Histogram, "countersign_store_commit_duration_seconds", [], "How long a commit took until it was on disk";
    BATCH_SIZES: Histogram, "countersign_store_batch_changes", [], "How many changes shared a commit";
    CHANGES_WAITING: Gauge, "countersign_store_changes_waiting", [], "Changes that wait for the writer";
    CHANGES_REFUSED: Counter, "countersign_store_changes_refused_total", [], "Changes refused because too many waited";
    SESSIONS_LIVE: Gauge, "countersign_sessions_live", [], "Live sessions, counted beside the requests";
    FEED_SUBSCRIBERS: Gauge, "countersign_feed_subscribers", [], "Streams and waiting polls of the revocation feed";
    FEED_SEQUENCE: Gauge, "countersign_feed_sequence", [], "Number of the last entry of the revocation feed; begins anew with an epoch";
    FEED_AGE: Gauge, "countersign_feed_age_seconds", [], "How long ago storage last said that nothing is missing in the feed";
    PUBLISH_TIMES: Histogram, "countersign_feed_publish_duration_seconds", [], "Time from the commit that caused entries to their publication, at the most";
    VERIFIERS: Gauge, "countersign_feed_verifiers", [], "Verifiers that reported their position lately";
    VERIFIER_LAG: Gauge, "countersign_feed_verifier_lag_entries", [], "Entries that the slowest of them has not applied";
    LOGOUTS: Counter, "countersign_logouts_total", ["outcome"], "Tries to tell clients that a session ended, by outcome";
    LOGOUTS_WAITING: Gauge, "countersign_logouts_waiting", [], "Ended sessions of which a client has to be told yet";
    KEYS: Gauge, "countersign_keys", ["use", "state"], "Keys in the ring";
    KEY_AGE: Gauge, "countersign_key_age_seconds", ["use", "state"], "Age of the oldest of them";
}

#[cfg(test)]
mod tests {
    use super::{ALL, Metric, MetricKind};
    use std::collections::BTreeSet;

    const DOCUMENT: &str = include_str!("../../../../../docs/operating/metrics.md");

    /// The metric as its row in the document begins.
    fn row(metric: &Metric) -> String {
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{}` | {kind} | {} |", metric.name, labels.join(", "))
    }

    #[test]
    fn the_document_tells_every_metric_and_no_other() {
        let ours: BTreeSet<_> = ALL.iter().map(row).collect();
        assert_eq!(ours.len(), ALL.len(), "each has a name of its own");
        // Below are those of guard and relay, which test their own.
        let (document, _) = DOCUMENT.split_once("## The guard").unwrap();
        let rows =
            document.lines().filter(|line| line.starts_with("| `countersign_") || line.starts_with("| `process_"));
        let told: BTreeSet<_> = rows.map(|line| line.split('|').take(4).collect::<Vec<_>>().join("|") + "|").collect();
        assert_eq!(told, ours);
    }

    #[test]
    fn names_tell_kind_and_unit() {
        for metric in ALL {
            assert_eq!(metric.kind == MetricKind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
            let timed = ["duration", "wait_", "age", "time"].iter().any(|word| metric.name.contains(word));
            let timed = timed && metric.kind != MetricKind::Counter && !metric.name.ends_with("_waiting");
            assert_eq!(timed, metric.name.ends_with("_seconds"), "{}", metric.name);
        }
    }
}
