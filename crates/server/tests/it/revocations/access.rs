//! Who may read the feed, and how long.

use crate::support::{SECOND, Setup, TestApp};
use countersign_core::Span;
use countersign_core::client::ClientStatus;
use countersign_server::FeedAccess;
use serde_json::json;

const PATHS: [&str; 3] = ["/revocations/feed", "/revocations/feed?wait=1", "/revocations/snapshot"];

#[tokio::test]
async fn the_feed_needs_a_token_for_the_issuer_with_its_scope() {
    let app = TestApp::start().await;
    let ana = app.sign_in("ana").await;
    let machine = app.add_machine("other", "feed:read", &[]).await;
    let without_scope = app.machine_token(&machine, "").await.access_token;
    app.add_resource("https://orders.example", &["feed:read"]).await;
    let elsewhere = app.add_machine("elsewhere", "feed:read", &["https://orders.example"]).await;
    let resource = "&scope=feed%3Aread&resource=https%3A%2F%2Forders.example";
    let elsewhere = app.machine_token(&elsewhere, resource).await.access_token;
    for path in PATHS {
        app.get(path).send().await.assert_problem(401, "missing_token");
        app.get(path).bearer("nonsense").send().await.assert_problem(401, "invalid_token");
        app.get(path).bearer(&ana.access_token).send().await.assert_problem(403, "insufficient_scope");
        app.get(path).bearer(&without_scope).send().await.assert_problem(403, "insufficient_scope");
        app.get(path).bearer(&elsewhere).send().await.assert_problem(401, "invalid_token");
    }
    let report = json!({ "verifier": "v", "applied": app.follower().await.position().to_string() });
    app.post("/revocations/applied").json(report).send().await.assert_problem(401, "missing_token");
}

#[tokio::test]
async fn a_public_feed_needs_none() {
    let mut setup = Setup::default();
    setup.feed.access = FeedAccess::Public;
    let app = setup.start().await;
    app.get("/revocations/snapshot").send().await.assert_status(200);
    app.get("/revocations/feed?wait=0").send().await.assert_status(200);
}

#[tokio::test]
async fn a_stream_ends_with_its_client_and_with_its_token() {
    let app = TestApp::start().await;
    let verifier = app.follower().await;
    let mut events = verifier.listen(&app, None).await;
    events.next().await.unwrap();
    app.set_client_status("verifier", ClientStatus::Disabled).await;
    let mut last = None;
    while let Some(event) = events.next().await {
        last = event.name;
    }
    assert_eq!(last.as_deref(), Some("resume"));
    verifier.get(&app, "/revocations/snapshot").send().await.assert_problem(401, "invalid_token");

    let short = app.follower_of(&app.add_machine("short", "feed:read", &[]).await).await;
    let mut events = short.listen(&app, None).await;
    events.next().await.unwrap();
    app.clock().advance(Span::from_seconds(600));
    while events.next().await.is_some() {}
    app.clock().advance(SECOND);
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let app = TestApp::start().await;
    let verifier = app.follower().await;
    for query in ["after=CANARY", "after=", "wait=-1", "wait=x", "wait=1&wait=2", "from=1", "after=1:2"] {
        let answer = verifier.get(&app, &format!("/revocations/feed?{query}")).send().await;
        assert!(!answer.assert_problem(400, "invalid_request").text().contains("CANARY"), "{query}");
    }
    verifier
        .get(&app, "/revocations/feed")
        .header("last-event-id", "5")
        .send()
        .await
        .assert_problem(400, "invalid_request");
    let here = verifier.position().to_string();
    let both = verifier.get(&app, &format!("/revocations/feed?wait=0&after={here}")).header("last-event-id", "5");
    both.send().await.assert_problem(400, "invalid_request");
    for body in [
        json!({}),
        json!({ "verifier": "v" }),
        json!({ "verifier": "", "applied": here }),
        json!({ "verifier": "a b", "applied": here }),
        json!({ "verifier": "v".repeat(129), "applied": here }),
        json!({ "verifier": "v", "applied": "5" }),
        json!({ "verifier": "v", "applied": here, "more": 1 }),
        json!({ "verifier": "v", "applied": here, "head": 5 }),
    ] {
        let report = app.post("/revocations/applied").bearer(&verifier.token).json(body);
        report.send().await.assert_problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn the_feeds_keys_are_its_own() {
    let app = TestApp::start().await;
    let tokens = app.get("/.well-known/jwks.json").send().await.json();
    let feed = app.get("/revocations/jwks.json").send().await.assert_status(200);
    assert_eq!(feed.header("cache-control"), Some("public, max-age=60"));
    let feed = feed.json();
    let keys = feed["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2, "the one that signs and the one after");
    for key in keys {
        assert_eq!((&key["alg"], &key["crv"]), (&json!("EdDSA"), &json!("Ed25519")));
        assert!(!tokens["keys"].as_array().unwrap().iter().any(|other| other["kid"] == key["kid"]));
    }
    let metadata = app.get("/.well-known/oauth-authorization-server").send().await.json();
    for (member, path) in [
        ("countersign_feed_uri", "feed"),
        ("countersign_feed_snapshot_uri", "snapshot"),
        ("countersign_feed_applied_uri", "applied"),
        ("countersign_feed_jwks_uri", "jwks.json"),
    ] {
        assert_eq!(metadata[member], format!("{}/revocations/{path}", crate::support::ISSUER));
    }
}
