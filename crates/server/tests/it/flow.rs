//! The whole flow, for each algorithm: sign-up, sign-in, resource, refresh, sign-out; what a token says, and what an
//! outside verifier makes of it.

use crate::support::{GRACE, ISSUER, PASSWORD, SECOND, Setup, TestApp, Tokens};
use countersign_core::key_ring::KeyRing;
use countersign_core::{Source as _, Span};
use countersign_jose::{Algorithm, VerifyError};
use serde_json::{Value, json};

const ORDERS: &str = "https://orders.example.com";

async fn whole_flow(algorithm: Algorithm) {
    let app = Setup::default().algorithm(algorithm).start().await;
    app.post("/api/v1/accounts").json(json!({ "login": "ana", "password": PASSWORD })).send().await.assert_status(201);
    let first = app.try_sign_in("ana", PASSWORD).await.tokens();
    assert_access_token(&app, &first, algorithm).await;
    assert_eq!(app.me(&first).await.assert_status(200).json()["login"], "ana");

    app.clock().advance(GRACE + SECOND);
    let second = app.refresh(&first).await.tokens();
    assert_access_token(&app, &second, algorithm).await;
    app.me(&second).await.assert_status(200);

    app.sign_out(&second).await.assert_status(204);
    for tokens in [&first, &second] {
        app.me(tokens).await.assert_problem(401, "invalid_token");
        app.refresh(tokens).await.assert_problem(401, "invalid_grant");
    }
}

/// What the contract says of an access token, and that a verifier with the published keys agrees.
async fn assert_access_token(app: &TestApp, tokens: &Tokens, algorithm: Algorithm) {
    let header = tokens.header();
    let members: Vec<_> = header.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["alg", "kid", "typ"]);
    assert_eq!((&header["alg"], &header["typ"]), (&json!(algorithm.as_str()), &json!("at+jwt")));

    let (claims, account) = (tokens.claims(), app.account("ana").await);
    let now = app.clock().now().timestamp().as_seconds();
    let expected = json!({
        "iss": ISSUER, "sub": account.id.to_string(), "aud": ISSUER, "client_id": "countersign", "iat": now,
        "exp": now + 600, "jti": claims["jti"], "sid": tokens.session_id, "scope": "",
        "auth_time": account.created_at.timestamp().as_seconds(),
    });
    assert_eq!(claims, expected);
    for id in ["sub", "jti", "sid"] {
        assert_eq!(claims[id].as_str().unwrap().len(), 22);
    }
    if algorithm == Algorithm::Hs256 {
        let unknown = app.verify(&tokens.access_token, ISSUER).await.unwrap_err();
        assert!(matches!(unknown, VerifyError::KeyNotFound), "never in the published keys: {unknown}");
    } else {
        assert_eq!(app.verify(&tokens.access_token, ISSUER).await.unwrap().claims(), &expected);
    }
}

#[tokio::test]
async fn the_whole_flow_with_es256() {
    whole_flow(Algorithm::Es256).await;
}

#[tokio::test]
async fn the_whole_flow_with_eddsa() {
    whole_flow(Algorithm::EdDsa).await;
}

#[tokio::test]
async fn the_whole_flow_with_rs256() {
    whole_flow(Algorithm::Rs256).await;
}

#[tokio::test]
async fn the_whole_flow_with_ps256() {
    whole_flow(Algorithm::Ps256).await;
}

#[tokio::test]
async fn the_whole_flow_with_es384() {
    whole_flow(Algorithm::Es384).await;
}

#[tokio::test]
async fn the_whole_flow_with_hs256() {
    whole_flow(Algorithm::Hs256).await;
}

#[tokio::test]
async fn a_default_token_has_640_bytes_at_most() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    assert!(tokens.access_token.len() <= 640, "{} bytes", tokens.access_token.len());
}

#[tokio::test]
async fn an_outside_verifier_refuses_what_it_should() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let token = &tokens.access_token;
    app.verify(token, ISSUER).await.unwrap();
    assert!(app.verify(token, ORDERS).await.is_err(), "another audience");
    let (rest, signature) = token.rsplit_once('.').unwrap();
    let changed = if signature.starts_with('A') { 'B' } else { 'A' };
    let changed = format!("{rest}.{changed}{}", &signature[1..]);
    assert!(matches!(app.verify(&changed, ISSUER).await, Err(VerifyError::BadSignature)));
    app.clock().advance(Span::from_seconds(600));
    assert!(matches!(app.verify(token, ISSUER).await, Err(VerifyError::Expired { .. })));
}

#[tokio::test]
async fn a_scope_that_needs_a_role_is_not_granted_without_it_then_or_later() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_resource(ORDERS, &["orders:read", "orders:admin=admin,ops"]).await;
    let sign_in = || {
        let scope = "orders:admin orders:read";
        let body = json!({ "login": "ana", "password": PASSWORD, "audience": ORDERS, "scope": scope });
        app.post("/api/v1/sign-in").json(body).send()
    };
    let mut tokens = sign_in().await.tokens();
    for _ in 0..3 {
        assert_eq!((tokens.scope.as_str(), &tokens.claims()["scope"]), ("orders:read", &json!("orders:read")));
        tokens = app.refresh_later(&tokens).await;
    }
    // Not even once the account has the role: what was granted at sign-in is the most that a refresh gives.
    app.add_role("ana", "ops").await;
    tokens = app.refresh_later(&tokens).await;
    assert_eq!((tokens.scope.as_str(), &tokens.claims()["roles"]), ("orders:read", &json!(["ops"])));

    let with_role = sign_in().await.tokens();
    assert_eq!(with_role.scope, "orders:admin orders:read");
    let verified = app.verify(&with_role.access_token, ORDERS).await.unwrap();
    assert_eq!(verified.claims()["scope"], "orders:admin orders:read");
}

#[tokio::test]
async fn tokens_live_as_long_as_the_operator_says_unless_their_resource_says_otherwise() {
    let mut setup = Setup::default();
    setup.token.access_lifetime = Span::from_seconds(60);
    let app = setup.start().await;
    app.add_resource_for(ORDERS, &[], Some(Span::from_seconds(900))).await;
    app.add_account("ana").await;
    for (audience, lifetime) in [(ISSUER, 60), (ORDERS, 900)] {
        let body = json!({ "login": "ana", "password": PASSWORD, "audience": audience });
        let first = app.post("/api/v1/sign-in").json(body).send().await.tokens();
        for tokens in [app.refresh_later(&first).await, first] {
            let claims = tokens.claims();
            let lives = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
            assert_eq!((tokens.expires_in, lives), (lifetime, lifetime));
        }
    }
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let (before, keys): (KeyRing, Value) = (app.key_ring().await, published(&app).await);
    let app = app.stop().await.start().await;
    assert_eq!((app.key_ring().await, published(&app).await), (before, keys));
    app.me(&tokens).await.assert_status(200);
    app.refresh_later(&tokens).await;
}

async fn published(app: &TestApp) -> Value {
    app.get("/.well-known/jwks.json").send().await.json()
}

#[tokio::test]
async fn tokens_outlive_the_rotation_of_the_key_that_signed_them() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    app.rotate_key().await;
    let fresh = app.refresh(&tokens).await.tokens();
    assert_ne!(fresh.header()["kid"], tokens.header()["kid"]);
    for token in [&tokens, &fresh] {
        app.me(token).await.assert_status(200);
        app.verify(&token.access_token, ISSUER).await.unwrap();
    }
}
