//! `POST /oauth2/introspect` (RFC 7662), `POST /oauth2/revoke` (RFC 7009), `/oauth2/userinfo` (OpenID Connect Core §5.3).

use crate::support::apps::{Application, OAuthTokens};
use crate::support::machines::{FORM, Machine};
use crate::support::{Response, TestApp};
use countersign_core::client::ClientKind;
use serde_json::{Value, json};

const INACTIVE: &str = r#"{"active":false}"#;

async fn ask(app: &TestApp, machine: &Machine, path: &str, form: &str) -> Response {
    let request = app.post(path).header("authorization", &machine.basic()).header("content-type", FORM);
    request.body(form).send().await
}

async fn introspect(app: &TestApp, machine: &Machine, token: &str) -> Value {
    let answer = ask(app, machine, "/oauth2/introspect", &format!("token={token}")).await.assert_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

async fn revoke(app: &TestApp, client: &Application, token: &str) -> Response {
    let form = format!("token={token}&client_id={}", client.id);
    app.post("/oauth2/revoke").header("content-type", FORM).body(form).send().await
}

async fn signed_in(app: &TestApp, client: &Application, scope: &str) -> OAuthTokens {
    let code = app.code("ana", client, scope).await;
    app.exchange(client, &code).await.oauth_tokens()
}

#[tokio::test]
async fn an_access_token_is_shown_to_whoever_may_know_and_nobody_else() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let guard = app.add_machine("guard", "feed:read", &[]).await;
    let stranger = app.add_machine("stranger", "", &[]).await;
    let tokens = signed_in(&app, &spa, "openid").await;
    let shown = introspect(&app, &guard, &tokens.access_token).await;
    let claims = tokens.claims();
    assert_eq!((&shown["active"], &shown["token_type"]), (&json!(true), &json!("Bearer")));
    for name in ["iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti", "sid"] {
        assert_eq!(shown[name], claims[name], "{name}");
    }
    assert_eq!(introspect(&app, &stranger, &tokens.access_token).await, json!({ "active": false }));
    // A machine may ask about its own.
    let own = app.machine_token(&stranger, "").await;
    assert_eq!(introspect(&app, &stranger, &own.access_token).await["active"], true);
    // A public client may not ask at all: anybody can say that they are it.
    let public = app.post("/oauth2/introspect").header("content-type", FORM);
    let public = public.body(format!("client_id=app&token={}", tokens.access_token)).send().await;
    public.assert_oauth_error(400, "unauthorized_client");
    ask(&app, &guard, "/oauth2/introspect", "").await.assert_oauth_error(400, "invalid_request");
    let nobody = app.post("/oauth2/introspect").header("content-type", FORM).body("token=a").send().await;
    nobody.assert_oauth_error(401, "invalid_client");
}

#[tokio::test]
async fn what_is_not_active_says_nothing_else() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let guard = app.add_machine("guard", "feed:read", &[]).await;
    let over = signed_in(&app, &spa, "openid").await;
    revoke(&app, &spa, &over.refresh_token).await.assert_status(200);
    let forged = format!("{}A", over.access_token);
    for token in ["a", "csr_a", &forged, &over.access_token, &over.refresh_token, over.id_token.as_ref().unwrap()] {
        let answer = ask(&app, &guard, "/oauth2/introspect", &format!("token={token}")).await;
        assert_eq!(answer.assert_status(200).text(), INACTIVE, "{token}");
    }
}

#[tokio::test]
async fn a_refresh_token_is_shown_to_its_own_client_while_it_is_current() {
    let app = TestApp::start().await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    let guard = app.add_machine("guard", "feed:read", &[]).await;
    let tokens = signed_in(&app, &shop, "openid").await;
    assert_eq!(introspect(&app, &guard, &tokens.refresh_token).await, json!({ "active": false }));
    let own = Machine { id: shop.id.clone(), secret: shop.secret.clone() };
    let shown = introspect(&app, &own, &tokens.refresh_token).await;
    assert_eq!((&shown["active"], &shown["client_id"]), (&json!(true), &json!("shop")));
    assert_eq!(shown["sid"], tokens.claims()["sid"]);
}

#[tokio::test]
async fn a_refresh_token_that_is_given_back_ends_its_session() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let other = app.add_application("other", ClientKind::Spa).await;
    let tokens = signed_in(&app, &spa, "openid").await;
    revoke(&app, &other, &tokens.refresh_token).await.assert_oauth_error(400, "unauthorized_client");
    app.client_refresh(&spa, &tokens.refresh_token, "").await.oauth_tokens();
    for _ in 0..2 {
        let answer = revoke(&app, &spa, &tokens.refresh_token).await.assert_status(200);
        assert_eq!(answer.text(), "");
    }
    app.client_refresh(&spa, &tokens.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    let sid = tokens.claims()["sid"].as_str().unwrap().to_owned();
    assert_eq!(app.audit("session.revoked").await.len(), 1);
    let refused = app.get("/oauth2/userinfo").bearer(&tokens.access_token).send().await;
    refused.assert_oauth_challenge(401, "invalid_token", "Bearer error=\"invalid_token\"");
    let session = countersign_core::store::SessionStore::session(app.store(), sid.parse().unwrap()).await.unwrap();
    assert_eq!(session.unwrap().session.ended.unwrap().end.reason.code(), "token_revoked");
    for nothing in ["a", "csr_a", "a.b.c"] {
        revoke(&app, &spa, nothing).await.assert_status(200);
    }
    let empty = app.post("/oauth2/revoke").header("content-type", FORM).body("client_id=app").send().await;
    empty.assert_oauth_error(400, "invalid_request");
}

#[tokio::test]
async fn an_access_token_that_is_given_back_is_refused_alone() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let other = app.add_application("other", ClientKind::Spa).await;
    let tokens = signed_in(&app, &spa, "openid").await;
    revoke(&app, &other, &tokens.access_token).await.assert_oauth_error(400, "unauthorized_client");
    revoke(&app, &spa, &tokens.access_token).await.assert_status(200);
    let refused = app.get("/oauth2/userinfo").bearer(&tokens.access_token).send().await;
    refused.assert_oauth_challenge(401, "invalid_token", "Bearer error=\"invalid_token\"");
    let next = app.client_refresh(&spa, &tokens.refresh_token, "").await.oauth_tokens();
    app.get("/oauth2/userinfo").bearer(&next.access_token).send().await.assert_status(200);
}

#[tokio::test]
async fn userinfo_says_what_was_granted_and_the_account_has() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let ask = async |scope: &str| {
        let tokens = signed_in(&app, &spa, scope).await;
        (tokens.claims()["sub"].clone(), app.get("/oauth2/userinfo").bearer(&tokens.access_token).send().await)
    };
    let (sub, answer) = ask("openid").await;
    assert_eq!(answer.assert_status(200).json(), json!({ "sub": sub }));
    let (sub, answer) = ask("openid profile email").await;
    // The account has neither a name nor an address.
    assert_eq!(answer.assert_status(200).json(), json!({ "sub": sub, "preferred_username": "ana" }));
    let (_, answer) = ask("profile").await;
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"openid\"";
    answer.assert_oauth_challenge(403, "insufficient_scope", challenge);
    let nobody = app.get("/oauth2/userinfo").send().await;
    nobody.assert_oauth_challenge(401, "invalid_request", "Bearer");
    let tokens = signed_in(&app, &spa, "openid").await;
    app.post("/oauth2/userinfo").bearer(&tokens.access_token).send().await.assert_status(200);
    // A machine is nobody.
    let machine = app.add_machine("worker", "", &[]).await;
    let token = app.machine_token(&machine, "").await;
    let refused = app.get("/oauth2/userinfo").bearer(&token.access_token).send().await;
    refused.assert_oauth_challenge(403, "insufficient_scope", challenge);
}
