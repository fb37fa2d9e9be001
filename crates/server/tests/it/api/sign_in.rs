//! `POST /api/v1/sign-in`.

use crate::support::{ACCESS_COOKIE, ISSUER, PASSWORD, REFRESH_COOKIE, Response, TestApp, When};
use countersign_core::account::AccountStatus;
use countersign_core::limits::SESSIONS_PER_ACCOUNT_MAX;
use serde_json::json;

const ORDERS: &str = "https://orders.example.com";

#[tokio::test]
async fn the_right_password_gives_a_pair_of_tokens() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    let tokens = app.try_sign_in("ana", PASSWORD).await.tokens();
    assert_eq!((tokens.expires_in, tokens.scope.as_str()), (600, ""));
    assert!(tokens.refresh_token.starts_with("csr_") && tokens.refresh_token.len() == 76);
    assert_eq!(tokens.claims()["sid"], tokens.session_id);
    assert_eq!(tokens.claims()["sub"], app.account("ana").await.id.to_string());
    app.me(&tokens).await.assert_status(200);
}

#[tokio::test]
async fn with_cookies_the_tokens_are_in_the_cookies_only() {
    let app = TestApp::start().await;
    let signed_in = app.sign_in_with_cookies("ana").await.assert_status(200);
    assert_eq!(signed_in.header("cache-control"), Some("no-store"));
    let body = signed_in.json();
    let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["expires_in", "scope", "session_id", "token_type"]);
    let access = signed_in.set_cookie(ACCESS_COOKIE).value;
    let refresh = signed_in.set_cookie(REFRESH_COOKIE).value;
    assert!(!signed_in.text().contains(&access) && !signed_in.text().contains(&refresh));
    let me = app.get("/api/v1/me").cookie(ACCESS_COOKIE, &access).send().await;
    assert_eq!(me.assert_status(200).json()["login"], "ana");
}

#[tokio::test]
async fn letter_case_of_the_login_does_not_matter() {
    let app = TestApp::start().await;
    app.add_account("Ana@Example.com").await;
    let tokens = app.try_sign_in("aNA@example.COM", PASSWORD).await.tokens();
    assert_eq!(app.me(&tokens).await.json()["login"], "Ana@Example.com");
}

/// All that a caller can see of an answer, but what is another in every answer.
fn seen(response: &Response) -> (u16, Vec<(String, String)>, serde_json::Value) {
    let mut body = response.json();
    body.as_object_mut().unwrap().retain(|name, _| !name.contains("request") && name != "instance");
    let mut headers = response.headers.clone();
    headers.retain(|(name, _)| name != "date" && name != "x-request-id");
    (response.status, headers, body)
}

#[tokio::test]
async fn unknown_login_wrong_password_and_disabled_account_can_not_be_told_apart() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_account("dan").await;
    app.set_status("dan", AccountStatus::Disabled).await;
    let answers = [
        app.try_sign_in("ana", "not the one that is right").await,
        app.try_sign_in("nobody", PASSWORD).await,
        app.try_sign_in("dan", PASSWORD).await,
        app.try_sign_in("dan", "not the one that is right").await,
        app.try_sign_in("ana", "short").await,
        app.try_sign_in(" no login\u{7}", PASSWORD).await,
    ];
    for answer in &answers {
        assert_eq!(seen(answer), seen(&answers[0]));
    }
    let [first, ..] = answers;
    first.assert_problem(401, "invalid_credentials");
    // And what is left behind is the same for each.
    let told = app.audit("sign_in.refused").await;
    assert_eq!(told.len(), 6);
    assert!(told.iter().all(|event| event.account.is_none() && event.detail.is_none()));
}

#[tokio::test]
async fn a_disabled_account_signs_in_again_once_enabled() {
    let app = TestApp::start().await;
    let before = app.sign_in("ana").await;
    app.set_status("ana", AccountStatus::Disabled).await;
    app.me(&before).await.assert_problem(401, "invalid_token");
    app.refresh(&before).await.assert_problem(401, "invalid_grant");
    app.set_status("ana", AccountStatus::Active).await;
    app.refresh(&before).await.assert_problem(401, "invalid_grant");
    app.try_sign_in("ana", PASSWORD).await.tokens();
}

#[tokio::test]
async fn an_audience_is_a_registered_resource() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_resource(ORDERS, &["orders:read"]).await;
    let sign_in = |audience: &str, scope: &str| {
        let body = json!({ "login": "ana", "password": PASSWORD, "audience": audience, "scope": scope });
        app.post("/api/v1/sign-in").json(body).send()
    };
    let tokens = sign_in(ORDERS, "orders:read orders:unknown").await.tokens();
    assert_eq!((tokens.scope.as_str(), &tokens.claims()["aud"]), ("orders:read", &json!(ORDERS)));
    app.me(&tokens).await.assert_problem(401, "invalid_token");
    assert_eq!(sign_in(ISSUER, "orders:read").await.tokens().scope, "");
    for unknown in ["https://other.example.com", "https://orders.example.com/", "orders", ""] {
        sign_in(unknown, "").await.assert_problem(400, "invalid_target");
    }
    sign_in(ORDERS, "not\"a scope").await.assert_problem(400, "invalid_scope");
}

#[tokio::test]
async fn the_hundred_and_first_session_ends_the_one_that_waited_longest() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.sign_in("ana").await;
    app.clock().advance(crate::support::SECOND);
    app.refresh(&first).await.tokens();
    // Opened as the operation does it, without a hundred password hashes.
    app.open_sessions("ana", SESSIONS_PER_ACCOUNT_MAX - 1).await;
    assert_eq!(app.end_reason(&second).await, Some("too_many"));
    app.me(&second).await.assert_problem(401, "invalid_token");
    app.me(&first).await.assert_status(200);
}

#[tokio::test]
async fn storage_that_fails_is_503_and_no_session_is_left_that_anybody_holds() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    for (method, when) in
        [("account_by_login", When::Before), ("open_session", When::Before), ("open_session", When::After)]
    {
        app.fail_next(method, when);
        let refused = app.try_sign_in("ana", PASSWORD).await.assert_problem(503, "unavailable");
        assert!(refused.header("retry-after").is_some());
    }
    app.try_sign_in("ana", PASSWORD).await.tokens();
}
