//! Randomness that need not be secret: jitter, back-off, the name of a verifier, keys of hash tables.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

/// 64 bits that differ from call to call and from process to process: SipHash under a key from the system.
pub(crate) fn bits() -> u64 {
    RandomState::new().hash_one(0_u8)
}

/// A length of time between zero and `most`.
pub(crate) fn up_to(most: Duration) -> Duration {
    // 53 bits make a fraction in [0, 1).
    most.mul_f64((bits() >> 11) as f64 / (1_u64 << 53) as f64)
}

/// A length of time between `share` of `most` and `most`.
pub(crate) fn from_share(share: f64, most: Duration) -> Duration {
    let least = most.mul_f64(share);
    least + up_to(most.saturating_sub(least))
}

/// Waits between tries: doubling, each between half and all of its length, so that verifiers do not try in step.
#[derive(Debug)]
pub(crate) struct Backoff {
    least: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) const fn new(least: Duration, most: Duration) -> Self {
        Self { least, most, next: least }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let wait = from_share(0.5, self.next);
        self.next = (self.next * 2).min(self.most);
        wait
    }

    pub(crate) const fn reset(&mut self) {
        self.next = self.least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_differ() {
        let (least, most) = (Duration::from_millis(50), Duration::from_secs(5));
        let mut backoff = Backoff::new(least, most);
        for expected in [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            let expected = Duration::from_millis(expected);
            let wait = backoff.next();
            assert!((expected / 2..=expected).contains(&wait), "{wait:?} of {expected:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= least);
        assert_ne!(bits(), bits());
    }
}
