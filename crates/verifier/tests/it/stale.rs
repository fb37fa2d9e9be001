//! When revocations are known too late: each policy, per verifier and per route.

use std::time::Duration;

use countersign_verifier::{
    Freshness, Minted, Needs, Refusal, Registered, StalePolicy, TestIssuer, TestOptions, VerifiedToken, Verifier,
};

use crate::{key_rotation::request, support::*};

const MOST: Duration = Duration::from_millis(300);

async fn stale_pair(policy: StalePolicy) -> (TestIssuer, Verifier) {
    let mut options = TestOptions::default();
    options.client = Some(("api".to_owned(), "secret".to_owned()));
    let issuer = TestIssuer::start_with(options).await;
    let verifier = current(builder(&issuer).client("api", "secret").max_staleness(MOST).stale(policy)).await;
    issuer.pause_feed();
    until("stale", || verifier.freshness() == Freshness::Stale).await;
    (issuer, verifier)
}

async fn ask(verifier: &Verifier, minted: &Minted, needs: &Needs) -> Result<VerifiedToken<Registered>, Refusal> {
    verifier.authenticate(&request(&minted.token), needs).await
}

#[tokio::test]
async fn accept_takes_the_token_as_a_plain_one_and_says_so() {
    let (issuer, verifier) = stale_pair(StalePolicy::Accept).await;
    let minted = issuer.mint(AUDIENCE);
    assert_eq!(judge(&verifier, &minted.token), "stale");
    let token = ask(&verifier, &minted, &Needs::any_token()).await.unwrap();
    assert_eq!((token.is_fresh(), token.freshness()), (false, Freshness::Stale));
    assert!(!verifier.metrics().is_fresh && verifier.metrics().staleness_ms > Some(300));
    issuer.resume_feed();
    until_judged(&verifier, &minted, "fresh").await;
}

#[tokio::test]
async fn refuse_answers_503_and_never_401() {
    let (issuer, verifier) = stale_pair(StalePolicy::Refuse).await;
    let minted = issuer.mint(AUDIENCE);
    assert_eq!(judge(&verifier, &minted.token), "stale");
    assert_eq!(error(&verifier, &minted.token).code(), "stale");
    let response = ask(&verifier, &minted, &Needs::any_token()).await.unwrap_err().into_response::<String>();
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (503, "1"));
    assert!(!response.headers().contains_key("www-authenticate"));
    // What does not hold is still a 401: it will not hold later.
    let mut broken = minted.clone();
    broken.token.truncate(minted.token.len() - 4);
    assert_eq!(ask(&verifier, &broken, &Needs::any_token()).await.unwrap_err().status(), 401);
    issuer.resume_feed();
    until_judged(&verifier, &minted, "fresh").await;
}

#[tokio::test]
async fn one_route_may_refuse_while_others_accept() {
    let (issuer, verifier) = stale_pair(StalePolicy::Accept).await;
    let minted = issuer.mint(AUDIENCE);
    assert!(ask(&verifier, &minted, &Needs::any_token()).await.is_ok());
    let refusal = ask(&verifier, &minted, &Needs::any_token().stale(StalePolicy::Refuse)).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.status().as_u16()), ("stale", 503));
}

#[tokio::test]
async fn introspect_takes_the_issuers_word() {
    let (issuer, verifier) = stale_pair(StalePolicy::Introspect).await;
    let (good, bad) = (issuer.mint(AUDIENCE), issuer.mint(AUDIENCE));
    issuer.revoke_session(&bad.session);
    let token = ask(&verifier, &good, &Needs::any_token()).await.unwrap();
    assert_eq!((token.freshness(), token.is_fresh()), (Freshness::Introspected, true));
    assert_eq!(ask(&verifier, &bad, &Needs::any_token()).await.unwrap_err().code(), "revoked");
    assert_eq!(verifier.metrics().introspections, 2);
    // `verify` asks nobody.
    assert_eq!(error(&verifier, &good.token).code(), "stale");
    issuer.stop();
    let refusal = ask(&verifier, &good, &Needs::any_token()).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.status().as_u16()), ("stale", 503));
}

#[tokio::test]
async fn a_fresh_verifier_introspects_nothing() {
    let mut options = TestOptions::default();
    options.client = Some(("api".to_owned(), "secret".to_owned()));
    let issuer = TestIssuer::start_with(options).await;
    let verifier = current(builder(&issuer).client("api", "secret").stale(StalePolicy::Introspect)).await;
    assert!(ask(&verifier, &issuer.mint(AUDIENCE), &Needs::any_token()).await.is_ok());
    assert_eq!((verifier.metrics().introspections, issuer.requests("/introspect")), (0, 0));
}

#[tokio::test]
async fn what_was_known_before_the_feed_went_silent_is_still_refused() {
    let (issuer, verifier) = pair().await;
    let minted = issuer.mint(AUDIENCE);
    issuer.revoke_session(&minted.session);
    until_judged(&verifier, &minted, "revoked").await;
    issuer.stop();
    assert_eq!(judge(&verifier, &minted.token), "revoked");
}

#[tokio::test]
async fn a_wrong_wall_clock_is_put_right_by_the_feed_and_told() {
    let (clock, issuer, verifier) = pair_on_a_clock().await;
    let minted = issuer.mint(AUDIENCE);
    assert_eq!(judge(&verifier, &minted.token), "fresh");
    // The issuer's clock is the same one here, so it is set back for both: what was signed before still counts.
    clock.set_wall_ms(1_750_000_000_000 - 3_600_000);
    clock.advance(Duration::from_millis(200));
    assert_eq!(judge(&verifier, &minted.token), "fresh");
    assert!(verifier.metrics().clock_skew_ms.unwrap() < -3_590_000);
    clock.advance(Duration::from_secs(620));
    until("expired, whatever the wall clock says", || judge(&verifier, &minted.token) == "expired").await;
}
