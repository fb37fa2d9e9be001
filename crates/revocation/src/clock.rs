//! The time at a verifier: its own clock, held against what the issuer signed.

/// What the issuer's clock says, judged from the newest `as_of` and the time since it came. Together with the wall clock
/// it makes a clock that neither a wrong wall clock nor a held-back feed can turn back.
///
/// It counts the time since an `as_of` came a two-thousandth too slow. So it keeps the evidence that puts the issuer's
/// clock latest, an object that was held up on its way does not turn it back, and yet a monotonic clock that runs too
/// fast (by less than that) is put right by every head.
///
/// ```
/// use countersign_revocation::VerifierClock;
///
/// let mut clock = VerifierClock::new();
/// assert_eq!(clock.now_ms(5_000, 100), 5_000); // nothing known: the wall clock
/// clock.observe(60_000, 100);
/// assert_eq!(clock.now_ms(5_000, 2_100), 61_999); // the wall clock is behind
/// assert_eq!(clock.now_ms(90_000, 2_100), 90_000);
/// assert_eq!(clock.skew_ms(5_000, 2_100), Some(-56_999));
/// assert_eq!(clock.staleness_ms(60_000, 5_000, 2_100), 1_999);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct VerifierClock {
    newest: Option<Evidence>,
}

/// The issuer's clock was at least at `as_of_ms` when the monotonic clock here was at `monotonic_ms`.
#[derive(Debug, Clone, Copy)]
struct Evidence {
    as_of_ms: u64,
    monotonic_ms: u64,
}

/// By how much the time since an `as_of` is counted too slow: 500 parts in a million, more than clocks are off.
const SLOW_PART: u64 = 2_000;

impl VerifierClock {
    /// A clock that has seen nothing of the issuer.
    #[must_use]
    pub const fn new() -> Self {
        Self { newest: None }
    }

    /// Takes the `as_of` of a signed object (milliseconds since 1970; 0 says nothing) and the monotonic time at which it
    /// came, in milliseconds since any fixed moment.
    pub fn observe(&mut self, as_of_ms: u64, monotonic_ms: u64) {
        if as_of_ms > 0 && self.issuer_ms(monotonic_ms).is_none_or(|known| as_of_ms >= known) {
            self.newest = Some(Evidence { as_of_ms, monotonic_ms });
        }
    }

    /// The time for everything that a verifier judges by, in milliseconds since 1970: the later of wall clock and
    /// issuer's clock.
    #[must_use]
    pub fn now_ms(&self, wall_ms: u64, monotonic_ms: u64) -> u64 {
        self.issuer_ms(monotonic_ms).map_or(wall_ms, |issuer| issuer.max(wall_ms))
    }

    /// How far the wall clock is ahead of the issuer's, in milliseconds; negative: behind. None before anything came.
    /// A feed that is held up shows as a wall clock that is ahead.
    #[must_use]
    pub fn skew_ms(&self, wall_ms: u64, monotonic_ms: u64) -> Option<i64> {
        let difference = i128::from(wall_ms).saturating_sub(self.issuer_ms(monotonic_ms)?.into());
        Some(i64::try_from(difference).unwrap_or(if difference > 0 { i64::MAX } else { i64::MIN }))
    }

    /// How long ago, in milliseconds, `as_of_ms` was: what a follower's [`as_of`](crate::Follower::as_of) is held
    /// against the longest staleness with.
    #[must_use]
    pub fn staleness_ms(&self, as_of_ms: u64, wall_ms: u64, monotonic_ms: u64) -> u64 {
        self.now_ms(wall_ms, monotonic_ms).saturating_sub(as_of_ms)
    }

    fn issuer_ms(&self, monotonic_ms: u64) -> Option<u64> {
        let Evidence { as_of_ms, monotonic_ms: came_ms } = self.newest?;
        let since = monotonic_ms.saturating_sub(came_ms);
        Some(as_of_ms.saturating_add(since.saturating_sub(since.div_ceil(SLOW_PART))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_was_held_up_does_not_turn_the_clock_back() {
        let mut clock = VerifierClock::new();
        clock.observe(1_000_000, 0);
        clock.observe(1_001_000, 30_000);
        assert_eq!(clock.now_ms(0, 30_000), 1_029_985);
        assert_eq!(clock.staleness_ms(1_001_000, 0, 30_000), 28_985);
        clock.observe(0, 30_000);
        assert_eq!(clock.now_ms(0, 30_000), 1_029_985);
    }

    #[test]
    fn a_fast_monotonic_clock_is_put_right_by_each_head() {
        let mut clock = VerifierClock::new();
        // 100 parts in a million too fast, a head a second, for a day.
        for second in 0..86_400_u64 {
            clock.observe(1_000_000 + second * 1_000, second * 1_000 + second / 10);
        }
        let (issuer, monotonic) = (1_000_000 + 86_399 * 1_000, 86_399 * 1_000 + 8_639);
        assert!(clock.now_ms(0, monotonic).abs_diff(issuer) < 5, "{}", clock.now_ms(0, monotonic));
    }

    #[test]
    fn extreme_numbers_do_not_overflow() {
        let mut clock = VerifierClock::new();
        clock.observe(u64::MAX, 0);
        assert_eq!(clock.now_ms(0, u64::MAX), u64::MAX);
        assert_eq!(clock.skew_ms(0, u64::MAX), Some(i64::MIN));
        assert_eq!(VerifierClock::new().skew_ms(0, 0), None);
    }
}
