//! Cookies: their names and attributes, and what is refused where they contradict each other.

use crate::support::{ACCESS_COOKIE, ISSUER, REFRESH_COOKIE, Setup, TestApp};
use serde_json::json;

const HTTPS_ISSUER: &str = "https://auth.example.com";

#[tokio::test]
async fn on_plain_loopback_cookies_go_without_prefix_and_secure() {
    let app = TestApp::start().await;
    let signed_in = app.sign_in_with_cookies("ana").await;
    let cookies = signed_in.set_cookies();
    let names: Vec<_> = cookies.iter().map(|cookie| cookie.name.as_str()).collect();
    assert_eq!(names, [ACCESS_COOKIE, REFRESH_COOKIE]);
    let lives = [600, 14 * 86_400].map(|seconds| format!("Max-Age={seconds}"));
    for (cookie, lives) in cookies.iter().zip(lives) {
        assert_eq!(cookie.attributes, ["HttpOnly", lives.as_str(), "Path=/", "SameSite=Lax"]);
    }
}

#[tokio::test]
async fn under_https_they_have_the_host_prefix() {
    let mut setup = Setup::default();
    setup.token.issuer = HTTPS_ISSUER.to_owned();
    let app = setup.start().await;
    app.add_account("ana").await;
    let body = json!({ "login": "ana", "password": crate::support::PASSWORD, "delivery": "cookie" });
    let signed_in = app.post("/api/v1/sign-in").origin(HTTPS_ISSUER).json(body).send().await.assert_status(200);
    for (name, lives) in [("__Host-countersign", "600"), ("__Host-countersign-refresh", "1209600")] {
        let cookie = signed_in.set_cookie(name);
        let lives = format!("Max-Age={lives}");
        assert_eq!(cookie.attributes, ["HttpOnly", lives.as_str(), "Path=/", "SameSite=Lax", "Secure"]);
    }
    let access = signed_in.set_cookie("__Host-countersign").value;
    app.get("/api/v1/me").cookie("__Host-countersign", &access).send().await.assert_status(200);
    // A cookie without the prefix could have been set by a neighbour, or over plain HTTP.
    app.get("/api/v1/me").cookie(ACCESS_COOKIE, &access).send().await.assert_problem(401, "missing_token");
}

#[tokio::test]
async fn two_cookies_of_one_name_are_refused() {
    let app = TestApp::start().await;
    let signed_in = app.sign_in_with_cookies("ana").await;
    for name in [ACCESS_COOKIE, REFRESH_COOKIE] {
        let value = signed_in.set_cookie(name).value;
        let twice = format!("{name}={value}; other=1; {name}={value}");
        for path in ["/api/v1/refresh", "/api/v1/sign-out"] {
            let refused = app.post(path).origin(ISSUER).header("cookie", &twice).send().await;
            refused.assert_problem(400, "invalid_request");
            let refused = app.post(path).origin(ISSUER).cookie(name, &value).cookie(name, "other").send().await;
            refused.assert_problem(400, "invalid_request");
        }
    }
    let access = signed_in.set_cookie(ACCESS_COOKIE).value;
    let me = app.get("/api/v1/me").cookie(ACCESS_COOKIE, &access).cookie(ACCESS_COOKIE, &access).send().await;
    me.assert_problem(400, "invalid_request");
}

#[tokio::test]
async fn a_refresh_token_in_cookie_and_body_together_is_refused_and_nothing_happens() {
    let app = TestApp::start().await;
    let held = app.sign_in_with_cookies("ana").await.set_cookie(REFRESH_COOKIE).value;
    for path in ["/api/v1/refresh", "/api/v1/sign-out"] {
        let request =
            app.post(path).origin(ISSUER).cookie(REFRESH_COOKIE, &held).json(json!({ "refresh_token": held }));
        request.send().await.assert_problem(400, "invalid_request");
    }
    app.refresh_by_cookie(&held).await.assert_status(200);
}

#[tokio::test]
async fn the_refresh_cookie_is_read_by_refresh_and_sign_out_alone() {
    let app = TestApp::start().await;
    let signed_in = app.sign_in_with_cookies("ana").await;
    let (access, refresh) = (signed_in.set_cookie(ACCESS_COOKIE).value, signed_in.set_cookie(REFRESH_COOKIE).value);
    for path in ["/api/v1/me", "/api/v1/sessions"] {
        app.get(path).cookie(REFRESH_COOKIE, &refresh).send().await.assert_problem(401, "missing_token");
        app.get(path).cookie(ACCESS_COOKIE, &refresh).send().await.assert_problem(401, "invalid_token");
        app.get(path).cookie(ACCESS_COOKIE, &access).send().await.assert_status(200);
    }
}
