//! Proofs of possession at the token endpoint (RFC 9449) and client assertions (RFC 7523).

use crate::support::apps::exchange_form;
use crate::support::client::Request;
use crate::support::holders::{Holder, bound, bound_session};
use crate::support::machines::FORM;
use crate::support::{GRACE, ISSUER, SECOND, TestApp};
use countersign_core::audit::Actor;
use countersign_core::client::{ClientId, ClientKind, ClientProfile};
use countersign_core::ops::{ClientRegistered, RegisterClient};
use countersign_core::{Source as _, Span};
use countersign_jose::{Algorithm, JwkSet, Signer, SigningKey};
use serde_json::{Value, json};
use std::sync::Arc;

const CHALLENGE: &str =
    "DPoP error=\"invalid_dpop_proof\", algs=\"ES256 ES384 ES512 EdDSA RS256 RS384 RS512 PS256 PS384 PS512\"";

#[tokio::test]
async fn a_public_clients_session_is_bound_to_the_key_that_it_showed() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let (mut holder, mut thief) = (Holder::new(), Holder::new());
    let tokens = bound_session(&app, &spa, &mut holder).await;
    app.clock().advance(GRACE + SECOND);
    let form = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh_token);
    // Without the key nobody can use the refresh token, and nobody can end the session by it (row 4).
    app.client_request(&spa, &form).send().await.assert_oauth_error(400, "invalid_dpop_proof");
    let stolen = thief.send(&app, || app.client_request(&spa, &form)).await;
    stolen.assert_oauth_error(400, "invalid_dpop_proof");
    assert_eq!(app.audit("alarm.").await.len(), 0);
    let next = bound(&holder.send(&app, || app.client_request(&spa, &form)).await, &holder);
    assert_eq!(next.claims()["sid"], tokens.claims()["sid"]);
}

#[tokio::test]
async fn a_token_that_is_bound_is_no_bearer_token_and_a_proof_is_for_one_request() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let (mut holder, mut thief) = (Holder::new(), Holder::new());
    let token = bound_session(&app, &spa, &mut holder).await.access_token;
    thief.nonce.clone_from(&holder.nonce);
    app.get("/oauth2/userinfo").bearer(&token).send().await.assert_status(401);
    let with = |proof: String| {
        app.get("/oauth2/userinfo").header("authorization", &format!("DPoP {token}")).header("dpop", &proof).send()
    };
    let proof = holder.proof(&app, "GET", "/oauth2/userinfo", Some(&token));
    with(proof.clone()).await.assert_status(200);
    with(proof).await.assert_oauth_challenge(401, "invalid_dpop_proof", CHALLENGE);
    let others = [
        holder.proof(&app, "POST", "/oauth2/userinfo", Some(&token)),
        holder.proof(&app, "GET", "/oauth2/token", Some(&token)),
        holder.proof(&app, "GET", "/oauth2/userinfo", Some("another")),
        holder.proof(&app, "GET", "/oauth2/userinfo", None),
        thief.proof(&app, "GET", "/oauth2/userinfo", Some(&token)),
    ];
    for proof in others {
        with(proof).await.assert_oauth_challenge(401, "invalid_dpop_proof", CHALLENGE);
    }
    // A token that is bound to nothing is none for a proof.
    let code = app.code("ana", &spa, "openid").await;
    let plain = app.exchange(&spa, &code).await.oauth_tokens().access_token;
    let proof = holder.proof(&app, "GET", "/oauth2/userinfo", Some(&plain));
    let request = app.get("/oauth2/userinfo").header("authorization", &format!("DPoP {plain}")).header("dpop", &proof);
    request.send().await.assert_status(401);
}

#[tokio::test]
async fn a_proof_needs_a_nonce_of_the_last_minutes() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let mut holder = Holder::new();
    bound_session(&app, &spa, &mut holder).await;
    let code = app.code("ana", &spa, "openid").await;
    let ask = |proof: String| app.client_request(&spa, &exchange_form(&code)).header("dpop", &proof).send();
    app.clock().advance(Span::from_seconds(120));
    let old = ask(holder.proof(&app, "POST", "/oauth2/token", None)).await.assert_oauth_error(400, "use_dpop_nonce");
    holder.nonce = Some("made-up".to_owned());
    ask(holder.proof(&app, "POST", "/oauth2/token", None)).await.assert_oauth_error(400, "use_dpop_nonce");
    holder.nonce = old.header("dpop-nonce").map(str::to_owned);
    ask("a.b.c".to_owned()).await.assert_oauth_error(400, "invalid_dpop_proof");
    let code = app.code("ana", &spa, "openid").await;
    let proof = holder.proof(&app, "POST", "/oauth2/token", None);
    let request = || app.client_request(&spa, &exchange_form(&code)).header("dpop", &proof);
    request().header("dpop", &proof).send().await.assert_oauth_error(400, "invalid_dpop_proof");
    bound(&request().send().await, &holder);
}

#[tokio::test]
async fn a_code_for_a_key_is_redeemed_with_that_key_alone() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let (mut holder, mut thief) = (Holder::new(), Holder::new());
    let mut code = app.authorized("ana", &spa, "openid").await;
    code.jkt = Some(holder.jkt());
    let code = app.give(code).await;
    app.exchange(&spa, &code).await.assert_oauth_error(400, "invalid_grant");
    let stolen = thief.send(&app, || app.client_request(&spa, &exchange_form(&code))).await;
    stolen.assert_oauth_error(400, "invalid_grant");
    bound(&holder.send(&app, || app.client_request(&spa, &exchange_form(&code))).await, &holder);
}

#[tokio::test]
async fn a_confidential_client_may_change_its_key_and_a_machines_token_is_bound_too() {
    let app = TestApp::start().await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    let (mut first, mut second) = (Holder::new(), Holder::new());
    let tokens = bound_session(&app, &shop, &mut first).await;
    let form = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh_token);
    bound(&second.send(&app, || app.client_request(&shop, &form)).await, &second);
    let machine = app.add_machine("worker", "feed:read", &[]).await;
    let form = "grant_type=client_credentials&scope=feed:read";
    let token = bound(&first.send(&app, || app.token_request(&machine, form)).await, &first).access_token;
    let refused = app.get("/revocations/snapshot").bearer(&token).send().await;
    refused.assert_problem(401, "invalid_token");
}

/// A client with keys, and what it signs with.
async fn with_keys(app: &TestApp) -> Signer {
    let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
    let keys = Some(JwkSet { keys: vec![key.verifying_key().to_jwk().unwrap()] });
    let (id, kind) = (ClientId::parse("worker").unwrap(), ClientKind::Machine);
    let register = RegisterClient { id, kind, profile: ClientProfile::default(), authentication: None, keys };
    let registered = register.run(Actor::named("test"), app.store(), &app.draw()).await.unwrap().unwrap();
    assert!(matches!(registered, ClientRegistered::Registered(_, None)));
    Signer::new(key, "JWT")
}

fn assertion(app: &TestApp, signer: &Signer, jti: &str, change: impl FnOnce(&mut Value)) -> String {
    let now = app.clock().now().timestamp().as_seconds();
    let mut claims =
        json!({ "iss": "worker", "sub": "worker", "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti });
    change(&mut claims);
    signer.sign(&claims).unwrap()
}

fn by_assertion(app: &TestApp, assertion: &str, more: &str) -> Request {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let form = format!("grant_type=client_credentials&client_assertion_type={kind}&client_assertion={assertion}{more}");
    app.post("/oauth2/token").header("content-type", FORM).body(form)
}

#[tokio::test]
async fn a33_an_assertion_that_is_good_anywhere_else_is_refused() {
    let app = TestApp::start().await;
    let signer = with_keys(&app).await;
    for audience in [
        json!("https://other.example/oauth2/token"),
        json!("https://other.example"),
        json!(format!("{ISSUER}/oauth2/token")),
        json!(format!("{ISSUER}/")),
        json!([ISSUER, "https://other.example"]),
        json!(["https://other.example", ISSUER]),
        json!([ISSUER, ISSUER]),
        json!([]),
    ] {
        let text = assertion(&app, &signer, &audience.to_string(), |claims| claims["aud"] = audience.clone());
        by_assertion(&app, &text, "").send().await.assert_oauth_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn an_assertion_authenticates_its_client_once() {
    let app = TestApp::start().await;
    let signer = with_keys(&app).await;
    let other = Signer::new(Arc::new(SigningKey::generate(Algorithm::Es256).unwrap()), "JWT");
    let good = assertion(&app, &signer, "1", |_| {});
    by_assertion(&app, &good, "").send().await.machine_token();
    by_assertion(&app, &good, "").send().await.assert_oauth_error(401, "invalid_client");
    let named = assertion(&app, &signer, "2", |_| {});
    by_assertion(&app, &named, "&client_id=other").send().await.assert_oauth_error(400, "invalid_request");
    by_assertion(&app, &named, "&client_secret=css_a").send().await.assert_oauth_error(400, "invalid_request");
    by_assertion(&app, &named, "&client_id=worker").send().await.machine_token();
    let refused = [
        assertion(&app, &other, "3", |_| {}),
        assertion(&app, &signer, "6", |claims| claims["sub"] = json!("guard")),
        assertion(&app, &signer, "7", |claims| claims["iss"] = json!("guard")),
        assertion(&app, &signer, "8", |claims| claims["exp"] = json!(claims["iat"].as_u64().unwrap() + 3_601)),
        assertion(&app, &signer, "9", |claims| claims["exp"] = json!(claims["iat"].as_u64().unwrap() - 11)),
        assertion(&app, &signer, "", |claims| {
            claims.as_object_mut().unwrap().remove("jti");
        }),
        "a.b.c".to_owned(),
    ];
    for text in &refused {
        by_assertion(&app, text, "").send().await.assert_oauth_error(401, "invalid_client");
    }
    // Its id alone proves nothing.
    let bare = app.post("/oauth2/token").header("content-type", FORM);
    let bare = bare.body("grant_type=client_credentials&client_id=worker").send().await;
    bare.assert_oauth_error(401, "invalid_client");
}
