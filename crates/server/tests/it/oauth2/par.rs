//! `/oauth2/par` (RFC 9126), and what becomes of a pushed request at the authorization endpoint.

use super::authorize::redirected::{refused, setup};
use crate::support::apps::{Application, CALLBACK, VERIFIER};
use crate::support::browsers::{Asked, CALLBACK as SPA_CALLBACK, CHALLENGE};
use crate::support::client::Response;
use crate::support::holders::{Holder, bound};
use crate::support::logs::Recording;
use crate::support::machines::FORM;
use crate::support::secrets::Secrets;
use crate::support::{PASSWORD, SECOND, TestApp, When};
use countersign_core::Span;
use countersign_core::client::{AuthenticationMethod, ClientKind};
use countersign_core::limits::{PUSHED_REQUESTS_PER_CLIENT_MAX, PUSHED_REQUESTS_PER_STRANGER_MAX};
use countersign_server::telemetry::LogFormat;
use serde_json::json;

const PAR: &str = "/oauth2/par";
const OVER: &str = "the request is over";

fn asked() -> Asked {
    Asked::new().with("client_id", "shop").with("redirect_uri", CALLBACK)
}

async fn shop() -> (TestApp, Application) {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    (app, shop)
}

/// The whole of a good answer; gives the `request_uri`.
#[track_caller]
fn pushed(answer: &Response) -> String {
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")), "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let uri = body["request_uri"].as_str().unwrap().to_owned();
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:csp_") && uri.len() == 81, "{uri}");
    assert_eq!(body, json!({ "request_uri": uri, "expires_in": 60 }));
    uri
}

async fn push(app: &TestApp, client: &Application, asked: &Asked) -> String {
    pushed(&app.client_form(client, PAR, &asked.clone().with("client_id", "").query()).send().await)
}

/// What the browser brings.
fn reference(client: &str, uri: &str) -> Asked {
    let bare = ["response_type", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method"];
    let bare = bare.into_iter().fold(Asked::new(), |asked, name| asked.with(name, ""));
    bare.with("client_id", client).with("request_uri", uri)
}

#[tokio::test]
async fn a_pushed_request_is_good_for_one_code_and_whatever_stands_beside_it_counts_for_nothing() {
    let (app, shop) = shop().await;
    let uri = push(&app, &shop, &asked().with("scope", "openid email").with("state", "pushed")).await;
    let evil = reference("shop", &uri).with("redirect_uri", "https://evil.example").with("state", "other");
    let evil = evil.with("scope", "openid profile").with("prompt", "none").with("request", "x").with("resource", "y");
    let mut browser = app.browser();
    // Pages can be loaded again.
    browser.ask(&evil).await.assert_page(200, "Sign in");
    let page = browser.ask(&evil).await.assert_page(200, "Sign in");
    let page = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    let mut answer = browser.allow(&page).await.redirected(CALLBACK);
    assert_eq!(answer["state"], "pushed");
    let tokens = app.exchange(&shop, &answer.remove("code").unwrap()).await.oauth_tokens();
    assert_eq!(tokens.scope, "email openid");
    browser.ask(&evil).await.assert_page(400, OVER);
    browser.allow(&page).await.assert_page(400, OVER);
    // The next one needs no page: the code comes at once, and it is as good for one alone.
    let next = reference("shop", &push(&app, &shop, &asked()).await);
    assert!(browser.ask(&next).await.redirected(CALLBACK).contains_key("code"));
    browser.ask(&next).await.assert_page(400, OVER);
}

#[tokio::test]
async fn of_two_steps_that_would_give_a_code_at_once_one_does() {
    let (app, shop) = shop().await;
    let mut browser = app.browser();
    browser.grant(&asked(), "ana").await.redirected(CALLBACK);
    let cookie = browser.cookie.clone().unwrap();
    let next = reference("shop", &push(&app, &shop, &asked()).await);
    let held = app.store().hold_back("hold_session");
    let mut tab = app.browser_with(&cookie);
    let (late, ()) = tokio::join!(
        tab.ask(&next),
        held.while_held(async {
            browser.ask(&next).await.redirected(CALLBACK);
        })
    );
    late.assert_page(400, OVER);
    assert_eq!(app.audit("code.issued").await.len(), 2);
}

#[tokio::test]
async fn every_check_of_the_authorization_endpoint_is_made_at_the_push() {
    let app = setup().await;
    let push = |query: String| app.post(PAR).header("content-type", FORM).body(query).send();
    for (name, value, error) in refused() {
        let answer = push(Asked::new().with(name, &value).query()).await;
        let error = if name == "request_uri" { "invalid_request" } else { error };
        let told = answer.assert_oauth_error(400, error);
        assert_eq!(told.header("location"), None, "{name}={value}");
    }
    let class = Asked::new().with("claims", r#"{"id_token":{"acr":{"essential":true,"value":"gold"}}}"#);
    push(class.query()).await.assert_oauth_error(400, "unmet_authentication_requirements");
    for (name, value) in [
        ("claims", "{"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://app.example.com/cb/"),
        ("redirect_uri", "https://evil.example/cb"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:csp_x"),
        ("state", "caf\u{e9}"),
    ] {
        push(Asked::new().with(name, value).query()).await.assert_oauth_error(400, "invalid_request");
    }
    let twice = format!("{}&scope=email", Asked::new().query());
    push(twice).await.assert_oauth_error(400, "invalid_request");
    let large = Asked::new().with("login_hint", &"x".repeat(16_384)).query();
    push(large).await.assert_oauth_error(413, "invalid_request");
    pushed(&push(Asked::new().query()).await);
}

#[tokio::test]
async fn what_is_good_no_more_when_the_browser_comes_is_told_then() {
    let app = setup().await;
    app.add_account("ana").await;
    let answer = app.post(PAR).header("content-type", FORM).body(Asked::new().query()).send().await;
    let asked = reference("app", &pushed(&answer));
    app.browser().ask(&asked).await.assert_page(200, "Sign in");
    app.remove_client("app").await;
    app.browser().ask(&asked).await.assert_page(400, OVER);
}

#[tokio::test]
async fn the_client_authenticates_as_at_the_token_endpoint() {
    let (app, shop) = shop().await;
    let by_form = app.add_application_by("form", ClientKind::Web, AuthenticationMethod::SecretPost).await;
    let form = asked().with("client_id", "").query();
    pushed(&app.client_form(&by_form, PAR, &form).send().await);
    let wrong = Application { secret: "css_wrong".to_owned(), ..shop.clone() };
    app.client_form(&wrong, PAR, &form).send().await.assert_oauth_error(401, "invalid_client");
    let bare = app.post(PAR).header("content-type", FORM).body(asked().query()).send().await;
    bare.assert_oauth_error(401, "invalid_client");
    let other = app.client_form(&shop, PAR, &asked().with("client_id", "form").query()).send().await;
    other.assert_oauth_error(400, "invalid_request");
    let machine = app.add_machine("worker", "feed:read", &[]).await;
    let push = app.post(PAR).header("authorization", &machine.basic()).header("content-type", FORM);
    push.body(form.clone()).send().await.assert_oauth_error(400, "unauthorized_client");
    app.get(PAR).send().await.assert_oauth_error(405, "invalid_request");
}

#[tokio::test]
async fn nobody_else_uses_it_and_nothing_is_redirected() {
    let (app, shop) = shop().await;
    app.add_app().await;
    let uri = push(&app, &shop, &asked()).await;
    let unknown = format!("{}x", &uri[..80]);
    let mut browser = app.browser();
    for asked in [
        reference("app", &uri),
        reference("app", &uri).with("redirect_uri", SPA_CALLBACK),
        reference("nobody", &uri),
        reference("shop", &unknown),
        reference("shop", "urn:ietf:params:oauth:request_uri:"),
    ] {
        browser.ask(&asked).await.assert_page(400, OVER);
    }
    browser.ask(&reference("", &uri)).await.assert_page(400, "client_id");
    let foreign = asked().with("request_uri", "https://shop.example/request.jwt");
    let told = browser.ask(&foreign).await.redirected(CALLBACK);
    assert_eq!(told["error"], "request_uri_not_supported");
    browser.ask(&reference("shop", &uri)).await.assert_page(200, "Sign in");
}

#[tokio::test]
async fn a_browser_comes_within_a_minute_and_finishes_within_a_quarter_of_an_hour() {
    let (app, shop) = shop().await;
    let (late, in_time) = (push(&app, &shop, &asked()).await, push(&app, &shop, &asked()).await);
    app.clock().advance(Span::from_seconds(59));
    let mut browser = app.browser();
    let page = browser.ask(&reference("shop", &in_time)).await.assert_page(200, "Sign in");
    app.clock().advance(SECOND);
    browser.ask(&reference("shop", &late)).await.assert_page(400, OVER);
    app.clock().advance(Span::from_seconds(898));
    let page = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    app.clock().advance(SECOND);
    browser.allow(&page).await.assert_page(400, OVER);
    assert!(app.audit("code.issued").await.is_empty());
}

#[tokio::test]
async fn a_sign_in_that_it_asks_for_is_not_asked_for_twice() {
    let (app, shop) = shop().await;
    let mut browser = app.browser();
    browser.grant(&asked(), "ana").await.redirected(CALLBACK);
    let uri = push(&app, &shop, &asked().with("prompt", "login consent")).await;
    let page = browser.ask(&reference("shop", &uri)).await.assert_page(200, "Sign in");
    let page = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    browser.allow(&page).await.redirected(CALLBACK);
}

#[tokio::test]
async fn a_proof_at_the_push_binds_the_session_to_its_key() {
    let (app, _) = shop().await;
    let spa = app.add_application("spa", ClientKind::Spa).await;
    let (mut holder, mut thief) = (Holder::new(), Holder::new());
    let asked = asked().with("client_id", "").with("code_challenge", CHALLENGE);
    let push = |asked: &Asked| app.client_form(&spa, PAR, &asked.query());
    let answer = holder.post(&app, PAR, || push(&asked)).await;
    assert!(answer.header("dpop-nonce").is_some());
    let uri = pushed(&answer);
    let code = app.browser().grant(&reference("spa", &uri), "ana").await.redirected(CALLBACK).remove("code").unwrap();
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}");
    let exchange = || app.client_request(&spa, &form);
    exchange().send().await.assert_oauth_error(400, "invalid_grant");
    thief.send(&app, exchange).await.assert_oauth_error(400, "invalid_grant");
    bound(&holder.send(&app, exchange).await, &holder);

    let [own, other] = [&holder, &thief].map(|of| asked.clone().with("dpop_jkt", &of.jkt()));
    pushed(&holder.post(&app, PAR, || push(&own)).await);
    holder.post(&app, PAR, || push(&other)).await.assert_oauth_error(400, "invalid_request");
    let foreign = holder.proof(&app, "POST", "/oauth2/token", None);
    push(&asked).header("dpop", &foreign).send().await.assert_oauth_error(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn a_client_that_must_push_gets_nowhere_without() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    app.add_account("ana").await;
    let body = json!({
        "client_id": "shop", "kind": "spa", "redirect_uris": [CALLBACK], "require_pushed_authorization_requests": true,
    });
    app.admin("POST", "clients", &root).json(body).send().await.assert_status(201);
    let shown = app.admin("GET", "clients/shop", &root).send().await.json();
    assert_eq!(shown["require_pushed_authorization_requests"], true);
    let machine = json!({ "client_id": "w", "kind": "machine", "require_pushed_authorization_requests": true });
    app.admin("POST", "clients", &root).json(machine).send().await.assert_problem(400, "invalid_request");
    let mut browser = app.browser();
    let told = browser.ask(&asked()).await.redirected(CALLBACK);
    assert_eq!((told["error"].as_str(), told["state"].as_str()), ("invalid_request", "s-1"));
    assert!(told["error_description"].contains("RFC 9126"), "{told:?}");
    let answer = app.post(PAR).header("content-type", FORM).body(asked().query()).send().await;
    let code = browser.grant(&reference("shop", &pushed(&answer)), "ana").await.redirected(CALLBACK);
    assert!(code.contains_key("code"));
}

/// Makes so many more of the one request that is there.
const COPIES: &str = "
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO pushed_request (hash, client, parameters, begun, expires_at)
SELECT randomblob(32), client, parameters, begun, expires_at FROM pushed_request, n";

#[tokio::test]
async fn a_client_that_no_operator_registered_has_fewer() {
    let (app, shop) = shop().await;
    push(&app, &shop, &asked()).await;
    let database = rusqlite::Connection::open(app.database()).unwrap();
    database.execute(COPIES, (PUSHED_REQUESTS_PER_STRANGER_MAX - 2,)).unwrap();
    database.execute("UPDATE client SET origin = 'registration' WHERE id = 'shop'", ()).unwrap();
    push(&app, &shop, &asked()).await;
    let form = asked().with("client_id", "").query();
    let refused = app.client_form(&shop, PAR, &form).send().await;
    refused.assert_oauth_error(429, "temporarily_unavailable");
    database.execute("UPDATE client SET origin = 'operator' WHERE id = 'shop'", ()).unwrap();
    push(&app, &shop, &asked()).await;
}

#[tokio::test]
async fn a_client_has_so_many_at_once_and_is_told_when_there_is_room() {
    let (app, shop) = shop().await;
    push(&app, &shop, &asked()).await;
    let database = rusqlite::Connection::open(app.database()).unwrap();
    database.execute(COPIES, (PUSHED_REQUESTS_PER_CLIENT_MAX - 1,)).unwrap();
    app.clock().advance(Span::from_seconds(20));
    let form = asked().with("client_id", "").query();
    let refused = app.client_form(&shop, PAR, &form).send().await;
    let refused = refused.assert_oauth_error(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), Some("40"));
    let others = app.add_application("other", ClientKind::Web).await;
    pushed(&app.client_form(&others, PAR, &form).send().await);
    app.clock().advance(Span::from_seconds(40));
    push(&app, &shop, &asked()).await;
    let rows = |row: &rusqlite::Row<'_>| row.get::<_, u32>(0);
    let left = database.query_row("SELECT count(*) FROM pushed_request WHERE client = 'shop'", (), rows).unwrap();
    assert_eq!(left, 1, "what is over makes room");
}

#[tokio::test]
async fn what_is_pushed_is_in_no_log_and_no_audit_event() {
    const STATE: &str = "K4nari3nv0gel-of-state";
    let recording = Recording::begin(LogFormat::Json);
    let (app, _) = shop().await;
    let shop = app.add_application_by("post", ClientKind::Web, AuthenticationMethod::SecretPost).await;
    let asked = asked().with("client_id", "post").with("state", STATE);
    let uri = push(&app, &shop, &asked).await;
    let mut secrets = Secrets::default();
    for secret in [&uri[34..], STATE, &shop.secret] {
        secrets.add("text", secret);
    }
    let misplaced = asked.clone().with("client_id", "").with("scope", &format!("\"{}", &uri[34..]));
    let refused = app.client_form(&shop, PAR, &misplaced.query()).send().await;
    let refused = refused.assert_oauth_error(400, "invalid_scope");
    let reference = reference("post", &uri);
    let mut browser = app.browser();
    browser.grant(&reference, "ana").await.redirected(CALLBACK);
    let page = browser.ask(&reference).await.assert_page(400, OVER);
    let log = recording.text();
    assert!(log.contains("authorization request pushed") && log.contains(PAR), "{log}");
    let audit = format!("{:?}", app.audit("").await);
    assert!(audit.contains("code.issued"));
    for text in [log.as_bytes(), audit.as_bytes(), &refused.body, &page.body] {
        assert_eq!(secrets.found_in(text), None);
    }
    assert!(secrets.found_in(uri.as_bytes()).is_some(), "what is searched for would be found");
}

#[tokio::test]
async fn storage_holds_neither_the_secret_nor_credentials_and_when_it_fails_nothing_is_handed_out() {
    let (app, _) = shop().await;
    let shop = app.add_application_by("post", ClientKind::Web, AuthenticationMethod::SecretPost).await;
    let form = asked().with("client_id", "").with("state", "in-storage").query();
    for (method, when) in [("push_request", When::Before), ("push_request", When::After), ("resource", When::Before)] {
        app.fail_next(method, when);
        let refused = app.client_form(&shop, PAR, &form).send().await;
        let refused = refused.assert_oauth_error(503, "temporarily_unavailable");
        assert!(refused.header("retry-after").is_some());
    }
    let uri = pushed(&app.client_form(&shop, PAR, &form).send().await);
    for method in ["pushed_request", "begin_pushed_request"] {
        app.fail_next(method, When::Before);
        app.browser().ask(&reference("post", &uri)).await.assert_page(503, "Storage does not answer");
    }
    app.browser().ask(&reference("post", &uri)).await.assert_page(200, "Sign in");
    let database = app.stop().await.copy_database().0;
    let holds = |text: &str| database.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("state=in-storage"), "the test would see it");
    assert!(!holds(&uri[34..]) && !holds(&shop.secret) && !holds("client_secret="));
    assert!(uri[34..].starts_with("csp_"));
}
