//! What has nowhere to go is a page: never an open redirector (RFC 9700 §4.11).

use crate::support::TestApp;
use crate::support::browsers::{Asked, CALLBACK};
use crate::support::machines::FORM;
use countersign_core::client::{ClientKind, ClientStatus};

async fn setup() -> TestApp {
    let app = TestApp::start().await;
    app.add_app().await;
    app.add_machine("worker", "feed:read", &[]).await;
    app.add_client("off", ClientKind::Spa, None, &[CALLBACK], "", &[]).await;
    app.set_client_status("off", ClientStatus::Disabled).await;
    app.add_client("two", ClientKind::Spa, None, &[CALLBACK, "https://app.example.com/other"], "", &[]).await;
    app
}

async fn assert_nothing_is_redirected(app: &TestApp, query: &str) {
    let by_get = app.get(&format!("/oauth2/authorize?{query}")).send().await;
    let by_post = app.post("/oauth2/authorize").header("content-type", FORM).body(query).send().await;
    for answer in [by_get, by_post] {
        let answer = answer.assert_page(400, "The request is malformed");
        assert!(!answer.text().contains("evil"), "{query}");
        assert_eq!(
            answer.header("content-security-policy"),
            Some("default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'")
        );
    }
}

#[tokio::test]
async fn a_client_that_is_unknown_disabled_or_no_place_to_sign_in_gets_nothing() {
    let app = setup().await;
    for id in ["", "nobody", "off", "worker", "countersign", "App", "app ", "app\0", "\u{e9}vil"] {
        assert_nothing_is_redirected(&app, &Asked::new().with("client_id", id).query()).await;
    }
    assert_nothing_is_redirected(&app, "").await;
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_character_by_character_gets_nothing() {
    let app = setup().await;
    for uri in [
        "https://evil.example/",
        "https://app.example.com/cb/",
        "https://app.example.com/cb?x=evil",
        "https://app.example.com/cb#evil",
        "https://app.example.com/cb/../evil",
        "https://app.example.com/%63b",
        "https://app.example.com:443/cb",
        "https://APP.example.com/cb",
        "http://app.example.com/cb",
        "https://app.example.com.evil.example/cb",
        "https://app.example.com@evil.example/cb",
        "https://evil.example/https://app.example.com/cb",
        "//app.example.com/cb",
        "/cb",
        "https:app.example.com/cb",
        "https://app.example.com/cb\r\nevil: 1",
        "https://app.example.com/cb\\@evil.example",
        "https://app.example.com/cb ",
        " https://app.example.com/cb",
        "javascript:alert('evil')",
        "data:text/html,evil",
        "\u{0}",
    ] {
        assert_nothing_is_redirected(&app, &Asked::new().with("redirect_uri", uri).query()).await;
    }
}

#[tokio::test]
async fn a_redirect_uri_may_be_left_out_only_where_one_is_registered_and_openid_is_not_asked_for() {
    let app = setup().await;
    let unnamed = Asked::new().with("redirect_uri", "");
    assert_nothing_is_redirected(&app, &unnamed.query()).await;
    assert_nothing_is_redirected(&app, &unnamed.clone().with("client_id", "two").with("scope", "").query()).await;
    let unnamed = unnamed.with("scope", "email").with("prompt", "none");
    app.get(&format!("/oauth2/authorize?{}", unnamed.query())).send().await.assert_refused("login_required");
}

#[tokio::test]
async fn a_parameter_that_is_there_twice_or_can_not_be_read_gets_nothing() {
    let app = setup().await;
    let good = Asked::new().query();
    for more in [
        "client_id=app",
        "client_id=evil",
        "redirect_uri=https%3A%2F%2Fevil.example",
        "redirect_uri=",
        "redirect%5Furi=https%3A%2F%2Fevil.example",
        "state=evil",
        "scope=openid",
        "response_type=code",
        "code_challenge_method=plain",
        "unknown=1&unknown=2",
        "x=%ff",
        "x=%zz",
        "x=%",
    ] {
        assert_nothing_is_redirected(&app, &format!("{good}&{more}")).await;
        assert_nothing_is_redirected(&app, &format!("{more}&{good}")).await;
    }
    let many: String = (0..33).map(|n| format!("&p{n}=1")).collect();
    assert_nothing_is_redirected(&app, &format!("{good}{many}")).await;
}

#[tokio::test]
async fn what_is_no_form_is_refused_as_a_page() {
    let app = setup().await;
    let post = |content_type: &str, body: &str| {
        app.post("/oauth2/authorize").header("content-type", content_type).body(body).send()
    };
    post("application/json", "{}").await.assert_page(415, "not of the type");
    post(FORM, "\u{1}=%").await.assert_page(400, "malformed");
    let raw = app.post("/oauth2/authorize").header("content-type", FORM).body([0xff, 0xfe]).send().await;
    raw.assert_page(400, "malformed");
    app.request("PUT", "/oauth2/authorize").send().await.assert_page(405, "Not by this method");
}
