//! Resource servers that embed the real verifier, on a clock that is moved with the issuer's.

use super::app::TestApp;
use countersign_core::store::{DeploymentStore as _, RevocationStore as _};
use countersign_core::{Source as _, Span};
use countersign_verifier::{Clock, Verifier};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Long enough for a busy machine; a test that passes does not wait for it.
const LONG: Duration = Duration::from_secs(20);

/// A clock that is moved by hand.
#[derive(Debug, Default)]
pub(crate) struct Hand(AtomicU64);

impl Clock for Hand {
    fn wall_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl TestApp {
    /// A clock that stands where the issuer's does.
    pub(crate) fn hand(&self) -> Arc<Hand> {
        Arc::new(Hand(AtomicU64::new(self.clock().now().as_millis())))
    }

    /// Moves both clocks on to this second, and lets the issuer forget what it may by then.
    pub(crate) async fn move_to(&self, hand: &Hand, seconds: u64) {
        let now = self.clock().now().as_millis();
        let to = seconds.checked_mul(1_000).filter(|to| *to >= now).expect("clocks do not go back");
        self.clock().advance(Span::from_millis(to - now));
        hand.0.store(to, Ordering::Relaxed);
        let now = self.clock().now();
        self.store().sweep(now).await.unwrap();
        self.store().forget_revocations(now.timestamp()).await.unwrap();
    }

    /// A verifier of tokens for the issuer itself, which knows everything.
    pub(crate) async fn verifier(&self, hand: &Arc<Hand>, leeway_seconds: u64) -> Verifier {
        let issuer = &self.setup().token.issuer;
        let builder = Verifier::builder(issuer).audience(issuer).clock(hand.clone());
        let verifier = builder.leeway(Duration::from_secs(leeway_seconds)).build().await.unwrap();
        assert!(verifier.wait_until_current(LONG).await, "{:?}", verifier.metrics());
        verifier
    }
}

/// What a verifier says of a token: `good`, fresh or not, or the code of the error.
pub(crate) fn judge(verifier: &Verifier, token: &str) -> &'static str {
    verifier.verify::<Value>(token).map_or_else(|error| error.code(), |_| "good")
}

/// Looks until the verifier says this of the token.
pub(crate) async fn until_judged(verifier: &Verifier, token: &str, judged: &str) {
    let begun = Instant::now();
    while judge(verifier, token) != judged {
        assert!(begun.elapsed() < LONG, "{} instead of {judged}", judge(verifier, token));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
