//! The time that counts at a verifier: its own clock, held against what the issuer signed.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use countersign_jose::Timestamp;
use countersign_revocation::VerifierClock;

use crate::limits::OFFSET_LIFE_MS;

/// Where a verifier takes the time from. Tests move one by hand.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970, as far as this machine knows.
    fn wall_ms(&self) -> u64;
    /// Milliseconds since any fixed moment; never goes back.
    fn monotonic_ms(&self) -> u64;
}

/// The clocks of the machine.
#[derive(Debug)]
pub struct SystemClock {
    began: Instant,
}

#[expect(clippy::disallowed_methods, reason = "the one place where the runtime's clocks are read")]
impl SystemClock {
    /// Counts from now.
    #[must_use]
    pub fn new() -> Self {
        Self { began: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the runtime's clocks are read")]
impl Clock for SystemClock {
    fn wall_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// One reading of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// Milliseconds since 1970 by which tokens and freshness are judged.
    pub(crate) ms: u64,
    pub(crate) monotonic_ms: u64,
}

impl Now {
    pub(crate) const fn timestamp(self) -> Timestamp {
        Timestamp::from_seconds(self.ms / 1000)
    }
}

/// Reads the clock for each request: one look at the monotonic clock, and an offset that is at most a tenth of a second
/// old.
pub(crate) struct Timekeeper {
    source: Arc<dyn Clock>,
    evidence: Mutex<VerifierClock>,
    /// Time that counts less monotonic time, wrapping.
    offset_ms: AtomicU64,
    /// Until when, by the monotonic clock, the offset is good.
    good_until_ms: AtomicU64,
}

impl Timekeeper {
    pub(crate) fn new(source: Arc<dyn Clock>) -> Self {
        let evidence = Mutex::new(VerifierClock::new());
        Self { source, evidence, offset_ms: AtomicU64::new(0), good_until_ms: AtomicU64::new(0) }
    }

    pub(crate) fn now(&self) -> Now {
        let monotonic_ms = self.source.monotonic_ms();
        if monotonic_ms >= self.good_until_ms.load(Ordering::Acquire) {
            self.renew(monotonic_ms);
        }
        Now { ms: monotonic_ms.wrapping_add(self.offset_ms.load(Ordering::Acquire)), monotonic_ms }
    }

    /// Takes the `as_of` of a signed object that has just come.
    pub(crate) fn observe(&self, as_of_ms: u64) {
        let monotonic_ms = self.source.monotonic_ms();
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner).observe(as_of_ms, monotonic_ms);
        self.renew(monotonic_ms);
    }

    /// How far the wall clock is ahead of the issuer's; negative: behind.
    pub(crate) fn skew_ms(&self) -> Option<i64> {
        let evidence = *self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        evidence.skew_ms(self.source.wall_ms(), self.source.monotonic_ms())
    }

    pub(crate) fn wall_ms(&self) -> u64 {
        self.source.wall_ms()
    }

    fn renew(&self, monotonic_ms: u64) {
        let evidence = *self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = evidence.now_ms(self.source.wall_ms(), monotonic_ms);
        self.offset_ms.store(now_ms.wrapping_sub(monotonic_ms), Ordering::Release);
        self.good_until_ms.store(monotonic_ms.saturating_add(OFFSET_LIFE_MS), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Hand {
        wall_ms: AtomicU64,
        monotonic_ms: AtomicU64,
    }

    impl Clock for Hand {
        fn wall_ms(&self) -> u64 {
            self.wall_ms.load(Ordering::Relaxed)
        }

        fn monotonic_ms(&self) -> u64 {
            self.monotonic_ms.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_wall_clock_that_is_set_counts_within_a_tenth_of_a_second() {
        let hand = Arc::new(Hand::default());
        hand.wall_ms.store(5_000_000, Ordering::Relaxed);
        let time = Timekeeper::new(hand.clone());
        assert_eq!(time.now().ms, 5_000_000);
        hand.monotonic_ms.store(50, Ordering::Relaxed);
        assert_eq!(time.now().ms, 5_000_050);
        hand.wall_ms.store(9_000_000, Ordering::Relaxed);
        hand.monotonic_ms.store(OFFSET_LIFE_MS, Ordering::Relaxed);
        assert_eq!(time.now().ms, 9_000_000);
    }

    #[test]
    fn what_the_issuer_signed_counts_at_once_and_is_never_turned_back() {
        let hand = Arc::new(Hand::default());
        hand.wall_ms.store(1_000, Ordering::Relaxed);
        let time = Timekeeper::new(hand.clone());
        time.observe(60_000);
        assert_eq!((time.now().ms, time.skew_ms()), (60_000, Some(-59_000)));
        hand.monotonic_ms.store(2_000, Ordering::Relaxed);
        assert_eq!(time.now().ms, 61_999);
    }
}
