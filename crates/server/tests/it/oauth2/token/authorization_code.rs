//! `grant_type=authorization_code` (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3).

use crate::support::apps::{CALLBACK, VERIFIER, exchange_form};
use crate::support::{ISSUER, TestApp, client};
use countersign_core::account::AccountStatus;
use countersign_core::client::{AuthenticationMethod, ClientId, ClientKind, ClientStatus};
use countersign_core::store::{Page, SessionFilter, SessionStore as _};
use countersign_core::{Source as _, Span};
use countersign_jose::{Expectations, KeySet, Leeway, TokenType, UnverifiedToken};
use serde_json::{Value, json};

#[tokio::test]
async fn a_code_is_traded_for_tokens_of_a_session_of_its_own() {
    let app = TestApp::start().await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    let code = app.authorized("ana", &shop, "openid email orders:read").await;
    let (parent, account) = (code.parent, code.account);
    let signed_in = app.clock().now();
    let code = app.give(code).await;
    app.clock().advance(Span::from_seconds(59));
    let tokens = app.exchange(&shop, &code).await.oauth_tokens();
    assert_eq!(tokens.scope, "email openid", "nobody serves the third");
    let claims = tokens.claims();
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("sub", json!(account.to_string())),
        ("aud", json!(ISSUER)),
        ("client_id", json!("shop")),
        ("scope", json!("email openid")),
        ("auth_time", json!(signed_in.timestamp().as_seconds())),
        ("iat", json!(app.clock().now().timestamp().as_seconds())),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    let session = app.store().session(claims["sid"].as_str().unwrap().parse().unwrap()).await.unwrap().unwrap().session;
    assert_eq!((session.parent, session.client.as_str()), (Some(parent), "shop"));
    assert_ne!(session.id, parent);
}

#[tokio::test]
async fn the_id_token_holds_against_the_published_keys() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let code = app.code("ana", &spa, "openid").await;
    let tokens = app.exchange(&spa, &code).await.oauth_tokens();
    let id_token = tokens.id_token.clone().unwrap();
    let jwks = app.get("/.well-known/jwks.json").send().await.text();
    let expect = Expectations::new(ISSUER, "app", TokenType::Named("JWT".into()), Leeway::ZERO);
    let token = UnverifiedToken::parse(&id_token).unwrap();
    assert_eq!(token.header().algorithm().unwrap().as_str(), "RS256");
    let keys = KeySet::from_json(jwks.as_bytes()).unwrap();
    let verified = token.verify::<Value>(&keys, &expect, app.clock().now().timestamp()).unwrap();
    let (claims, access) = (verified.into_claims(), tokens.claims());
    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
    for name in ["sub", "sid", "iat", "exp", "auth_time"] {
        assert_eq!(claims[name], access[name], "{name}");
    }
    assert!(claims.get("email").is_none(), "nothing personal");
    // An ID token is no access token.
    let me = app.get("/api/v1/me").bearer(&id_token).send().await;
    me.assert_problem(401, "invalid_token");
    // Without `openid` there is none.
    let code = app.code("ana", &spa, "profile").await;
    assert_eq!(app.exchange(&spa, &code).await.oauth_tokens().id_token, None);
}

#[tokio::test]
async fn every_way_to_authenticate_is_the_only_one_for_its_client() {
    let app = TestApp::start().await;
    let methods = [AuthenticationMethod::SecretBasic, AuthenticationMethod::SecretPost];
    let mut clients = vec![app.add_application("spa", ClientKind::Spa).await];
    for method in methods {
        clients.push(app.add_application_by(method.code(), ClientKind::Web, method).await);
    }
    for registered in &clients {
        for method in [AuthenticationMethod::None, methods[0], methods[1]] {
            let code = app.code("ana", registered, "openid").await;
            let mut other = registered.clone();
            other.method = method;
            if other.secret.is_empty() {
                other.secret.push_str("css_none");
            }
            let answer = app.exchange(&other, &code).await;
            if method == registered.method {
                answer.oauth_tokens();
            } else {
                answer.assert_oauth_error(401, "invalid_client");
            }
        }
    }
    // Two at once are none, even if both hold.
    let (basic, code) = (&clients[1], app.code("ana", &clients[1], "openid").await);
    let twice = format!("{}&client_secret={}", exchange_form(&code), basic.secret);
    app.client_request(basic, &twice).send().await.assert_oauth_error(400, "invalid_request");
    app.exchange(basic, &code).await.oauth_tokens();
}

#[tokio::test]
async fn what_does_not_fit_the_code_is_refused_alike_and_burns_nothing() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let other = app.add_application("other", ClientKind::Spa).await;
    let code = app.code("ana", &spa, "openid").await;
    let honest = exchange_form(&code);
    let wrong_verifier = "x".repeat(43);
    let forms = [
        honest.replace(CALLBACK, "https://app.example/callback/"),
        honest.replace(&format!("&redirect_uri={CALLBACK}"), ""),
        honest.replace(VERIFIER, &wrong_verifier),
        honest.replace(&format!("&code_verifier={VERIFIER}"), ""),
        honest.replace(&code, "csc_unknown"),
        honest.replace(&code, &code[4..]),
    ];
    let mut answers = Vec::new();
    for form in forms {
        let answer = app.client_request(&spa, &form).send().await.assert_oauth_error(400, "invalid_grant");
        answers.push(answer.body);
    }
    answers.push(app.exchange(&other, &code).await.assert_oauth_error(400, "invalid_grant").body);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    app.client_request(&spa, &honest.replace(&code, "")).send().await.assert_oauth_error(400, "invalid_request");
    let scoped = format!("{honest}&scope=email");
    app.client_request(&spa, &scoped).send().await.assert_oauth_error(400, "invalid_request");
    let elsewhere = format!("{honest}&resource=https://orders.example.com");
    app.client_request(&spa, &elsewhere).send().await.assert_oauth_error(400, "invalid_target");
    app.exchange(&spa, &code).await.oauth_tokens();
}

#[tokio::test]
async fn a_code_is_good_for_a_minute() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let code = app.code("ana", &spa, "openid").await;
    app.clock().advance(Span::from_seconds(60));
    app.exchange(&spa, &code).await.assert_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_code_that_comes_twice_ends_what_it_made() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let other = app.add_application("other", ClientKind::Spa).await;
    let code = app.code("ana", &spa, "openid").await;
    let tokens = app.exchange(&spa, &code).await.oauth_tokens();
    // Whoever has another client's code ends nothing by it.
    app.exchange(&other, &code).await.assert_oauth_error(400, "invalid_grant");
    let sid = tokens.claims()["sid"].as_str().unwrap().parse().unwrap();
    let ended = async || app.store().session(sid).await.unwrap().unwrap().session.ended;
    assert!(ended().await.is_none());
    app.clock().advance(Span::from_seconds(3_600));
    app.exchange(&spa, &code).await.assert_oauth_error(400, "invalid_grant");
    assert_eq!(ended().await.unwrap().end.reason.code(), "code_reused");
    app.client_refresh(&spa, &tokens.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    assert_eq!(app.audit("alarm.authorization_code_reused").await.len(), 1);
}

#[tokio::test]
async fn of_two_that_exchange_at_once_none_keeps_what_one_made() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let code = app.code("ana", &spa, "openid").await;
    let (one, two) = tokio::join!(app.exchange(&spa, &code), app.exchange(&spa, &code));
    assert_eq!(u32::from(one.status == 200) + u32::from(two.status == 200), 1, "{} {}", one.text(), two.text());
    let filter = SessionFilter { client: Some(ClientId::parse("app").unwrap()), ..SessionFilter::default() };
    let sessions = app.store().sessions(filter, Page::first()).await.unwrap().items;
    assert_eq!(sessions.len(), 1);
    assert!(sessions[0].ended.is_some(), "whoever came second ended it");
}

#[tokio::test]
async fn what_was_ended_since_the_code_was_given_makes_no_session() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let refused = async |code: &str| {
        app.exchange(&spa, code).await.assert_oauth_error(400, "invalid_grant");
    };
    // The browser sign-in has ended.
    let code = app.authorized("ana", &spa, "openid").await;
    let parent = code.parent;
    let code = app.give(code).await;
    let tokens = app.sign_in("ana").await;
    let end = app.request("DELETE", &format!("/api/v1/sessions/{parent}")).bearer(&tokens.access_token);
    end.send().await.assert_status(204);
    refused(&code).await;
    // Everything of the account has ended.
    let code = app.code("ana", &spa, "openid").await;
    let tokens = app.sign_in("ana").await;
    let everywhere = app.post("/api/v1/sign-out").bearer(&tokens.access_token).json(json!({ "everywhere": true }));
    everywhere.send().await.assert_status(204);
    refused(&code).await;
    // The account is disabled.
    let code = app.code("ana", &spa, "openid").await;
    app.set_status("ana", AccountStatus::Disabled).await;
    refused(&code).await;
    // The client is.
    let code = app.code("ben", &spa, "openid").await;
    app.set_client_status("app", ClientStatus::Disabled).await;
    app.exchange(&spa, &code).await.assert_oauth_error(401, "invalid_client");
}

#[tokio::test]
async fn each_kind_of_client_has_its_grants() {
    let app = TestApp::start().await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    let machine = app.add_machine("worker", "", &[]).await;
    let credentials = app.client_request(&shop, "grant_type=client_credentials").send().await;
    credentials.assert_oauth_error(400, "unauthorized_client");
    for form in [exchange_form("csc_x"), "grant_type=refresh_token&refresh_token=csr_x".to_owned()] {
        app.token_request(&machine, &form).send().await.assert_oauth_error(400, "unauthorized_client");
    }
}

#[tokio::test]
async fn another_clients_token_opens_nothing_of_the_first_party_api() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let code = app.code("ana", &spa, "openid profile email offline_access").await;
    let tokens = app.exchange(&spa, &code).await.oauth_tokens();
    for (method, path) in [("GET", "/api/v1/me"), ("GET", "/api/v1/sessions"), ("DELETE", "/api/v1/sessions")] {
        let refused = app.request(method, path).bearer(&tokens.access_token).send().await;
        refused.assert_problem(401, "invalid_token");
    }
    app.refresh_with(&tokens.refresh_token).await.assert_problem(401, "invalid_grant");
    // It may end its own session, and no other.
    let own = app.sign_in("ana").await;
    let code = app.code("ana", &spa, "openid").await;
    let tokens = app.exchange(&spa, &code).await.oauth_tokens();
    let everywhere = app.post("/api/v1/sign-out").bearer(&tokens.access_token).json(json!({ "everywhere": true }));
    everywhere.send().await.assert_status(204);
    app.client_refresh(&spa, &tokens.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    app.me(&own).await.assert_status(200);
    assert_eq!(client::part(&tokens.access_token, 0)["typ"], "at+jwt");
}
