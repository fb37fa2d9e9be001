//! `/api/v1/admin/keys`.

use crate::support::{Setup, TestApp, Tokens};
use countersign_core::Span;
use serde_json::{Value, json};

/// The keys of access tokens.
async fn keys(app: &TestApp, root: &Tokens) -> Vec<Value> {
    all(app, root).await.into_iter().filter(|key| key["purpose"] == "access_token").collect()
}

async fn all(app: &TestApp, root: &Tokens) -> Vec<Value> {
    let list = app.admin("GET", "keys", root).send().await.assert_status(200).json();
    list["items"].as_array().unwrap().clone()
}

fn kid(keys: &[Value], state: &str) -> String {
    keys.iter().find(|key| key["state"] == state).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_list_tells_each_signing_key_and_no_secret() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let keys = keys(&app, &root).await;
    let began = "2027-01-15T08:00:00Z";
    let of = |state: &str| keys.iter().find(|key| key["state"] == state).unwrap().clone();
    let expected = |state: &str| {
        json!({
            "kid": of(state)["kid"], "state": state, "purpose": "access_token", "algorithm": "ES256",
            "published_at": began,
        })
    };
    let mut active = expected("active");
    active["activated_at"] = json!(began);
    assert_eq!((keys.len(), of("active"), of("next")), (2, active, expected("next")));
    assert_eq!(of("active")["kid"], root.header()["kid"]);

    let all = all(&app, &root).await;
    let feed = all.iter().filter(|key| key["purpose"] == "feed" && key["algorithm"] == "EdDSA");
    let id_token = all.iter().filter(|key| key["purpose"] == "id_token" && key["algorithm"] == "RS256");
    assert_eq!((all.len(), feed.count(), id_token.count()), (6, 2, 2));
    let first = app.admin("GET", "keys?limit=3", &root).send().await.json();
    assert_eq!(first["items"], json!(all[..3]));
    let rest = format!("keys?limit=1&after={}", first["next"].as_str().unwrap());
    assert_eq!(app.admin("GET", &rest, &root).send().await.json(), json!({ "items": [all[3]], "next": all[3]["kid"] }));
    app.admin("GET", "keys?after=nobody", &root).send().await.assert_problem(400, "invalid_request");
}

#[tokio::test]
async fn the_next_key_signs_once_it_has_been_published_long_enough_or_at_once() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let next = kid(&keys(&app, &root).await, "next");
    let rotate = |body: Value| app.admin("POST", "keys/rotate", &root).json(body).send();
    let refused = rotate(json!({})).await.assert_problem(409, "key_not_ready");
    assert!(refused.text().contains("2027-01-16T08:00:00Z"), "{}", refused.text());
    app.admin("POST", "keys/rotate", &root).send().await.assert_problem(409, "key_not_ready");
    rotate(json!({ "now": "yes" })).await.assert_problem(400, "invalid_request");
    rotate(json!({ "at_once": true })).await.assert_problem(400, "invalid_request");

    let rotated = rotate(json!({ "now": true })).await.assert_status(200).json();
    assert_eq!(rotated, json!({ "kid": next, "state": "active" }));
    // The server has taken it up by the time of its answer.
    assert_eq!(app.sign_in("ana").await.header()["kid"], json!(next));
    let states = keys(&app, &root).await;
    assert_eq!(kid(&states, "retiring"), root.header()["kid"].as_str().unwrap());
    assert!(states.iter().any(|key| key["gone_at"].is_string()));
    let event = app.audit("key.promoted").await.remove(0);
    assert_eq!(event.actor.account, Some(app.account("root").await.id));
}

#[tokio::test]
async fn a_revoked_key_signs_nothing_more_and_what_it_signed_is_refused() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let active = kid(&keys(&app, &root).await, "active");
    let next = kid(&keys(&app, &root).await, "next");
    let revoked = app.admin("POST", &format!("keys/{active}/revoke"), &root).send().await.assert_status(200).json();
    assert_eq!(revoked, json!({ "kid": active, "state": "revoked" }));
    app.me(&root).await.assert_problem(401, "invalid_token");
    let root = app.refresh(&root).await.tokens();
    assert_eq!(root.header()["kid"], json!(next));
    assert_eq!(kid(&keys(&app, &root).await, "revoked"), active);
    for unknown in ["nobody", "%20"] {
        let path = format!("keys/{unknown}/revoke");
        app.admin("POST", &path, &root).send().await.assert_problem(404, "not_found");
    }
}

#[tokio::test]
async fn revoking_a_key_needs_a_recent_sign_in() {
    let setup = Setup::default();
    let app = setup.start().await;
    let root = app.administrator().await;
    app.clock().advance(Span::from_seconds(900));
    // A refresh is no sign-in: `auth_time` stays.
    let root = app.refresh(&root).await.tokens();
    let path = "keys/nobody/revoke";
    app.admin("POST", path, &root).send().await.assert_problem(404, "not_found");
    app.clock().advance(Span::from_millis(1));
    let stale = app.admin("POST", path, &root).send().await.assert_problem(401, "insufficient_user_authentication");
    let challenge = r#"Bearer error="insufficient_user_authentication", max_age="900""#;
    assert_eq!(stale.header("www-authenticate"), Some(challenge));
    let fresh = app.sign_in("root").await;
    app.admin("POST", path, &fresh).send().await.assert_problem(404, "not_found");
    app.admin("GET", "keys", &root).send().await.assert_status(200);
}
