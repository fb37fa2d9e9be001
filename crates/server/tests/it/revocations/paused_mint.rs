//! A token that is being made while its session ends: however long that takes, it is refused when it comes.

use crate::support::resource_servers::{Hand, judge, until_judged};
use crate::support::{Setup, TestApp, Tokens};
use countersign_core::{Source as _, Span};
use countersign_server::{FaultPoint, FeedAccess};
use countersign_verifier::Verifier;
use std::sync::Arc;

const LEEWAYS: [u64; 2] = [10, 60];

async fn start() -> (TestApp, Arc<Hand>, [Verifier; 2]) {
    let mut setup = Setup::default().reachable();
    setup.feed.access = FeedAccess::Public;
    setup.feed.head_every = Span::from_millis(20);
    let app = setup.start().await;
    let hand = app.hand();
    let verifiers = [app.verifier(&hand, LEEWAYS[0]).await, app.verifier(&hand, LEEWAYS[1]).await];
    (app, hand, verifiers)
}

fn exp(tokens: &Tokens) -> u64 {
    tokens.claims()["exp"].as_u64().unwrap()
}

/// The token is refused at once, as its session is known to have ended, and to the last second of every leeway, also by
/// verifiers that join as late as that.
async fn refused_to_the_end(app: &TestApp, hand: &Arc<Hand>, verifiers: &[Verifier; 2], late: &Tokens) {
    let twin = app.sign_in("ben").await;
    assert_eq!(verifiers.each_ref().map(|verifier| judge(verifier, &late.access_token)), ["revoked"; 2]);
    for (leeway, followed) in LEEWAYS.into_iter().zip(verifiers) {
        app.move_to(hand, exp(late) + leeway - 1).await;
        let joined = app.verifier(hand, leeway).await;
        for verifier in [followed, &joined] {
            assert_eq!(judge(verifier, &late.access_token), "revoked", "leeway {leeway}");
            assert_eq!(judge(verifier, &twin.access_token), "good", "the session decides, not the time");
        }
    }
}

#[tokio::test]
async fn a_refresh_that_is_overtaken_by_the_end_of_its_session_gives_a_token_that_is_refused() {
    let (app, hand, verifiers) = start().await;
    let tokens = app.sign_in("ana").await;
    app.add_account("ben").await;
    let mut stopped = app.stop_at(FaultPoint::BeforeSigning);
    let refreshing = tokio::spawn(app.refresh_request(&tokens.refresh_token).send());
    assert!(stopped.reached().await);
    let now = app.clock().now().timestamp().as_seconds();
    // The row has moved on and says how long its tokens last; the token itself is still to be made.
    assert_eq!(app.session(&tokens).await.generation.0, 1);
    app.sign_out(&tokens).await.assert_status(204);
    for verifier in &verifiers {
        until_judged(verifier, &tokens.access_token, "revoked").await;
    }
    app.move_to(&hand, now + 120).await;
    stopped.go_on();
    let late = refreshing.await.unwrap().tokens();
    assert_eq!((&late.session_id, exp(&late)), (&tokens.session_id, now + 600));
    refused_to_the_end(&app, &hand, &verifiers, &late).await;
}

#[tokio::test]
async fn a_refresh_within_the_grace_period_is_held_to_the_same() {
    let (app, hand, verifiers) = start().await;
    let first = app.sign_in("ana").await;
    app.add_account("ben").await;
    let second = app.refresh(&first).await.tokens();
    // The predecessor, within the grace period: the row is only read, and held.
    let mut stopped = app.stop_at(FaultPoint::BeforeSigning);
    let refreshing = tokio::spawn(app.refresh_request(&first.refresh_token).send());
    assert!(stopped.reached().await);
    app.sign_out(&second).await.assert_status(204);
    for verifier in &verifiers {
        until_judged(verifier, &second.access_token, "revoked").await;
    }
    stopped.go_on();
    let late = refreshing.await.unwrap().tokens();
    refused_to_the_end(&app, &hand, &verifiers, &late).await;
}

#[tokio::test]
async fn a_sign_in_that_is_overtaken_by_sign_out_everywhere_gives_a_token_that_is_refused() {
    let (app, hand, verifiers) = start().await;
    let other = app.sign_in("ana").await;
    app.add_account("ben").await;
    let mut stopped = app.stop_at(FaultPoint::BeforeSigning);
    let body = serde_json::json!({ "login": "ana", "password": crate::support::PASSWORD });
    let signing_in = tokio::spawn(app.post("/api/v1/sign-in").json(body).send());
    assert!(stopped.reached().await);
    let everywhere = serde_json::json!({ "everywhere": true });
    app.post("/api/v1/sign-out").bearer(&other.access_token).json(everywhere).send().await.assert_status(204);
    for verifier in &verifiers {
        until_judged(verifier, &other.access_token, "revoked").await;
    }
    stopped.go_on();
    let late = signing_in.await.unwrap().tokens();
    refused_to_the_end(&app, &hand, &verifiers, &late).await;
}

#[tokio::test]
async fn a_machine_whose_client_is_disabled_meanwhile_gets_a_token_that_is_refused() {
    let (app, hand, verifiers) = start().await;
    let machine = app.add_machine("meter", "feed:read", &[]).await;
    let before = app.machine_token(&machine, "&scope=feed%3Aread").await;
    let mut stopped = app.stop_at(FaultPoint::BeforeSigning);
    let request = app.token_request(&machine, "grant_type=client_credentials&scope=feed%3Aread");
    let asking = tokio::spawn(request.send());
    assert!(stopped.reached().await);
    app.set_client_status("meter", countersign_core::client::ClientStatus::Disabled).await;
    for verifier in &verifiers {
        until_judged(verifier, &before.access_token, "revoked").await;
    }
    stopped.go_on();
    let late = asking.await.unwrap().machine_token();
    let exp = app.clock().now().timestamp().as_seconds() + late.expires_in;
    for (leeway, verifier) in LEEWAYS.into_iter().zip(&verifiers) {
        assert_eq!(judge(verifier, &late.access_token), "revoked");
        app.move_to(&hand, exp + leeway - 1).await;
        assert_eq!(judge(verifier, &late.access_token), "revoked", "leeway {leeway}");
    }
}
