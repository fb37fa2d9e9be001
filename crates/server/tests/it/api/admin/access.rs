//! Who may administer: every route of `/api/v1/admin` alike.

use crate::support::{ACCESS_COOKIE, ISSUER, TestApp};
use serde_json::{Value, json};

const ROUTES: [(&str, &str); 16] = [
    ("GET", "clients"),
    ("POST", "clients"),
    ("GET", "clients/guard"),
    ("DELETE", "clients/guard"),
    ("POST", "clients/guard/rotate-secret"),
    ("POST", "clients/guard/disable"),
    ("POST", "clients/guard/enable"),
    ("GET", "resources"),
    ("POST", "resources"),
    ("GET", "resources/urn:a"),
    ("DELETE", "resources/urn:a"),
    ("GET", "keys"),
    ("POST", "keys/rotate"),
    ("POST", "keys/some/revoke"),
    ("POST", "revocations"),
    ("POST", "revocations?x=1"),
];

fn body() -> Value {
    json!({})
}

#[tokio::test]
async fn without_a_token_without_the_role_or_as_a_machine_nobody_administers() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_role("ana", "ops").await;
    let tokens = app.sign_in("ana").await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let machine = app.machine_token(&machine, "&scope=feed:read").await;
    for (method, path) in ROUTES {
        let request = || app.request(method, &format!("/api/v1/admin/{path}"));
        request().json(body()).send().await.assert_problem(401, "missing_token");
        request().bearer("nonsense").json(body()).send().await.assert_problem(401, "invalid_token");
        request().bearer(&machine.access_token).json(body()).send().await.assert_problem(401, "invalid_token");
        request().bearer(&tokens.access_token).json(body()).send().await.assert_problem(403, "forbidden");
    }
    assert!(app.client("guard").await.is_some());
}

#[tokio::test]
async fn the_role_counts_as_it_stands_now_and_the_token_must_be_for_the_issuer() {
    let app = TestApp::start().await;
    app.add_resource("https://orders.example.com", &["orders:read"]).await;
    let root = app.administrator().await;
    app.admin("GET", "keys", &root).send().await.assert_status(200);
    let elsewhere =
        json!({ "login": "root", "password": crate::support::PASSWORD, "audience": "https://orders.example.com" });
    let elsewhere = app.post("/api/v1/sign-in").json(elsewhere).send().await.tokens();
    app.admin("GET", "keys", &elsewhere).send().await.assert_problem(401, "invalid_token");
    app.remove_role("root", "admin").await;
    app.admin("GET", "keys", &root).send().await.assert_problem(401, "invalid_token");
    let former = app.sign_in("root").await;
    app.admin("GET", "keys", &former).send().await.assert_problem(403, "forbidden");
}

#[tokio::test]
async fn what_changes_something_by_cookie_must_come_from_our_own_pages() {
    let app = TestApp::start().await;
    app.administrator().await;
    app.add_machine("guard", "feed:read", &[]).await;
    let cookie = app.sign_in_with_cookies("root").await.set_cookie(ACCESS_COOKIE).value;
    for (method, path) in ROUTES.into_iter().filter(|(method, _)| *method != "GET") {
        let request = app.request(method, &format!("/api/v1/admin/{path}")).cookie(ACCESS_COOKIE, &cookie);
        let evil = request.origin("https://evil.example").json(body());
        evil.send().await.assert_problem(403, "cross_site");
    }
    let own = app.post("/api/v1/admin/clients/guard/disable").cookie(ACCESS_COOKIE, &cookie).origin(ISSUER);
    own.send().await.assert_status(200);
    app.get("/api/v1/admin/keys").cookie(ACCESS_COOKIE, &cookie).send().await.assert_status(200);
}
