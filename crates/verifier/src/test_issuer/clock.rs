//! A clock that is moved by hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::clock::Clock;

/// A clock that stands until it is moved. Share it between issuer and verifier.
///
/// ```
/// use std::time::Duration;
/// use countersign_verifier::{Clock, ManualClock};
///
/// let clock = ManualClock::at(1_750_000_000);
/// clock.advance(Duration::from_secs(5));
/// assert_eq!((clock.wall_ms(), clock.monotonic_ms()), (1_750_000_005_000, 5_000));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    wall_ms: AtomicU64,
    monotonic_ms: AtomicU64,
}

impl ManualClock {
    /// A clock that shows that second since 1970.
    #[must_use]
    pub fn at(seconds: u64) -> Arc<Self> {
        Arc::new(Self { wall_ms: AtomicU64::new(seconds * 1_000), monotonic_ms: AtomicU64::new(0) })
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.wall_ms.fetch_add(by_ms, Ordering::SeqCst);
        self.monotonic_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    /// Sets the wall clock, as somebody with a wrong idea of the time would; no time passes.
    pub fn set_wall_ms(&self, wall_ms: u64) {
        self.wall_ms.store(wall_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn wall_ms(&self) -> u64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        self.monotonic_ms.load(Ordering::SeqCst)
    }
}
