//! `POST /api/v1/admin/revocations`.

use crate::support::{Response, TestApp, Tokens};
use countersign_core::client::ClientId;
use countersign_core::revocation::{Entry, Kind, NewEntry, Revocation, Sequence};
use countersign_core::store::RevocationStore as _;
use countersign_core::{Source as _, Span};
use countersign_jose::KeyId;
use serde_json::{Value, json};

/// The number after that of the key which is published ahead, and was announced.
const FIRST: u64 = 2;

async fn revoke(app: &TestApp, root: &Tokens, body: Value) -> Response {
    app.admin("POST", "revocations", root).json(body).send().await
}

/// A whole answer, with nobody connected; the number that it tells.
fn sequence(answer: Response) -> u64 {
    let answer = answer.assert_status(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let sequence = answer.json()["sequence"].as_u64().unwrap();
    let verifiers = json!({ "connected": 0, "applied": 0, "slowest_ms": 0 });
    assert_eq!(answer.json(), json!({ "sequence": sequence, "verifiers": verifiers }));
    sequence
}

/// What was published beside announced keys.
async fn published(app: &TestApp) -> Vec<NewEntry> {
    let entries = app.store().feed_after(Sequence::ZERO, 100).await.unwrap().entries;
    entries.into_iter().filter(|entry| entry.kind() != Kind::KeyAnnounced).map(Entry::into_new).collect()
}

#[tokio::test]
async fn a_session_ends_and_says_by_whom_and_why() {
    let app = TestApp::start().await;
    let (root, ana) = (app.administrator().await, app.sign_in("ana").await);
    let body = json!({ "kind": "session", "id": ana.session_id, "reason": "laptop lost" });
    assert_eq!(sequence(revoke(&app, &root, body.clone()).await), FIRST);
    app.me(&ana).await.assert_problem(401, "invalid_token");
    app.refresh(&ana).await.assert_problem(401, "invalid_grant");
    let ended = app.session(&ana).await.ended.unwrap().end;
    assert_eq!(ended.reason.code(), "administrator");
    assert!(ended.by.unwrap().ends_with(": laptop lost"));
    // Once more there is nothing to publish; the number is one at which it holds.
    assert_eq!(sequence(revoke(&app, &root, body).await), FIRST);
    let events = app.audit("session.revoked").await;
    assert_eq!((events.len(), events[0].detail.as_deref()), (1, Some("laptop lost")));
    assert_eq!(events[0].actor.account, Some(app.account("root").await.id));
}

#[tokio::test]
async fn a_token_is_refused_as_long_as_it_could_live_and_its_session_goes_on() {
    let app = TestApp::start().await;
    app.add_resource_for("https://slow.example", &["a"], Some(Span::from_seconds(3_000))).await;
    let (root, ana) = (app.administrator().await, app.sign_in("ana").await);
    let id = ana.claims()["jti"].as_str().unwrap().to_owned();
    assert_eq!(sequence(revoke(&app, &root, json!({ "kind": "token", "id": id })).await), FIRST);
    app.me(&ana).await.assert_problem(401, "invalid_token");
    let exp = (app.clock().now() + Span::from_seconds(3_000)).timestamp();
    assert_eq!(published(&app).await, [Revocation::of_token(id.parse().unwrap(), exp).entry().unwrap()]);
    let fresh = app.refresh(&ana).await.tokens();
    app.me(&fresh).await.assert_status(200);
}

#[tokio::test]
async fn a_client_is_named_without_being_disabled() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    assert_eq!(sequence(revoke(&app, &root, json!({ "kind": "client", "id": "guard" })).await), FIRST);
    let expected = Revocation::of_client(ClientId::parse("guard").unwrap(), Span::from_seconds(600), app.clock().now());
    assert_eq!(published(&app).await, [expected.entry().unwrap()]);
    app.machine_token(&machine, "").await;
    let own = json!({ "kind": "client", "id": "countersign" });
    revoke(&app, &root, own).await.assert_problem(400, "invalid_request");
    app.me(&root).await.assert_status(200);
}

#[tokio::test]
async fn a_key_is_revoked_by_whoever_signed_in_lately() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let kid = root.header()["kid"].as_str().unwrap().to_owned();
    let body = json!({ "kind": "key", "id": kid, "reason": "backup lost" });
    app.clock().advance(Span::from_seconds(901));
    let stale = app.refresh(&root).await.tokens();
    revoke(&app, &stale, body.clone()).await.assert_problem(401, "insufficient_user_authentication");
    let fresh = app.sign_in("root").await;
    let sequence = sequence(revoke(&app, &fresh, body).await);
    // With it another key was published ahead, and announced.
    assert_eq!(sequence, FIRST + 1);
    assert_eq!(published(&app).await, [NewEntry::key_refused(KeyId::new(kid.as_str()).unwrap())]);
    app.me(&fresh).await.assert_problem(401, "invalid_token");
    let told = app.audit("key.revocation_explained").await;
    assert_eq!(told[0].detail, Some(format!("{kid}: backup lost")));
}

#[tokio::test]
async fn what_is_not_there_or_malformed_is_refused() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let unknown = "A".repeat(22);
    let long = "x".repeat(257);
    let cases = [
        (json!({ "kind": "session", "id": unknown }), 404, "not_found"),
        (json!({ "kind": "client", "id": "nobody" }), 404, "not_found"),
        (json!({ "kind": "key", "id": "nobody" }), 404, "not_found"),
        (json!({ "kind": "session", "id": "CANARY" }), 400, "invalid_request"),
        (json!({ "kind": "token", "id": "CANARY" }), 400, "invalid_request"),
        (json!({ "kind": "client", "id": "CANARY a" }), 400, "invalid_request"),
        (json!({ "kind": "key", "id": "" }), 400, "invalid_request"),
        (json!({ "kind": "account", "id": unknown }), 400, "invalid_request"),
        (json!({ "kind": "token" }), 400, "invalid_request"),
        (json!({ "id": unknown }), 400, "invalid_request"),
        (json!({ "kind": "token", "id": unknown, "until": 1 }), 400, "invalid_request"),
        (json!({ "kind": "token", "id": unknown, "reason": "" }), 400, "invalid_request"),
        (json!({ "kind": "token", "id": unknown, "reason": "CANARY\n" }), 400, "invalid_request"),
        (json!({ "kind": "token", "id": unknown, "reason": long }), 400, "invalid_request"),
    ];
    for (body, status, code) in cases {
        let refused = revoke(&app, &root, body.clone()).await.assert_problem(status, code);
        assert!(!refused.text().contains("CANARY"), "{body}: {}", refused.text());
    }
    assert_eq!(published(&app).await, []);
}

#[tokio::test]
async fn a_wait_is_over_at_once_where_nobody_is_connected_and_is_said_to_be_applied() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    for (prefer, applied) in [("wait=5", Some("wait=5")), ("wait=99", Some("wait=30")), ("wait=soon", None)] {
        let body = json!({ "kind": "token", "id": "A".repeat(22) });
        let answer = app.admin("POST", "revocations", &root).header("prefer", prefer).json(body).send().await;
        assert_eq!(answer.header("preference-applied"), applied, "{prefer}");
        sequence(answer);
    }
}
