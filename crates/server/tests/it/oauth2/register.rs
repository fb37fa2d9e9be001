//! Dynamic registration (RFC 7591): what is answered, who may, and that nothing of it lasts.

use crate::support::strangers::{asked, unlimited};
use crate::support::{PASSWORD, Setup, TestApp};
use countersign_core::store::{ClientStore as _, DeploymentStore as _, Page, SessionFilter, SessionStore as _};
use countersign_core::{Source as _, Span};
use countersign_server::{Bucket, RegistrationPolicy, ThrottlePolicy};
use serde_json::{Value, json};

/// How many clients there are.
async fn clients(app: &TestApp) -> usize {
    app.store().clients(Page::first()).await.unwrap().items.len()
}

#[tokio::test]
async fn a_client_registers_itself_and_people_are_asked_whatever_it_calls_itself() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    let changes = json!({ "scope": "openid tools:use", "logo_uri": "https://169.254.169.254/", "made_up": [1, 2] });
    let answer = app.registration(&changes).send().await.assert_status(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let registered = answer.json();
    let id = registered["client_id"].as_str().unwrap();
    assert!(id.starts_with("dyn_") && id.len() == 26, "{id}");
    assert_eq!(
        registered,
        json!({
            "client_id": id,
            "client_id_issued_at": 1_800_000_000,
            "client_name": "Some Agent",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "application_type": "native",
            "scope": "openid tools:use",
        })
    );
    let mut browser = app.browser();
    let page = browser.ask(&asked(id)).await.assert_page(200, "It registered itself");
    let consent = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "It registered itself");
    assert!(consent.text().contains("on this device (127.0.0.1:51004)"), "{}", consent.text());
    let answer = browser.allow(&consent).await;
    let tokens = app.public_exchange(id, &answer).await;
    assert_eq!(tokens.claims()["client_id"], id);
    app.public_refresh(id, &tokens).await.oauth_tokens();
    // Another one of the same name is another one.
    let other = app.registered().await;
    browser.ask(&asked(&other)).await.assert_page(200, "It registered itself");
    // Told once, and not before somebody used it.
    let told = app.audit("client").await;
    assert_eq!(told.iter().map(|event| event.what.as_str()).collect::<Vec<_>>(), ["client.first_used"]);
}

#[tokio::test]
async fn what_makes_no_client_is_refused_by_the_code_of_rfc_7591() {
    let app = unlimited().start().await;
    for (changes, code) in [
        (json!({ "redirect_uris": null }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["http://app.example/cb"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://app.example/cb#x"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://*.example/cb"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": vec!["https://app.example/cb"; 33] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": "https://app.example/cb" }), "invalid_client_metadata"),
        (json!({ "token_endpoint_auth_method": "client_secret_basic" }), "invalid_client_metadata"),
        (json!({ "token_endpoint_auth_method": "client_secret_post" }), "invalid_client_metadata"),
        (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "invalid_client_metadata"),
        (json!({ "grant_types": ["client_credentials"] }), "invalid_client_metadata"),
        (json!({ "response_types": ["token"] }), "invalid_client_metadata"),
        (json!({ "application_type": "desktop" }), "invalid_client_metadata"),
        (json!({ "client_name": "x".repeat(129) }), "invalid_client_metadata"),
        (json!({ "scope": "a\\b" }), "invalid_client_metadata"),
        (json!({ "scope": "feed:read" }), "invalid_client_metadata"),
    ] {
        app.registration(&changes).send().await.assert_oauth_error(400, code);
    }
    for body in ["", "[]", "{", "{\"redirect_uris\":[],\"redirect_uris\":[]}"] {
        let request = app.post("/oauth2/register").header("content-type", "application/json").body(body);
        request.send().await.assert_oauth_error(400, "invalid_client_metadata");
    }
    app.registration(&json!({ "x": "y".repeat(70_000) })).send().await.assert_oauth_error(413, "invalid_request");
    assert_eq!(clients(&app).await, 0);
    for good in [json!({ "token_endpoint_auth_method": null }), json!({ "grant_types": null, "response_types": null })]
    {
        let answer = app.registration(&good).send().await.assert_status(201).json();
        assert_eq!(answer["token_endpoint_auth_method"], "none");
        assert!(answer.get("client_secret").is_none());
    }
    let web = json!({ "application_type": "web", "redirect_uris": ["https://app.example/cb"] });
    assert_eq!(app.registration(&web).send().await.json()["application_type"], "web");
}

#[tokio::test]
async fn where_a_token_is_needed_an_administrators_or_a_machines_with_the_scope_will_do() {
    let app = Setup { registration: RegistrationPolicy::Token, ..unlimited() }.start().await;
    let metadata = app.get("/.well-known/oauth-authorization-server").send().await.json();
    assert_eq!(metadata["registration_endpoint"], "http://localhost:8420/oauth2/register");
    let with = |token: &str| app.registration(&json!({})).bearer(token).send();
    app.registration(&json!({})).send().await.assert_oauth_challenge(401, "invalid_request", "Bearer");
    with("nonsense").await.assert_status(401);
    let registrar = app.add_machine("registrar", "clients:register", &[]).await;
    let token = app.machine_token(&registrar, "&scope=clients:register").await.access_token;
    with(&token).await.assert_status(201);
    let without = app.machine_token(&registrar, "").await.access_token;
    with(&without).await.assert_oauth_challenge(
        403,
        "insufficient_scope",
        "Bearer error=\"insufficient_scope\", scope=\"clients:register\"",
    );
    let reader = app.add_machine("reader", "feed:read", &[]).await;
    let token_of_reader = app.machine_token(&reader, "&scope=feed:read+clients:register").await.access_token;
    with(&token_of_reader).await.assert_status(403);
    with(&app.administrator().await.access_token).await.assert_status(201);
    app.add_account("ana").await;
    with(&app.sign_in("ana").await.access_token).await.assert_status(403);
    app.remove_client("registrar").await;
    with(&token).await.assert_status(401);
    assert_eq!(app.audit("client.first_used").await.len(), 0);
}

#[tokio::test]
async fn where_it_is_off_there_is_nothing() {
    let app = Setup { registration: RegistrationPolicy::Off, ..unlimited() }.start().await;
    let metadata = app.get("/.well-known/oauth-authorization-server").send().await.json();
    assert!(metadata.get("registration_endpoint").is_none());
    app.registration(&json!({})).send().await.assert_status(404);
    app.registration(&json!({})).bearer(&app.administrator().await.access_token).send().await.assert_status(404);
    assert_eq!(clients(&app).await, 0);
}

#[tokio::test]
async fn an_address_that_registers_without_end_has_to_wait() {
    let throttle =
        ThrottlePolicy { address: Bucket { burst: 2, every: Span::from_seconds(30) }, ..ThrottlePolicy::default() };
    let app = Setup { throttle, ..Setup::default() }.start().await;
    for _ in 0..2 {
        app.registered().await;
    }
    let refused = app.registration(&json!({})).send().await.assert_oauth_error(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), Some("30"));
    app.registration(&json!({})).from([127, 0, 0, 2]).send().await.assert_status(201);
    app.clock().advance(Span::from_seconds(30));
    app.registered().await;
}

#[tokio::test]
async fn a_flood_from_one_network_pushes_nobody_else_out() {
    let app = unlimited().start().await;
    app.add_account("ana").await;
    let early = app.registration(&json!({})).from([127, 0, 1, 1]).send().await.json();
    let early = early["client_id"].as_str().unwrap();
    let mut flood = Vec::new();
    for _ in 0..1_004 {
        flood.push(app.registered().await);
    }
    let mut browser = app.browser();
    for gone in &flood[..5] {
        browser.ask(&asked(gone)).await.assert_page(400, "names no application");
    }
    browser.ask(&asked(&flood[5])).await.assert_page(200, "Some Agent");
    let answer = browser.grant(&asked(early), "ana").await;
    app.public_exchange(early, &answer).await;
    app.clock().advance(Span::from_days(1));
    let swept = app.store().sweep(app.clock().now()).await.unwrap();
    assert_eq!((swept.clients, clients(&app).await), (999, 1));
}

/// A tool that registers anew each time it starts, and mostly signs out; the hourly sweep by hand.
#[tokio::test]
async fn a_month_of_reconnecting_leaves_nothing_that_lasts() {
    let app = unlimited().start().await;
    app.add_account("ana").await;
    let sweep = async || app.store().sweep(app.clock().now()).await.unwrap();
    let mut most = 0;
    for day in 0..30 {
        for start in 0..2 {
            let id = app.registered().await;
            let answer = app.browser().grant(&asked(&id), "ana").await;
            let tokens = app.public_exchange(&id, &answer).await;
            if (day + start) % 3 != 0 {
                app.public_revoke(&id, &tokens).await;
            }
            // And one that nobody finishes.
            app.registered().await;
        }
        app.clock().advance(Span::from_days(1));
        sweep().await;
        most = most.max(clients(&app).await);
    }
    // But for the one of the first day, which signed out at once.
    assert_eq!(most, 59, "what was in use within the last 30 days");
    // The last of them lies idle for its two weeks, and is remembered for another month.
    app.clock().advance(Span::from_days(14 + 30));
    sweep().await;
    assert_eq!(clients(&app).await, 0);
    app.clock().advance(Span::from_days(90));
    sweep().await;
    let sessions = app.store().sessions(SessionFilter::default(), Page::first()).await.unwrap();
    assert_eq!(sessions.items.len(), 0);
    let told: Vec<Value> = app.audit("client").await.iter().map(|event| json!(event.what)).collect();
    assert_eq!(told.len(), 60, "each once, where somebody used it: {told:?}");
}
