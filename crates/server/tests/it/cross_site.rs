//! The cross-site rule: what changes state and carries or sets a token cookie must come from the issuer's own origin,
//! or from one that the operator trusts.

use crate::support::client::Request;
use crate::support::{ACCESS_COOKIE, ISSUER, PASSWORD, REFRESH_COOKIE, Setup, TestApp};
use serde_json::json;

const TRUSTED: &str = "https://app.example.com";
const STRANGERS: [&str; 7] = [
    "https://evil.example",
    "null",
    "http://localhost",
    "http://localhost:8421",
    "https://localhost:8420",
    "http://localhost:8420.evil.example",
    "https://app.example.com.evil.example",
];

async fn trusting() -> TestApp {
    Setup { trusted_origins: vec![TRUSTED.to_owned()], ..Setup::default() }.start().await
}

/// Every request that changes state and carries or sets a cookie; none has an origin yet.
async fn requests(app: &TestApp) -> Vec<Request> {
    let signed_in = app.sign_in_with_cookies("ana").await;
    let (access, refresh) = (signed_in.set_cookie(ACCESS_COOKIE).value, signed_in.set_cookie(REFRESH_COOKIE).value);
    let by_cookie = json!({ "login": "ana", "password": PASSWORD, "delivery": "cookie" });
    let in_body = json!({ "login": "ana", "password": PASSWORD });
    let tokens = app.sign_in("ana").await;
    let password = json!({ "current_password": "x", "new_password": "y" });
    vec![
        app.post("/api/v1/sign-in").json(by_cookie),
        app.post("/api/v1/sign-in").cookie(ACCESS_COOKIE, &access).json(in_body.clone()),
        app.post("/api/v1/sign-in").cookie(REFRESH_COOKIE, &refresh).json(in_body.clone()),
        app.post("/api/v1/accounts").cookie(ACCESS_COOKIE, &access).json(in_body),
        app.post("/api/v1/refresh").cookie(REFRESH_COOKIE, &refresh),
        app.post("/api/v1/sign-out").cookie(REFRESH_COOKIE, &refresh),
        app.post("/api/v1/sign-out").cookie(ACCESS_COOKIE, &access),
        app.post("/api/v1/sign-out").cookie(ACCESS_COOKIE, &access).bearer(&tokens.access_token),
        app.request("PUT", "/api/v1/me/password").cookie(ACCESS_COOKIE, &access).json(password),
        app.request("DELETE", "/api/v1/sessions").cookie(ACCESS_COOKIE, &access),
        app.request("DELETE", &format!("/api/v1/sessions/{}", tokens.session_id)).cookie(ACCESS_COOKIE, &access),
    ]
}

#[tokio::test]
async fn from_another_site_nothing_is_changed() {
    let app = trusting().await;
    for request in requests(&app).await {
        for origin in STRANGERS {
            let refused = request.clone().origin(origin).header("sec-fetch-site", "same-origin").send().await;
            let refused = refused.assert_problem(403, "cross_site");
            assert!(refused.set_cookies().is_empty());
        }
        for site in ["cross-site", "same-site", "none", "nonsense"] {
            request.clone().header("sec-fetch-site", site).send().await.assert_problem(403, "cross_site");
        }
        request.clone().send().await.assert_problem(403, "cross_site");
        let twice = request.clone().origin(ISSUER).origin("https://evil.example").send().await;
        assert!((400..=403).contains(&twice.status), "{}", twice.status);
    }
}

#[tokio::test]
async fn from_the_issuers_own_pages_and_trusted_ones_it_is() {
    let app = trusting().await;
    let sources = [("origin", ISSUER), ("origin", TRUSTED), ("sec-fetch-site", "same-origin")];
    for (name, value) in sources {
        for request in requests(&app).await {
            let answer = request.header(name, value).send().await;
            assert_ne!(answer.problem_code(), "cross_site", "{name}: {value}");
            assert!(answer.status < 500);
        }
    }
}

#[tokio::test]
async fn without_a_cookie_nobody_asks_where_a_request_comes_from() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let evil = "https://evil.example";
    app.refresh_request(&tokens.refresh_token).origin(evil).send().await.tokens();
    app.post("/api/v1/sign-out").bearer(&tokens.access_token).origin(evil).send().await.assert_status(204);
}

#[tokio::test]
async fn reading_is_free_for_every_site_but_no_page_of_a_stranger_may_see_it() {
    let app = trusting().await;
    let access = app.sign_in_with_cookies("ana").await.set_cookie(ACCESS_COOKIE).value;
    let me = |origin: &str| app.get("/api/v1/me").cookie(ACCESS_COOKIE, &access).origin(origin).send();
    for origin in STRANGERS {
        let answer = me(origin).await.assert_status(200);
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    let answer = me(TRUSTED).await.assert_status(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(TRUSTED));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
}

#[tokio::test]
async fn an_origin_for_body_delivery_gets_no_credentials() {
    const ELSEWHERE: &str = "https://spa.example.com";
    let app = Setup { cors_origins: vec![ELSEWHERE.to_owned()], ..Setup::default() }.start().await;
    let tokens = app.sign_in("ana").await;
    let refreshed = app.refresh_request(&tokens.refresh_token).origin(ELSEWHERE).send().await;
    assert_eq!(refreshed.header("access-control-allow-origin"), Some(ELSEWHERE));
    assert_eq!(refreshed.header("access-control-allow-credentials"), None);

    let preflight = app.request("OPTIONS", "/api/v1/refresh").origin(ELSEWHERE);
    let preflight = preflight.header("access-control-request-method", "POST");
    let preflight = preflight.header("access-control-request-headers", "content-type").send().await;
    assert!((200..300).contains(&preflight.status), "{}", preflight.status);
    assert_eq!(preflight.header("access-control-allow-origin"), Some(ELSEWHERE));
    let with_cookies = app.post("/api/v1/sign-in").origin(ELSEWHERE);
    let body = json!({ "login": "ana", "password": PASSWORD, "delivery": "cookie" });
    with_cookies.json(body).send().await.assert_problem(403, "cross_site");
}
