//! Tokens in the wrong hands, or in the wrong place.

use crate::support::apps::OAuthTokens;
use crate::support::holders::{Holder, bound_session};
use crate::support::machines::{FORM, Machine};
use crate::support::{ISSUER, TestApp};
use countersign_core::client::ClientKind;
use countersign_core::resource::ResourceUri;
use serde_json::{Value, json};

const ORDERS: &str = "https://orders.example.com";

/// RFC 9700 §4.9.1, §4.10.2: a resource server that was lied to, or lies itself, has a token for itself alone.
#[tokio::test]
async fn a_token_for_one_resource_server_opens_no_other() {
    let app = TestApp::start().await;
    app.add_resource(ORDERS, &["orders:read"]).await;
    app.add_resource("https://vault.example.com", &["vault:open"]).await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let mut code = app.authorized("ana", &spa, "openid orders:read").await;
    code.audience = ResourceUri::parse(ORDERS).unwrap();
    let code = app.give(code).await;
    let orders = app.exchange(&spa, &code).await.oauth_tokens().access_token;
    let code = app.code("ana", &spa, "openid").await;
    let issuers = app.exchange(&spa, &code).await.oauth_tokens().access_token;

    app.verify(&orders, ORDERS).await.unwrap();
    for other in ["https://vault.example.com", ISSUER, "https://orders.example.com/", "https://orders"] {
        assert_eq!(app.verify(&orders, other).await.unwrap_err().code(), "wrong_audience", "{other}");
    }
    assert_eq!(app.verify(&issuers, ORDERS).await.unwrap_err().code(), "wrong_audience");
    // The server is a resource server too.
    app.get("/oauth2/userinfo").bearer(&issuers).send().await.assert_status(200);
    let refused = app.get("/oauth2/userinfo").bearer(&orders).send().await;
    refused.assert_oauth_challenge(401, "invalid_token", "Bearer error=\"invalid_token\"");
    app.get("/api/v1/me").bearer(&orders).send().await.assert_problem(401, "invalid_token");
    app.get("/revocations/snapshot").bearer(&orders).send().await.assert_problem(401, "invalid_token");
}

/// RFC 9700 §4.6, RFC 9068 §5: one kind of token given out for another.
#[tokio::test]
async fn no_token_is_taken_for_one_of_another_kind() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let given = async || app.code("ana", &spa, "openid").await;
    let code = given().await;
    let OAuthTokens { access_token, refresh_token, id_token, .. } = app.exchange(&spa, &code).await.oauth_tokens();
    let id_token = id_token.unwrap();
    for token in [&id_token, &refresh_token, &given().await] {
        app.get("/oauth2/userinfo").bearer(token).send().await.assert_status(401);
        app.get("/api/v1/me").bearer(token).send().await.assert_problem(401, "invalid_token");
    }
    for token in [&access_token, &id_token, &given().await] {
        app.client_refresh(&spa, token, "").await.assert_oauth_error(400, "invalid_grant");
    }
    for token in [&access_token, &id_token, &refresh_token] {
        app.exchange(&spa, token).await.assert_oauth_error(400, "invalid_grant");
    }
    // Nor does one authenticate a client.
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for token in [&access_token, &id_token] {
        let form = format!("grant_type=client_credentials&client_assertion_type={kind}&client_assertion={token}");
        let refused = app.post("/oauth2/token").header("content-type", FORM).body(form).send().await;
        refused.assert_oauth_error(401, "invalid_client");
    }
    app.get("/oauth2/userinfo").bearer(&access_token).send().await.assert_status(200);
}

/// RFC 9700 §4.10.1: a token that was read somewhere is presented without its key, or with a proof that was read too.
#[tokio::test]
async fn a_stolen_bound_token_is_worth_nothing_without_its_key() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let (mut holder, mut thief) = (Holder::new(), Holder::new());
    let token = bound_session(&app, &spa, &mut holder).await.access_token;
    thief.nonce.clone_from(&holder.nonce);
    let ask = |scheme: &str, proof: Option<String>| {
        let request = app.get("/oauth2/userinfo").header("authorization", &format!("{scheme} {token}"));
        proof.into_iter().fold(request, |request, proof| request.header("dpop", &proof)).send()
    };
    let honest = holder.proof(&app, "GET", "/oauth2/userinfo", Some(&token));
    ask("DPoP", Some(honest.clone())).await.assert_status(200);
    let algorithms = app.get("/.well-known/openid-configuration").send().await.json();
    let algorithms = algorithms["dpop_signing_alg_values_supported"].clone();
    let algorithms: Vec<String> = serde_json::from_value(algorithms).unwrap();
    let challenge = |error: &str| format!("DPoP error=\"{error}\", algs=\"{}\"", algorithms.join(" "));
    let elsewhere = holder.proof(&app, "GET", "/oauth2/token", Some(&token));
    for proof in [
        None,
        Some(honest),
        Some(elsewhere),
        Some(thief.proof(&app, "GET", "/oauth2/userinfo", Some(&token))),
        Some("a.b.c".to_owned()),
    ] {
        let refused = ask("DPoP", proof).await;
        refused.assert_oauth_challenge(401, "invalid_dpop_proof", &challenge("invalid_dpop_proof"));
    }
    // Made long ago for now, as whoever had the key for a moment could: the nonce is missing, or an old one.
    let honest = holder.nonce.clone();
    for nonce in [None, Some("made-up".to_owned())] {
        holder.nonce = nonce;
        let refused = ask("DPoP", Some(holder.proof(&app, "GET", "/oauth2/userinfo", Some(&token)))).await;
        let refused = refused.assert_oauth_challenge(401, "use_dpop_nonce", &challenge("use_dpop_nonce"));
        assert!(refused.header("dpop-nonce").is_some());
    }
    holder.nonce = honest;
    for proof in [None, Some(holder.proof(&app, "GET", "/oauth2/userinfo", Some(&token)))] {
        ask("Bearer", proof).await.assert_oauth_challenge(401, "invalid_token", "Bearer error=\"invalid_token\"");
    }
}

/// RFC 9449 §6.2: a resource server that asks about a token sees the key that must be shown with it.
#[tokio::test]
async fn whoever_asks_about_a_bound_token_is_told_its_key() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let guard = app.add_machine("guard", "feed:read", &[]).await;
    let mut holder = Holder::new();
    let introspect = async |machine: &Machine, token: &str| -> Value {
        let asked = app.post("/oauth2/introspect").header("authorization", &machine.basic());
        asked.header("content-type", FORM).body(format!("token={token}")).send().await.assert_status(200).json()
    };
    let token = bound_session(&app, &spa, &mut holder).await.access_token;
    let told = introspect(&guard, &token).await;
    assert_eq!((&told["token_type"], &told["cnf"]), (&json!("DPoP"), &json!({ "jkt": holder.jkt() })));
    let code = app.code("ana", &spa, "openid").await;
    let plain = app.exchange(&spa, &code).await.oauth_tokens().access_token;
    assert_eq!(introspect(&guard, &plain).await.get("cnf"), None);
}
