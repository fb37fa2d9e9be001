//! `POST /api/v1/accounts`.

use crate::support::{PASSWORD, Response, Setup, TestApp};
use countersign_server::SignUpPolicy;
use serde_json::json;

async fn sign_up(app: &TestApp, login: &str, password: &str) -> Response {
    app.post("/api/v1/accounts").json(json!({ "login": login, "password": password })).send().await
}

#[tokio::test]
async fn whoever_signs_up_can_sign_in() {
    let app = TestApp::start().await;
    let created = sign_up(&app, "ana@example.com", PASSWORD).await.assert_status(201);
    let id = app.account("ana@example.com").await.id.to_string();
    assert_eq!(created.json(), json!({ "id": id, "login": "ana@example.com" }));
    let tokens = app.try_sign_in("ana@example.com", PASSWORD).await.tokens();
    assert_eq!(tokens.claims()["sub"], id);
}

#[tokio::test]
async fn sign_up_is_closed_unless_it_was_opened() {
    let app = Setup::default().sign_up(SignUpPolicy::Closed).start().await;
    sign_up(&app, "ana", PASSWORD).await.assert_problem(403, "sign_up_closed");
    app.try_sign_in("ana", PASSWORD).await.assert_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn a_login_is_taken_once_however_it_is_written() {
    let app = TestApp::start().await;
    sign_up(&app, "ren\u{e9}", PASSWORD).await.assert_status(201);
    for login in ["ren\u{e9}", "REN\u{c9}", "rene\u{301}"] {
        sign_up(&app, login, PASSWORD).await.assert_problem(409, "login_taken");
    }
}

#[tokio::test]
async fn a_password_that_is_short_long_or_known_to_all_is_refused() {
    let app = TestApp::start().await;
    let long = "x y".repeat(400);
    for password in
        ["", "eleven char", long.as_str(), "aaaaaaaaaaaaaaaa", "correct horse battery staple", "ana@example.com"]
    {
        let refused = sign_up(&app, "ana@example.com", password).await;
        let refused = refused.assert_problem(400, "password_refused");
        assert!(password.len() < 11 || password == "ana@example.com" || !refused.text().contains(password));
    }
    sign_up(&app, "ana@example.com", "twelve bytes").await.assert_status(201);
}

#[tokio::test]
async fn a_login_that_could_not_be_typed_again_is_refused() {
    let app = TestApp::start().await;
    let long = "a".repeat(257);
    for login in ["", " ana", "an\u{0}a", long.as_str()] {
        sign_up(&app, login, PASSWORD).await.assert_problem(400, "invalid_login");
    }
}
