//! How long the background waits for what.

use std::time::Duration;

/// How long the background waits for what. The defaults are right for production; tests shorten them.
///
/// ```
/// use std::time::Duration;
/// use countersign_verifier::Timing;
///
/// let timing = Timing { silence: Duration::from_millis(500), ..Timing::default() };
/// assert!(timing.backoff_min < timing.backoff_max);
/// ```
#[derive(Debug, Clone)]
pub struct Timing {
    /// Without an object for so long, the connection to the feed is given up: heads come every second. Default 3 s.
    pub silence: Duration,
    /// The first wait after a failure; it doubles, with jitter. Default 50 ms.
    pub backoff_min: Duration,
    /// The longest wait after a failure. Default 5 s.
    pub backoff_max: Duration,
    /// At most one fetch of the key set in that time is caused by unknown key ids. Default 30 s.
    pub unknown_key_cooldown: Duration,
    /// How long a request waits for a fetch that an unknown key id caused, where requests wait at all. Default 1 s.
    pub unknown_key_wait: Duration,
    /// An announced key is fetched after at most that time, at random. Default 500 ms.
    pub announcement_jitter: Duration,
    /// The first wait for an announced key that is not published yet; it doubles. Default 500 ms.
    pub announced_key_retry: Duration,
    /// The shortest time for which a key set is used, whatever its `max-age`. Default 1 s.
    pub jwks_age_min: Duration,
    /// The feed's own keys are fetched that often; after twice that time without, the feed is stale. Default 300 s.
    pub feed_keys_every: Duration,
    /// The applied position is reported at least that often. Default 10 s.
    pub report_every: Duration,
    /// Two reports are at least so far apart. Default 50 ms.
    pub report_gap: Duration,
    /// The longest wait for an answer, or for more of one. Default 10 s.
    pub answer: Duration,
    /// The longest wait for an introspection. Default 2 s.
    pub introspection: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(3),
            backoff_min: Duration::from_millis(50),
            backoff_max: Duration::from_secs(5),
            unknown_key_cooldown: Duration::from_secs(30),
            unknown_key_wait: Duration::from_secs(1),
            announcement_jitter: Duration::from_millis(500),
            announced_key_retry: Duration::from_millis(500),
            jwks_age_min: Duration::from_secs(1),
            feed_keys_every: Duration::from_secs(300),
            report_every: Duration::from_secs(10),
            report_gap: Duration::from_millis(50),
            answer: Duration::from_secs(10),
            introspection: Duration::from_secs(2),
        }
    }
}
