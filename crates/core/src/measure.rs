//! Counting what happens, for those who look from outside: no lock, no allocation, and no rule ever reads it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many values there were, and how large, in ranges that are fixed beforehand. Whoever measures adds one to one
/// range: two additions that wait for nobody.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what is beyond the last.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a [`Histogram`] held when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The largest value of each range, in order.
    pub bounds: &'static [u64],
    /// How many values fell into each range; one more for what was larger than every bound.
    pub counts: Vec<u64>,
    /// All values together.
    pub sum: u64,
}

impl Histogram {
    /// A histogram of the ranges up to each of `bounds`, which ascend, and of what is beyond the last.
    #[must_use]
    pub fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// Counts a value.
    pub fn count(&self, value: u64) {
        let range = self.bounds.iter().position(|bound| value <= *bound).unwrap_or(self.bounds.len());
        if let Some(count) = self.counts.get(range) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts a length of time; the bounds are then nanoseconds.
    pub fn count_time(&self, took: Duration) {
        self.count(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What was counted up to now; a value that is being counted meanwhile may be in one number and not in the other.
    #[must_use]
    pub fn read(&self) -> Measured {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Measured { bounds: self.bounds, counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

impl Measured {
    /// How many values there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;
    use std::time::Duration;

    #[test]
    fn a_value_is_counted_in_the_first_range_that_holds_it() {
        let histogram = Histogram::new(&[1, 10, 100]);
        [0, 1, 2, 10, 11, 100, 101, 5_000].into_iter().for_each(|value| histogram.count(value));
        let measured = histogram.read();
        assert_eq!(measured.counts, [2, 2, 2, 2]);
        assert_eq!((measured.count(), measured.sum), (8, 5_225));
    }

    #[test]
    fn a_time_is_counted_in_nanoseconds() {
        let histogram = Histogram::new(&[1_000]);
        histogram.count_time(Duration::from_micros(1));
        histogram.count_time(Duration::from_nanos(1_001));
        assert_eq!((histogram.read().counts, histogram.read().sum), (vec![1, 1], 2_001));
    }
}
