//! From numbers to the text that Prometheus reads.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text},
    metrics::MetricType,
    registry::Registry,
};

use super::names::{Metric, MetricKind};

/// All that one scrape tells. What has no series is left out.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    families: Vec<(Metric, Vec<Series>)>,
}

/// The number of one metric under certain labels.
#[derive(Debug)]
pub(crate) struct Series {
    labels: Vec<(&'static str, String)>,
    value: Value,
}

#[derive(Debug, Clone, Copy)]
enum Value {
    Count(u64),
    Level(f64),
}

impl Exposition {
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
        Self { labels: labels.map(|value| ("", value.to_owned())).into(), value: Value::Count(count) }
    }

    pub(crate) fn level<const N: usize>(labels: [&str; N], level: f64) -> Self {
        Self { labels: labels.map(|value| ("", value.to_owned())).into(), value: Value::Level(level) }
    }

    pub(crate) fn truth<const N: usize>(labels: [&str; N], holds: bool) -> Self {
        Self::level(labels, if holds { 1.0 } else { 0.0 })
    }

    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        match self.value {
            Value::Count(count) => encoder.encode_counter::<NoLabelSet, _, f64>(&count, None),
            Value::Level(level) => encoder.encode_gauge(&level),
        }
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (metric, series) in &self.families {
            let kind = match metric.kind {
                MetricKind::Counter => MetricType::Counter,
                MetricKind::Gauge => MetricType::Gauge,
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
