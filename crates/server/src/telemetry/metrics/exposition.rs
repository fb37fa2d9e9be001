//! From numbers to the text that Prometheus reads.

use super::names::{Metric, MetricKind};
use countersign_core::measure::Measured;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;

/// All that one scrape tells. What has no series is left out.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    families: Vec<(Metric, Vec<Series>)>,
}

/// The numbers of one metric under certain labels.
#[derive(Debug)]
pub(crate) struct Series {
    labels: Vec<(&'static str, String)>,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Count(u64),
    Level(f64),
    /// And how many of what is counted make one unit.
    Measured(Measured, f64),
}

const NANOSECONDS: f64 = 1e9;

impl Exposition {
    /// The media type of what is written.
    pub(crate) const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

    /// Adds a metric; the values of its labels stand in the order of its list.
    pub(crate) fn add(&mut self, metric: Metric, series: impl IntoIterator<Item = Series>) {
        let named = series.into_iter().map(|mut series| {
            series.labels.iter_mut().zip(metric.labels).for_each(|((name, _), label)| *name = label);
            series
        });
        let series: Vec<_> = named.collect();
        if !series.is_empty() {
            self.families.push((metric, series));
        }
    }

    /// Writes it all.
    ///
    /// # Errors
    /// Never for what is written to a string.
    pub(crate) fn write(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl Series {
    pub(crate) fn count<const N: usize>(labels: [&str; N], count: u64) -> Self {
        Self::of(labels, Value::Count(count))
    }

    pub(crate) fn level<const N: usize>(labels: [&str; N], level: u64) -> Self {
        Self::of(labels, Value::Level(level as f64))
    }

    /// Milliseconds, as seconds.
    pub(crate) fn millis<const N: usize>(labels: [&str; N], millis: u64) -> Self {
        Self::of(labels, Value::Level(millis as f64 / 1_000.0))
    }

    /// Nanoseconds, as seconds.
    pub(crate) fn times<const N: usize>(labels: [&str; N], measured: Measured) -> Self {
        Self::of(labels, Value::Measured(measured, NANOSECONDS))
    }

    pub(crate) fn sizes<const N: usize>(labels: [&str; N], measured: Measured) -> Self {
        Self::of(labels, Value::Measured(measured, 1.0))
    }

    fn of<const N: usize>(labels: [&str; N], value: Value) -> Self {
        Self { labels: labels.map(|value| ("", value.to_owned())).into(), value }
    }

    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        match &self.value {
            Value::Count(count) => encoder.encode_counter::<NoLabelSet, _, f64>(count, None),
            Value::Level(level) => encoder.encode_gauge(level),
            Value::Measured(measured, per_unit) => histogram(encoder, measured, *per_unit),
        }
    }
}

fn histogram(mut encoder: MetricEncoder<'_>, measured: &Measured, per_unit: f64) -> fmt::Result {
    let bounds = measured.bounds.iter().map(|bound| *bound as f64 / per_unit).chain([f64::INFINITY]);
    let buckets: Vec<_> = bounds.zip(measured.counts.iter().copied()).collect();
    encoder.encode_histogram::<NoLabelSet>(measured.sum as f64 / per_unit, measured.count(), &buckets, None)
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (metric, series) in &self.families {
            let kind = match metric.kind {
                MetricKind::Counter => MetricType::Counter,
                MetricKind::Gauge => MetricType::Gauge,
                MetricKind::Histogram => MetricType::Histogram,
            };
            // The encoder gives counters their ending.
            let name = metric.name.strip_suffix("_total").unwrap_or(metric.name);
            let mut family = encoder.encode_descriptor(name, metric.help, None, kind)?;
            for series in series {
                series.encode(family.encode_family(&series.labels)?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::{BATCH_SIZES, HASH_TIMES, HASHES_REFUSED, KEYS, SESSIONS_LIVE};
    use super::{Exposition, Series};
    use countersign_core::measure::Histogram;

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        let times = Histogram::new(&[1_000_000, 1_000_000_000]);
        [500_000, 2_000_000, 3_000_000_000].into_iter().for_each(|time| times.count(time));
        let mut exposition = Exposition::default();
        exposition.add(HASHES_REFUSED, [Series::count(["full"], 3), Series::count(["late"], 0)]);
        exposition.add(HASH_TIMES, [Series::times([], times.read())]);
        exposition.add(KEYS, [Series::level(["feed", "a\"b"], 2)]);
        exposition.add(BATCH_SIZES, []);
        exposition.add(SESSIONS_LIVE, [Series::millis([], 1_500)]);
        let expected = [
            "# HELP countersign_hashes_refused_total Passwords that were not hashed: the queue was full, or the wait too long",
            "# TYPE countersign_hashes_refused_total counter",
            "countersign_hashes_refused_total{reason=\"full\"} 3",
            "countersign_hashes_refused_total{reason=\"late\"} 0",
            "# HELP countersign_hash_duration_seconds How long hashing took",
            "# TYPE countersign_hash_duration_seconds histogram",
            "countersign_hash_duration_seconds_bucket{le=\"0.001\"} 1",
            "countersign_hash_duration_seconds_bucket{le=\"1\"} 2",
            "countersign_hash_duration_seconds_bucket{le=\"+Inf\"} 3",
            "countersign_hash_duration_seconds_sum 3.0025",
            "countersign_hash_duration_seconds_count 3",
            "# HELP countersign_keys Keys in the ring",
            "# TYPE countersign_keys gauge",
            "countersign_keys{use=\"feed\",state=\"a\\\"b\"} 2.0",
            "# HELP countersign_sessions_live Live sessions, counted beside the requests",
            "# TYPE countersign_sessions_live gauge",
            "countersign_sessions_live 1.5",
        ];
        let written = exposition.write().unwrap();
        let lines =
            |text: &[&str]| text.iter().map(|line| (*line).to_owned()).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(lines(&written.lines().collect::<Vec<_>>()), lines(&expected));
        assert_eq!(written.lines().count(), expected.len());
    }
}
