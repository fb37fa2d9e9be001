//! What is wrong with a request whose client and redirect URI are right is told at the redirect URI.

use crate::support::TestApp;
use crate::support::browsers::{Asked, CALLBACK, CHALLENGE};
use crate::support::machines::FORM;
use countersign_core::client::ClientKind;

const ORDERS: &str = "https://orders.example.com";
const VAULT: &str = "https://vault.example.com";

/// The client `app` may have tokens for `ORDERS`, and none for `VAULT`.
pub(crate) async fn setup() -> TestApp {
    let app = TestApp::start().await;
    app.add_resource(ORDERS, &["orders:read"]).await;
    app.add_resource(VAULT, &["vault:open"]).await;
    app.add_client("app", ClientKind::Spa, None, &[CALLBACK], "orders:read", &[ORDERS]).await;
    app
}

/// A parameter, a value that is refused, and by which error.
pub(crate) fn refused() -> Vec<(&'static str, String, &'static str)> {
    let long = |count: usize| "x".repeat(count);
    vec![
        ("response_type", String::new(), "invalid_request"),
        ("response_type", "token".to_owned(), "unsupported_response_type"),
        ("response_type", "code id_token".to_owned(), "unsupported_response_type"),
        ("response_type", "Code".to_owned(), "unsupported_response_type"),
        ("response_mode", "fragment".to_owned(), "invalid_request"),
        ("response_mode", "web_message".to_owned(), "invalid_request"),
        ("code_challenge", String::new(), "invalid_request"),
        ("code_challenge", "short".to_owned(), "invalid_request"),
        ("code_challenge", format!("{CHALLENGE}="), "invalid_request"),
        ("code_challenge_method", String::new(), "invalid_request"),
        ("code_challenge_method", "plain".to_owned(), "invalid_request"),
        ("code_challenge_method", "s256".to_owned(), "invalid_request"),
        ("scope", "open\"id".to_owned(), "invalid_scope"),
        ("scope", long(129), "invalid_scope"),
        ("scope", (0..65).map(|n| format!("s{n} ")).collect(), "invalid_scope"),
        ("resource", "orders".to_owned(), "invalid_target"),
        ("resource", "https://unknown.example.com".to_owned(), "invalid_target"),
        ("resource", VAULT.to_owned(), "invalid_target"),
        ("nonce", long(256), "invalid_request"),
        ("prompt", "none login".to_owned(), "invalid_request"),
        ("prompt", "none none".to_owned(), "invalid_request"),
        ("prompt", "create".to_owned(), "invalid_request"),
        ("prompt", "None".to_owned(), "invalid_request"),
        ("max_age", "-1".to_owned(), "invalid_request"),
        ("max_age", "soon".to_owned(), "invalid_request"),
        ("max_age", "1.5".to_owned(), "invalid_request"),
        ("dpop_jkt", "short".to_owned(), "invalid_request"),
        ("dpop_jkt", format!("{CHALLENGE}A"), "invalid_request"),
        ("request", "eyJhbGciOiJub25lIn0.e30.".to_owned(), "request_not_supported"),
        ("request_uri", "https://app.example.com/r".to_owned(), "request_uri_not_supported"),
    ]
}

#[tokio::test]
async fn each_check_has_its_error() {
    let app = setup().await;
    for (name, value, error) in refused() {
        let query = Asked::new().with(name, &value).query();
        let by_get = app.get(&format!("/oauth2/authorize?{query}")).send().await;
        let by_post = app.post("/oauth2/authorize").header("content-type", FORM).body(query).send().await;
        for answer in [by_get, by_post] {
            let told = answer.assert_refused(error);
            assert_eq!(told.get("state").map(String::as_str), Some("s-1"), "{name}={value}");
            let shown: Vec<_> = told.keys().map(String::as_str).collect();
            assert_eq!(shown, ["error", "error_description", "iss", "state"], "{name}={value}");
        }
    }
}

#[tokio::test]
async fn two_resource_servers_are_one_too_many() {
    let app = setup().await;
    let query = format!("{}&resource={ORDERS}&resource={ORDERS}", Asked::new().query());
    app.get(&format!("/oauth2/authorize?{query}")).send().await.assert_refused("invalid_target");
}

#[tokio::test]
async fn a_state_outside_the_grammar_is_told_and_does_not_come_back() {
    let app = setup().await;
    for state in ["a\r\nset-cookie: x=1", "a\u{0}", "caf\u{e9}", &"x".repeat(2_049)] {
        let mut browser = app.browser();
        let answer = browser.ask(&Asked::new().with("state", state)).await;
        assert!(!answer.assert_refused("invalid_request").contains_key("state"));
        assert_eq!(answer.header("set-cookie"), None);
    }
}

#[tokio::test]
async fn errors_go_by_the_mode_that_was_asked_for() {
    let app = setup().await;
    let asked = Asked::new().with("response_mode", "form_post").with("response_type", "token");
    let page = app.browser().ask(&asked).await.assert_page(200, "Continue");
    let fields = page.form(CALLBACK).fields;
    assert_eq!(fields["error"], "unsupported_response_type");
    assert_eq!((fields["state"].as_str(), fields["iss"].as_str()), ("s-1", crate::support::ISSUER));
}

#[tokio::test]
async fn what_is_not_known_is_ignored() {
    let app = setup().await;
    let asked = Asked::new().with("claims", "{\"id_token\":{\"acr\":{\"essential\":true}}}").with("acr_values", "high");
    let asked = asked.with("display", "popup").with("ui_locales", "de").with("login_hint", "a\u{7}").with("x", "y");
    app.browser().ask(&asked).await.assert_page(200, "Sign in");
}
