//! Numbers from a seed: SplitMix64, of which every run is the same. Not for secrets.

use countersign_core::Span;

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(super) struct Generator(u64);

impl Generator {
    /// The stream of this seed and number.
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let mut generator = Self(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        generator.next();
        generator
    }

    /// Another stream, apart from this one.
    pub(super) fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// Whether something happens that does so with this probability.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A time from `least` to `most`, each as likely.
    pub(super) fn between(&mut self, least: Span, most: Span) -> Span {
        let width = most.as_millis().saturating_sub(least.as_millis());
        Span::from_millis(least.as_millis() + self.next() % (width + 1))
    }

    /// The time until something that happens at random, every `mean` on average.
    #[expect(clippy::cast_precision_loss, reason = "a mean of minutes")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and some hours at the most")]
    pub(super) fn until_random(&mut self, mean: Span) -> Span {
        Span::from_millis((-(1.0 - self.unit()).ln() * mean.as_millis() as f64) as u64)
    }

    /// From 0 to 1, without 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what an f64 holds")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
