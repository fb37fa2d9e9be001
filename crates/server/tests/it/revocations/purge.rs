//! What is revoked is refused for as long as anybody could accept it, and no purge comes before.

use crate::support::resource_servers::{Hand, judge, until_judged};
use crate::support::{Setup, TestApp, Tokens};
use countersign_core::Span;
use countersign_core::client::ClientStatus;
use countersign_core::revocation::{Entry, Kind};
use countersign_server::FeedAccess;
use countersign_verifier::Verifier;
use serde_json::json;
use std::sync::Arc;

const LEEWAYS: [u64; 5] = [0, 1, 10, 30, 60];

/// Tokens of one `exp`, of which only one is still good.
struct Minted {
    exp: u64,
    good: String,
    ended: Tokens,
    taken_back: Tokens,
    machine: String,
}

fn setup(lifetime_seconds: u64) -> Setup {
    let mut setup = Setup::default().reachable();
    setup.token.access_lifetime = Span::from_seconds(lifetime_seconds);
    setup.feed.access = FeedAccess::Public;
    // Each head lets the issuer forget what it holds in memory.
    setup.feed.head_every = Span::from_millis(20);
    setup
}

async fn mint(app: &TestApp) -> Minted {
    let (good, ended, taken_back) = (app.sign_in("ana").await, app.sign_in("ana").await, app.sign_in("ana").await);
    let machine = app.add_machine("meter", "feed:read", &[]).await;
    let machine = app.machine_token(&machine, "&scope=feed%3Aread").await.access_token;
    let exp = good.claims()["exp"].as_u64().unwrap();
    assert_eq!([&ended, &taken_back].map(|tokens| tokens.claims()["exp"].as_u64().unwrap()), [exp; 2]);
    Minted { exp, good: good.access_token, ended, taken_back, machine }
}

/// Takes back a session, a token and a client.
async fn revoke(app: &TestApp, minted: &Minted) {
    let root = app.administrator().await;
    app.sign_out(&minted.ended).await.assert_status(204);
    let body = json!({ "kind": "token", "id": minted.taken_back.claims()["jti"] });
    app.admin("POST", "revocations", &root).json(body).send().await.assert_status(201);
    app.set_client_status("meter", ClientStatus::Disabled).await;
}

async fn verifiers(app: &TestApp, hand: &Arc<Hand>) -> Vec<(u64, Verifier)> {
    let mut verifiers = Vec::new();
    for leeway in LEEWAYS {
        verifiers.push((leeway, app.verifier(hand, leeway).await));
    }
    verifiers
}

/// At the last second in which each leeway would accept these tokens, verifiers that have followed and verifiers that
/// have just joined refuse all but the good one.
async fn refused_to_the_last_second(app: &TestApp, hand: &Arc<Hand>, verifiers: &[(u64, Verifier)], minted: &Minted) {
    let revoked = [&minted.ended.access_token, &minted.taken_back.access_token, &minted.machine];
    for (_, verifier) in verifiers {
        for token in revoked {
            until_judged(verifier, token, "revoked").await;
        }
    }
    for (leeway, followed) in verifiers {
        app.move_to(hand, minted.exp + leeway - 1).await;
        let joined = app.verifier(hand, *leeway).await;
        for verifier in [followed, &joined] {
            assert_eq!(revoked.map(|token| judge(verifier, token)), ["revoked"; 3], "leeway {leeway}");
            assert_eq!(judge(verifier, &minted.good), "good", "by its time alone it would be accepted");
        }
    }
    // And only then is it forgotten.
    app.move_to(hand, minted.exp + 3_600 + 91).await;
    let refuses = |entry: &Entry| matches!(entry.kind(), Kind::Session | Kind::Token | Kind::Client);
    assert!(!app.feed().await.entries.iter().any(refuses));
}

#[tokio::test]
async fn a_revoked_token_is_refused_to_the_last_second_of_every_leeway() {
    let app = setup(600).start().await;
    let hand = app.hand();
    let verifiers = verifiers(&app, &hand).await;
    let minted = mint(&app).await;
    revoke(&app, &minted).await;
    refused_to_the_last_second(&app, &hand, &verifiers, &minted).await;
}

#[tokio::test]
async fn a_token_that_is_revoked_in_its_last_second_is_refused_in_the_leeway_too() {
    let app = setup(600).start().await;
    let hand = app.hand();
    let verifiers = verifiers(&app, &hand).await;
    let minted = mint(&app).await;
    app.move_to(&hand, minted.exp - 1).await;
    revoke(&app, &minted).await;
    refused_to_the_last_second(&app, &hand, &verifiers, &minted).await;
}

#[tokio::test]
async fn a_shorter_lifetime_shortens_nothing_of_tokens_that_are_out() {
    let app = setup(3_600).start().await;
    let hand = app.hand();
    let minted = mint(&app).await;
    let mut stopped = app.stop().await;
    stopped.setup_mut().token.access_lifetime = Span::from_seconds(60);
    let app = stopped.start().await;
    let verifiers = verifiers(&app, &hand).await;
    revoke(&app, &minted).await;
    refused_to_the_last_second(&app, &hand, &verifiers, &minted).await;
}
