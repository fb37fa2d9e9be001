//! `POST /api/v1/sign-out`.

use crate::support::{ACCESS_COOKIE, GRACE, ISSUER, Parts, REFRESH_COOKIE, Response, SECOND, TestApp, Tokens};
use countersign_core::Span;
use serde_json::json;

#[track_caller]
fn assert_signed_out(response: Response) {
    let response = response.assert_status(204);
    assert!(response.body.is_empty());
    for name in [ACCESS_COOKIE, REFRESH_COOKIE] {
        let cleared = response.set_cookie(name);
        assert_eq!(cleared.value, "");
        assert!(cleared.attributes.iter().any(|attribute| attribute == "Max-Age=0"), "{cleared:?}");
    }
}

async fn assert_over(app: &TestApp, tokens: &Tokens) {
    app.me(tokens).await.assert_problem(401, "invalid_token");
    app.refresh(tokens).await.assert_problem(401, "invalid_grant");
}

#[tokio::test]
async fn a_bearer_ends_its_session() {
    let app = TestApp::start().await;
    let (tokens, other) = (app.sign_in("ana").await, app.sign_in("ana").await);
    assert_signed_out(app.sign_out(&tokens).await);
    assert_over(&app, &tokens).await;
    assert_eq!(app.end_reason(&tokens).await, Some("signed_out"));
    app.me(&other).await.assert_status(200);
    assert_signed_out(app.sign_out(&tokens).await);
}

#[tokio::test]
async fn a_refresh_token_of_any_generation_ends_its_session() {
    let app = TestApp::start().await;
    for times in 0..3 {
        let first = app.sign_in("ana").await;
        let mut current = first.clone();
        for _ in 0..times {
            current = app.refresh_later(&current).await;
        }
        let body = json!({ "refresh_token": first.refresh_token });
        assert_signed_out(app.post("/api/v1/sign-out").json(body).send().await);
        assert_over(&app, &current).await;
        assert_eq!(app.end_reason(&first).await, Some("signed_out"));
    }
}

#[tokio::test]
async fn either_cookie_ends_its_session() {
    let app = TestApp::start().await;
    for name in [ACCESS_COOKIE, REFRESH_COOKIE] {
        let signed_in = app.sign_in_with_cookies("ana").await;
        let (access, refresh) = (signed_in.set_cookie(ACCESS_COOKIE).value, signed_in.set_cookie(REFRESH_COOKIE).value);
        let held = signed_in.set_cookie(name).value;
        assert_signed_out(app.post("/api/v1/sign-out").origin(ISSUER).cookie(name, &held).send().await);
        app.get("/api/v1/me").bearer(&access).send().await.assert_problem(401, "invalid_token");
        app.refresh_with(&refresh).await.assert_problem(401, "invalid_grant");
    }
}

#[tokio::test]
async fn an_expired_access_token_beside_a_valid_refresh_token_is_enough() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    app.clock().advance(Span::from_seconds(3_600));
    app.me(&tokens).await.assert_problem(401, "invalid_token");
    let body = json!({ "refresh_token": tokens.refresh_token });
    let request = app.post("/api/v1/sign-out").bearer(&tokens.access_token).json(body);
    assert_signed_out(request.send().await);
    assert_eq!(app.end_reason(&tokens).await, Some("signed_out"));
}

#[tokio::test]
async fn everywhere_ends_every_session_of_the_account_and_nobody_elses() {
    let app = TestApp::start().await;
    let (one, two) = (app.sign_in("ana").await, app.sign_in("ana").await);
    let other = app.sign_in("ben").await;
    let request = app.post("/api/v1/sign-out").bearer(&one.access_token).json(json!({ "everywhere": true }));
    assert_signed_out(request.send().await);
    for tokens in [&one, &two] {
        assert_over(&app, tokens).await;
        assert_eq!(app.end_reason(tokens).await, Some("signed_out_elsewhere"));
    }
    app.me(&other).await.assert_status(200);
    app.sign_in("ana").await;
}

#[tokio::test]
async fn what_shows_no_session_ends_none_and_is_answered_alike() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    app.clock().advance(GRACE + SECOND);
    let wrong_secret = Parts { secret: [9; 16], ..Parts::of(&tokens.refresh_token) };
    let forged = wrong_secret.under(&app.active_mac_key().await);
    for refresh_token in [forged.as_str(), "csr_", "nonsense"] {
        let body = json!({ "refresh_token": refresh_token, "everywhere": true });
        assert_signed_out(app.post("/api/v1/sign-out").json(body).send().await);
    }
    let changed = tokens.access_token.replacen("ey", "eZ", 1);
    assert_signed_out(app.post("/api/v1/sign-out").bearer(&changed).send().await);
    app.me(&tokens).await.assert_status(200);
    assert_eq!(app.end_reason(&tokens).await, None);
}

#[tokio::test]
async fn only_where_nothing_was_sent_it_is_401() {
    let app = TestApp::start().await;
    let missing = app.post("/api/v1/sign-out").send().await;
    missing.assert_problem(401, "missing_token");
    let missing = app.post("/api/v1/sign-out").json(json!({ "everywhere": true })).send().await;
    missing.assert_problem(401, "missing_token");
}
