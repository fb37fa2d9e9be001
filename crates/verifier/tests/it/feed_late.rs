//! What can happen to the feed on its way. After each fault the verifier is level with the issuer again, and at no time
//! does it call a token fresh whose revocation is older than it claims to know.

use std::time::Duration;

use countersign_verifier::{Fault, Freshness, TestIssuer, Verifier};
use tokio::time::Instant;

use crate::support::*;

const MOST: Duration = Duration::from_millis(300);
/// For the machine, beyond the longest staleness.
const SLACK: Duration = Duration::from_millis(200);

/// Revokes a session and watches: refused, or not fresh, within the longest staleness.
async fn revoke_and_watch(issuer: &TestIssuer, verifier: &Verifier) {
    let minted = issuer.mint(AUDIENCE);
    let first = judge(verifier, &minted.token);
    assert!(matches!(first, "fresh" | "stale"), "{first}");
    issuer.revoke_session(&minted.session);
    let revoked = Instant::now();
    loop {
        match judge(verifier, &minted.token) {
            "fresh" => assert!(revoked.elapsed() < MOST + SLACK, "accepted as fresh after {:?}", revoked.elapsed()),
            _ => return,
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn survive(fault: Fault) -> (TestIssuer, Verifier) {
    let issuer = TestIssuer::start().await;
    let verifier = current(builder(&issuer).max_staleness(MOST)).await;
    issuer.begin_epoch(); // so that there is an older one
    until_level(&issuer, &verifier).await;
    issuer.set_fault(fault);
    for _ in 0..20 {
        revoke_and_watch(&issuer, &verifier).await;
    }
    issuer.resume_feed();
    until_level(&issuer, &verifier).await;
    assert_eq!(verifier.metrics().revoked, 20, "{:?}", verifier.metrics());
    (issuer, verifier)
}

#[tokio::test]
async fn a_feed_that_is_cut_again_and_again() {
    survive(Fault::Cut).await;
}

#[tokio::test]
async fn a_feed_that_stalls_or_is_half_open() {
    let (_, verifier) = survive(Fault::Silence).await;
    assert!(verifier.metrics().feed_connections > 1);
}

#[tokio::test]
async fn a_feed_that_is_unavailable() {
    let (_, verifier) = survive(Fault::Unavailable).await;
    assert!(verifier.metrics().fetch_failures["feed"] > 0);
}

#[tokio::test]
async fn a_feed_that_loses_a_tenth() {
    survive(Fault::Loss).await;
}

#[tokio::test]
async fn a_feed_that_says_everything_twice() {
    let (_, verifier) = survive(Fault::Duplicates).await;
    assert_eq!(verifier.metrics().snapshots, 2, "none for this");
}

#[tokio::test]
async fn a_feed_that_comes_out_of_order_over_one_connection_after_another() {
    let (_, verifier) = survive(Fault::Disorder).await;
    assert!(verifier.metrics().feed_connections > 2);
}

#[tokio::test]
async fn a_feed_whose_objects_are_cut_off() {
    let (_, verifier) = survive(Fault::Truncation).await;
    assert!(!verifier.metrics().objects_refused.is_empty());
}

#[tokio::test]
async fn a_feed_whose_bits_flip() {
    let (_, verifier) = survive(Fault::BitFlips).await;
    assert!(!verifier.metrics().objects_refused.is_empty());
}

#[tokio::test]
async fn a_feed_that_replays_what_it_said_before() {
    survive(Fault::Yesterday).await;
}

#[tokio::test]
async fn a_feed_that_replays_an_older_epoch() {
    let (_, verifier) = survive(Fault::OlderEpoch).await;
    assert!(verifier.metrics().objects_refused["older_epoch"] > 0);
}

#[tokio::test]
async fn yesterdays_heads_keep_nobody_fresh() {
    let (clock, issuer, verifier) = pair_on_a_clock().await;
    assert_eq!(verifier.freshness(), Freshness::Fresh);
    issuer.pause_feed();
    clock.advance(Duration::from_secs(11));
    assert_eq!(verifier.freshness(), Freshness::Stale);
    assert_eq!(verifier.metrics().staleness_ms, Some(11_000));
}

#[tokio::test]
async fn without_the_feeds_keys_for_twice_their_time_it_is_stale() {
    let (clock, issuer, verifier) = pair_on_a_clock().await;
    for _ in 0..59 {
        clock.advance(Duration::from_secs(10));
        until("fresh", || verifier.freshness() == Freshness::Fresh).await;
    }
    clock.advance(Duration::from_secs(10));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(verifier.freshness(), Freshness::Stale, "heads come, but nobody knows whether their key still counts");
    drop(issuer);
}
