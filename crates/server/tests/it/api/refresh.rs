//! `POST /api/v1/refresh`: both delivery forms, and what is refused before the table is asked.

use crate::support::{ACCESS_COOKIE, ISSUER, Parts, REFRESH_COOKIE, SECOND, TestApp};
use serde_json::json;

#[tokio::test]
async fn the_body_form_answers_as_sign_in_does() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh_later(&first).await;
    assert_eq!((second.expires_in, second.scope.as_str()), (600, ""));
    assert_eq!(second.session_id, first.session_id);
    app.me(&second).await.assert_status(200);
}

#[tokio::test]
async fn the_cookie_form_answers_with_cookies_alone() {
    let app = TestApp::start().await;
    let signed_in = app.sign_in_with_cookies("ana").await;
    let held = signed_in.set_cookie(REFRESH_COOKIE);
    app.clock().advance(SECOND);
    let refreshed = app.refresh_by_cookie(&held.value).await.assert_status(200);
    assert_eq!(refreshed.header("cache-control"), Some("no-store"));
    let successor = refreshed.set_cookie(REFRESH_COOKIE);
    assert_eq!(Parts::of(&successor.value).generation, 1);
    assert_eq!(successor.attributes, held.attributes);
    let session_id = signed_in.json()["session_id"].clone();
    let body = json!({ "token_type": "Bearer", "expires_in": 600, "scope": "", "session_id": session_id });
    assert_eq!(refreshed.json(), body, "no token in the body");

    let access = refreshed.set_cookie(ACCESS_COOKIE);
    app.get("/api/v1/me").cookie(ACCESS_COOKIE, &access.value).send().await.assert_status(200);
}

#[tokio::test]
async fn the_cookie_form_takes_a_retry_key() {
    let app = TestApp::start().await;
    let held = app.sign_in_with_cookies("ana").await.set_cookie(REFRESH_COOKIE).value;
    let refresh = || {
        let request = app.post("/api/v1/refresh").origin(ISSUER).cookie(REFRESH_COOKIE, &held);
        request.json(json!({ "retry": "AAAAAAAAAAAAAAAAAAAAAA" })).send()
    };
    let successor = refresh().await.assert_status(200).set_cookie(REFRESH_COOKIE).value;
    app.clock().advance(countersign_core::Span::from_days(1));
    assert_eq!(refresh().await.assert_status(200).set_cookie(REFRESH_COOKIE).value, successor);
}

#[tokio::test]
async fn a_refused_cookie_is_a_problem_document_and_sets_nothing() {
    let app = TestApp::start().await;
    let held = app.sign_in_with_cookies("ana").await.set_cookie(REFRESH_COOKIE).value;
    let damaged = held.replacen("csr_A", "csr_B", 1);
    let refused = app.refresh_by_cookie(&damaged).await.assert_problem(401, "invalid_grant");
    assert!(refused.set_cookies().iter().all(|cookie| cookie.value.is_empty()));
    app.refresh_by_cookie(&held).await.assert_status(200);
}

#[tokio::test]
async fn without_a_refresh_token_there_is_nothing_to_refresh() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    app.post("/api/v1/refresh").send().await.assert_problem(400, "invalid_request");
    app.post("/api/v1/refresh").json(json!({})).send().await.assert_problem(400, "invalid_request");
    let bearer = app.post("/api/v1/refresh").bearer(&tokens.access_token).send().await;
    bearer.assert_problem(400, "invalid_request");
    let access_cookie = app.post("/api/v1/refresh").origin(ISSUER).cookie(ACCESS_COOKIE, &tokens.access_token);
    access_cookie.send().await.assert_problem(400, "invalid_request");
}

#[tokio::test]
async fn a_retry_key_has_22_characters_of_base64url() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    for retry in
        ["", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAA é"]
    {
        app.refresh_with_retry_key(&tokens, retry).await.assert_problem(400, "invalid_request");
    }
    assert_eq!(app.session(&tokens).await.generation.0, 0);
}

#[tokio::test]
async fn each_access_token_is_another_and_all_of_a_session_live_and_end_together() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh(&first).await.tokens();
    let third = app.refresh(&second).await.tokens();
    let ids: std::collections::BTreeSet<_> =
        [&first, &second, &third].map(|tokens| tokens.claims()["jti"].to_string()).into();
    assert_eq!(ids.len(), 3);
    for tokens in [&first, &second, &third] {
        assert_eq!(tokens.claims()["sid"], first.session_id);
        app.me(tokens).await.assert_status(200);
    }
    app.sign_out(&second).await.assert_status(204);
    for tokens in [&first, &second, &third] {
        app.me(tokens).await.assert_problem(401, "invalid_token");
    }
}
