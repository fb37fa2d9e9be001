//! The only places where the clock is read and random bytes are drawn.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use countersign_core::{Source, Span, Time};
use countersign_jose::{Algorithm, KeyError, SigningKey};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock, which within a process never moves back, and the system's generator.
#[derive(Debug)]
pub struct SystemSource {
    latest: AtomicU64,
    generator: SystemRandom,
}

/// A clock that is moved by hand, for tests and the tour, over the system's generator.
#[derive(Debug)]
pub struct ManualSource {
    now: AtomicU64,
    system: SystemSource,
}

impl SystemSource {
    /// The system's.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the Source that all others take")]
    pub fn new() -> Self {
        Self { latest: AtomicU64::new(0), generator: SystemRandom::new() }
    }
}

impl Default for SystemSource {
    fn default() -> Self {
        Self::new()
    }
}

impl Source for SystemSource {
    #[expect(clippy::disallowed_methods, reason = "this is the Source that all others take")]
    fn now(&self) -> Time {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let wall = u64::try_from(wall).unwrap_or(u64::MAX);
        // A clock that was set back stands still until it has caught up: ages would turn negative otherwise.
        Time::from_millis(self.latest.fetch_max(wall, Ordering::Relaxed).max(wall))
    }

    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::expect_used, reason = "aws-lc's generator aborts the process rather than fail")]
        self.generator.fill(bytes).expect("the system's generator works");
    }

    fn signing_key(&self, algorithm: Algorithm) -> Result<SigningKey, KeyError> {
        SigningKey::generate(algorithm)
    }
}

impl ManualSource {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Time) -> Self {
        Self { now: AtomicU64::new(now.as_millis()), system: SystemSource::new() }
    }

    /// Moves the clock on.
    pub fn advance(&self, span: Span) {
        self.now.fetch_add(span.as_millis(), Ordering::Relaxed);
    }
}

impl Source for ManualSource {
    fn now(&self) -> Time {
        Time::from_millis(self.now.load(Ordering::Relaxed))
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.system.fill(bytes);
    }

    fn signing_key(&self, algorithm: Algorithm) -> Result<SigningKey, KeyError> {
        self.system.signing_key(algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::{ManualSource, SystemSource};
    use countersign_core::{Source, Span, Time};
    use std::sync::atomic::Ordering;

    #[test]
    fn a_clock_that_was_set_back_stands_still() {
        let source = SystemSource::new();
        let ahead = source.now().as_millis() + 60_000;
        source.latest.store(ahead, Ordering::Relaxed);
        assert_eq!(source.now(), Time::from_millis(ahead));
    }

    #[test]
    fn a_clock_that_is_moved_by_hand_moves_by_hand_alone() {
        let source = ManualSource::at(Time::from_millis(1_000));
        source.advance(Span::from_seconds(2));
        assert_eq!((source.now(), source.now()), (Time::from_millis(3_000), Time::from_millis(3_000)));
    }
}
