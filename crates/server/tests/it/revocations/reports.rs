//! How far verifiers are, and who waits for them.

use crate::support::TestApp;
use serde_json::{Value, json};
use std::time::Duration;

async fn revoke(app: &TestApp, root: &crate::support::Tokens, prefer: &str) -> Value {
    let body = json!({ "kind": "token", "id": "A".repeat(22) });
    let answer = app.admin("POST", "revocations", root).header("prefer", prefer).json(body).send().await;
    answer.assert_status(201).json()
}

#[tokio::test]
async fn who_revokes_may_wait_until_every_verifier_has_applied_it() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let mut verifier = app.follower().await;
    for name in ["one", "two"] {
        verifier.report(&app, name).await.assert_status(204);
    }
    let at_once = revoke(&app, &root, "wait=0").await;
    assert_eq!((&at_once["verifiers"]["connected"], &at_once["verifiers"]["applied"]), (&json!(2), &json!(0)));
    let follows = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        verifier.catch_up(&app).await;
        verifier.report(&app, "one").await.assert_status(204);
        tokio::time::sleep(Duration::from_millis(30)).await;
        verifier.report(&app, "two").await.assert_status(204);
    };
    let (waited, ()) = tokio::join!(revoke(&app, &root, "wait=20"), follows);
    assert_eq!(waited["verifiers"], json!({ "connected": 2, "applied": 2, "slowest_ms": 0 }));
    assert_eq!(waited["sequence"], json!(app.feed().await.last.0));
}

#[tokio::test]
async fn a_wait_has_an_end() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let verifier = app.follower().await;
    verifier.report(&app, "silent").await.assert_status(204);
    let began = tokio::time::Instant::now();
    let waited = revoke(&app, &root, "wait=1").await;
    assert_eq!((&waited["verifiers"]["connected"], &waited["verifiers"]["applied"]), (&json!(1), &json!(0)));
    assert!(began.elapsed() >= Duration::from_secs(1));
}
