//! What a request says about the way that it came (RFC 9700 §4.13).

use crate::support::browsers::Asked;
use crate::support::{ISSUER, Setup, TestApp};
use countersign_core::Span;
use countersign_server::{AddressRange, Bucket};

const WRONG: &str = "not the one that is right";

async fn throttled(behind_proxy: Vec<AddressRange>) -> TestApp {
    let mut setup = Setup { behind_proxy, ..Setup::default() };
    setup.throttle.address = Bucket { burst: 2, every: Span::from_seconds(3_600) };
    setup.start().await
}

async fn failed(app: &TestApp, login: &str, forwarded: &str) -> u16 {
    let body = serde_json::json!({ "login": login, "password": WRONG });
    app.post("/api/v1/sign-in").header("x-forwarded-for", forwarded).json(body).send().await.status
}

/// Somebody who guesses passwords claims to come from another address each time.
#[tokio::test]
async fn where_a_request_came_from_is_a_trusted_proxys_word_alone() {
    let open = throttled(Vec::new()).await;
    for (attempt, status) in [401, 401, 429, 429].into_iter().enumerate() {
        assert_eq!(failed(&open, &format!("user-{attempt}"), &format!("198.51.100.{attempt}")).await, status);
    }
    // Behind a proxy it counts what the proxy added, and not what the client wrote before it.
    let behind = throttled(vec![AddressRange::new("127.0.0.1".parse().unwrap(), 32)]).await;
    for (attempt, status) in [401, 401, 429, 429].into_iter().enumerate() {
        let forwarded = format!("198.51.100.{attempt}, 203.0.113.7");
        assert_eq!(failed(&behind, &format!("user-{attempt}"), &forwarded).await, status);
    }
    assert_eq!(failed(&behind, "user-9", "203.0.113.8").await, 401, "and everybody else goes on");
}

/// Which host and scheme a request claims decides nothing: links, `iss` and endpoints are the issuer's.
#[tokio::test]
async fn no_header_makes_the_server_another_one() {
    let app = TestApp::start().await;
    app.add_app().await;
    let path = format!("/oauth2/authorize?{}", Asked::new().with("prompt", "none").query());
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("x-host", "evil.example"),
    ] {
        let metadata = app.get("/.well-known/openid-configuration").header(name, value).send().await;
        assert!(!metadata.text().contains("evil"), "{name}");
        assert_eq!(metadata.json()["issuer"], ISSUER);
        app.get(&path).header(name, value).send().await.assert_refused("login_required");
        let page = app.get(&path.replace("&prompt=none", "")).header(name, value).send().await;
        assert!(!page.assert_page(200, "Sign in").text().contains("evil"), "{name}");
    }
    let raw = format!("GET {path} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
    app.send_raw(raw).await.unwrap().assert_refused("login_required");
}

/// Client certificates, users and addresses that a proxy might tell of are not read from anybody.
#[tokio::test]
async fn no_header_signs_anybody_in() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    for name in ["x-auth-subject", "x-remote-user", "x-forwarded-user", "x-ssl-client-cert", "x-client-cert"] {
        let me = app.get("/api/v1/me").header(name, "ana").send().await;
        me.assert_problem(401, "missing_token");
        app.get("/oauth2/userinfo").header(name, "ana").send().await.assert_status(401);
    }
}
