//! The answer with a code: what it holds, how it gets to the client, and what the code stands for.

use crate::support::browsers::{Asked, CALLBACK, CHALLENGE};
use crate::support::machines::FORM;
use crate::support::{ISSUER, PASSWORD, SECOND, TestApp, When};
use countersign_core::client::ClientKind;
use countersign_core::limits::CODE_LIFETIME;
use countersign_core::store::GrantStore as _;
use countersign_core::{Source as _, Span};

async fn setup() -> TestApp {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_app().await;
    app
}

#[tokio::test]
async fn without_a_script_from_a_link_to_a_code() {
    let app = setup().await;
    let mut browser = app.browser();
    let asked = Asked::new().with("scope", "openid email unknown").with("dpop_jkt", CHALLENGE);
    let page = browser.ask(&asked).await.assert_page(200, "Sign in");
    assert!(page.set_cookies().is_empty());
    let consent = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow The App?");
    app.clock().advance(SECOND);
    let answer = browser.allow(&consent).await;
    let parameters = answer.redirected(CALLBACK);
    assert_eq!(parameters.keys().map(String::as_str).collect::<Vec<_>>(), ["code", "iss", "state"]);
    assert_eq!(parameters["state"], "s-1");

    let (code, session, now) = (app.code_of(&answer).await, browser.session().await, app.clock().now());
    let account = app.account("ana").await;
    assert_eq!((code.account, code.floor), (account.id, account.sessions_floor));
    assert_eq!((code.parent, code.client.as_str()), (session.id, "app"));
    assert_eq!((code.redirect_uri.as_str(), code.redirect_uri_named), (CALLBACK, true));
    assert_eq!((code.scope.to_string().as_str(), code.audience.as_str()), ("email openid", ISSUER));
    assert_eq!((code.nonce.as_deref(), code.jkt.as_deref()), (Some("n-1"), Some(CHALLENGE)));
    assert_eq!((code.authenticated_at, code.expires_at), (session.authenticated_at, now + CODE_LIFETIME));
    assert_eq!(session.authenticated_at + SECOND, now);
    assert_eq!((session.client.as_str(), session.generation.0), ("countersign", 0));
}

#[tokio::test]
async fn state_comes_back_exactly() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    for state in ["a+b c%20d&e=f#g;h", "\"<>'\\`{|}~", "?code=evil&iss=evil", &"x".repeat(2_048)] {
        let asked = Asked::new().with("state", state);
        assert_eq!(browser.ask(&asked).await.redirected(CALLBACK)["state"], state);
        let page = browser.ask(&asked.with("response_mode", "form_post")).await.assert_page(200, "Continue");
        assert_eq!(page.form(CALLBACK).fields["state"], state);
    }
    assert!(!browser.ask(&Asked::new().with("state", "")).await.redirected(CALLBACK).contains_key("state"));
}

#[tokio::test]
async fn a_form_that_is_posted_needs_no_script_and_may_go_to_the_client_alone() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    let page = browser.ask(&Asked::new().with("response_mode", "form_post")).await.assert_page(200, "<button>");
    let fields = page.form(CALLBACK).fields;
    assert_eq!(fields.keys().map(String::as_str).collect::<Vec<_>>(), ["code", "iss", "state"]);
    assert_eq!(
        page.header("content-security-policy"),
        Some(
            "default-src 'none'; style-src 'self'; script-src 'self'; form-action https://app.example.com; \
             frame-ancestors 'none'; base-uri 'none'"
        )
    );
    let script = page.text();
    let script = script.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let script = app.get(script).send().await.assert_status(200);
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(page.text().matches("<script").count(), 1);
}

#[tokio::test]
async fn an_app_on_a_device_gets_its_answer_at_the_port_it_has() {
    let app = setup().await;
    let uris = ["http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb"];
    app.add_client("device", ClientKind::Native, None, &uris, "", &[]).await;
    let mut browser = app.browser();
    let asked = Asked::new().with("client_id", "device");
    let page = browser.ask(&asked.clone().with("redirect_uri", "http://127.0.0.1:51004/cb")).await;
    let page = page.assert_page(200, "on this device (127.0.0.1:51004)");
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self' http://127.0.0.1:51004;"));
    // RFC 8252 §8.6: nothing without their consent, signed in or not.
    let consent = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow device?");
    browser.allow(&consent).await.redirected("http://127.0.0.1:51004/cb");
    for (uri, source) in [("http://[::1]:9/cb", "http:"), ("com.example.app:/cb", "com.example.app:")] {
        browser.ask(&asked.clone().with("redirect_uri", uri)).await.redirected(uri);
        let page = app.browser().ask(&asked.clone().with("redirect_uri", uri)).await.assert_page(200, "Sign in");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains(&format!("form-action 'self' {source};")), "{policy}");
    }
}

#[tokio::test]
async fn a_form_of_the_client_is_asked_once_more_by_get_with_which_the_cookie_comes() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    for prompt in ["", "none"] {
        let asked = Asked::new().with("prompt", prompt);
        let posted = app.post("/oauth2/authorize").origin("https://app.example.com").header("content-type", FORM);
        let posted = posted.body(asked.query()).send().await.assert_status(303);
        let location = posted.header("location").unwrap().to_owned();
        assert_eq!(location, format!("/oauth2/authorize?{}", asked.query()));
        browser.send(app.get(&location)).await.redirected(CALLBACK);
    }
    let large = Asked::new().query() + "&x=" + &"y".repeat(9_000);
    let posted = app.post("/oauth2/authorize").header("content-type", FORM).body(large).send().await;
    posted.assert_page(414, "too long");
}

#[tokio::test]
async fn using_the_sign_in_keeps_it_and_leaving_it_ends_it() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    let idle = app.policies().session.idle;
    for _ in 0..3 {
        app.clock().advance(less_a_second(idle));
        browser.ask(&Asked::new()).await.redirected(CALLBACK);
    }
    app.clock().advance(idle);
    browser.ask(&Asked::new()).await.assert_page(200, "Sign in");
}

fn less_a_second(span: Span) -> Span {
    Span::from_millis(span.as_millis() - SECOND.as_millis())
}

#[tokio::test]
async fn storage_that_fails_is_503_and_no_code_leaves() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    for (method, when) in [
        ("client", When::Before),
        ("session", When::Before),
        ("account", When::Before),
        ("consent", When::Before),
        ("hold_session", When::Before),
        ("save_code", When::Before),
        ("save_code", When::After),
    ] {
        app.fail_next(method, when);
        let refused = browser.ask(&Asked::new()).await.assert_page(503, "Storage does not answer");
        assert!(refused.header("retry-after").is_some(), "{method}");
    }
    let answer = browser.ask(&Asked::new()).await;
    let code = app.code_of(&answer).await;
    assert!(code.redeemed.is_none());
    assert!(app.store().consent(code.account, &code.client, &code.audience).await.unwrap().is_some());
}
