//! An issuer, a verifier that follows it, and questions to both.

use std::{sync::Arc, time::Duration};

use countersign_verifier::{
    Builder, Complete, Freshness, ManualClock, Minted, TestIssuer, TestOptions, Timing, Verifier, VerifyError,
};
use serde_json::Value;
use tokio::time::Instant;

pub(crate) const AUDIENCE: &str = "https://api.example";
/// Long enough for a busy machine; a test that passes does not wait for it.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Waits that suit a test.
pub(crate) fn quick() -> Timing {
    Timing {
        silence: Duration::from_millis(400),
        backoff_min: Duration::from_millis(5),
        backoff_max: Duration::from_millis(50),
        unknown_key_wait: Duration::from_secs(5),
        announcement_jitter: Duration::from_millis(5),
        announced_key_retry: Duration::from_millis(5),
        jwks_age_min: Duration::from_millis(20),
        report_gap: Duration::from_millis(5),
        ..Timing::default()
    }
}

pub(crate) fn builder(issuer: &TestIssuer) -> Builder<Complete> {
    Verifier::builder(issuer.url()).audience(AUDIENCE).timing(quick())
}

/// Builds it and waits until it knows everything.
pub(crate) async fn current(builder: Builder<Complete>) -> Verifier {
    let verifier = builder.build().await.unwrap();
    assert!(verifier.wait_until_current(LONG).await, "{:?}", verifier.metrics());
    verifier
}

pub(crate) async fn pair() -> (TestIssuer, Verifier) {
    let issuer = TestIssuer::start().await;
    let verifier = current(builder(&issuer)).await;
    (issuer, verifier)
}

/// An issuer and a verifier on one clock that is moved by hand.
pub(crate) async fn pair_on_a_clock() -> (Arc<ManualClock>, TestIssuer, Verifier) {
    pair_on_a_clock_with(|builder| builder).await
}

/// The verifier as it is wanted.
pub(crate) async fn pair_on_a_clock_with(
    wanted: impl FnOnce(Builder<Complete>) -> Builder<Complete>,
) -> (Arc<ManualClock>, TestIssuer, Verifier) {
    let clock = ManualClock::at(1_750_000_000);
    let mut options = TestOptions::default();
    options.clock = clock.clone();
    let issuer = TestIssuer::start_with(options).await;
    let verifier = current(wanted(builder(&issuer).clock(clock.clone()))).await;
    (clock, issuer, verifier)
}

/// What the verifier says of a token: `fresh`, `stale`, or the code of the error.
pub(crate) fn judge(verifier: &Verifier, token: &str) -> &'static str {
    match verifier.verify::<Value>(token) {
        Ok(token) if token.is_fresh() => "fresh",
        Ok(token) if token.freshness() == Freshness::NoFeed => "no_feed",
        Ok(_) => "stale",
        Err(error) => error.code(),
    }
}

pub(crate) fn error(verifier: &Verifier, token: &str) -> VerifyError {
    verifier.verify::<Value>(token).expect_err("it must be refused")
}

/// Looks until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) async fn until_judged(verifier: &Verifier, minted: &Minted, judged: &str) {
    until(judged, || judge(verifier, &minted.token) == judged).await;
}

/// Waits until the verifier has reported that it holds all that the issuer said, and is fresh.
pub(crate) async fn until_level(issuer: &TestIssuer, verifier: &Verifier) {
    until("level with the issuer", || {
        issuer.applied().contains(&issuer.feed_position().0) && verifier.freshness() == Freshness::Fresh
    })
    .await;
}
