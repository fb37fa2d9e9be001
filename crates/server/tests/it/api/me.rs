//! `GET /api/v1/me` and `PUT /api/v1/me/password`.

use crate::support::{ACCESS_COOKIE, ISSUER, PASSWORD, Parts, REFRESH_COOKIE, Response, SECOND, TestApp, Tokens, When};
use countersign_core::Span;
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "another horse, another staple";

async fn change_password(app: &TestApp, tokens: &Tokens, current: &str, new: &str) -> Response {
    let body = json!({ "current_password": current, "new_password": new });
    app.request("PUT", "/api/v1/me/password").bearer(&tokens.access_token).json(body).send().await
}

#[tokio::test]
async fn me_is_the_account_of_the_bearer() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_role("ana", "ops").await;
    let tokens = app.sign_in("ana").await;
    let me = app.me(&tokens).await.assert_status(200);
    assert_eq!(me.header("cache-control"), Some("no-store"));
    let id = app.account("ana").await.id.to_string();
    let expected = json!({ "id": id, "login": "ana", "roles": ["ops"], "created_at": "2027-01-15T08:00:00Z" });
    assert_eq!(me.json(), expected);
}

#[tokio::test]
async fn without_a_token_that_holds_nobody_is_told_anything() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let token = tokens.access_token.as_str();
    let missing = app.get("/api/v1/me").send().await.assert_problem(401, "missing_token");
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));

    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let none = countersign_jose::base64url::encode(br#"{"alg":"none","typ":"at+jwt"}"#);
    let admin = countersign_jose::base64url::encode(
        tokens.claims().to_string().replace(r#""sub":""#, r#""roles":["admin"],"sub":""#).as_bytes(),
    );
    let refused = [
        format!("{header}.{admin}.{signature}"),
        format!("{none}.{payload}."),
        format!("{signed}."),
        format!("{signed}.{}", signature.to_uppercase()),
        tokens.refresh_token.clone(),
        "x".repeat(9_000),
        "nonsense".to_owned(),
    ];
    for refused in refused {
        let refused = app.get("/api/v1/me").bearer(&refused).send().await.assert_problem(401, "invalid_token");
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer") && challenge.contains(r#"error="invalid_token""#), "{challenge}");
    }
    app.me(&tokens).await.assert_status(200);
}

#[tokio::test]
async fn an_access_token_expires_by_itself() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    app.clock().advance(Span::from_seconds(600));
    app.me(&tokens).await.assert_status(200); // within the leeway
    app.clock().advance(Span::from_seconds(11));
    app.me(&tokens).await.assert_problem(401, "invalid_token");
    let fresh = app.refresh(&tokens).await.tokens();
    app.me(&fresh).await.assert_status(200);
}

#[tokio::test]
async fn a_password_change_renews_its_session_and_ends_every_other() {
    let app = TestApp::start().await;
    let (current, other) = (app.sign_in("ana").await, app.sign_in("ana").await);
    let renewed = change_password(&app, &current, PASSWORD, NEW_PASSWORD).await.tokens();
    assert_eq!(renewed.session_id, current.session_id);
    let (before, after) = (Parts::of(&current.refresh_token), Parts::of(&renewed.refresh_token));
    assert_eq!(after.generation, before.generation + 1);
    assert_ne!(after.secret, before.secret);

    app.me(&other).await.assert_problem(401, "invalid_token");
    app.refresh(&other).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.end_reason(&other).await, Some("password_changed"));
    app.refresh(&current).await.assert_problem(401, "invalid_grant");
    app.me(&renewed).await.assert_status(200);
    app.refresh(&renewed).await.tokens();

    app.try_sign_in("ana", PASSWORD).await.assert_problem(401, "invalid_credentials");
    app.try_sign_in("ana", NEW_PASSWORD).await.tokens();
}

#[tokio::test]
async fn a_password_change_by_cookie_replaces_the_cookies() {
    let app = TestApp::start().await;
    let access = app.sign_in_with_cookies("ana").await.set_cookie(ACCESS_COOKIE).value;
    let body = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    let change = |origin: &str| {
        let request = app.request("PUT", "/api/v1/me/password").cookie(ACCESS_COOKIE, &access).json(body.clone());
        request.origin(origin).send()
    };
    change("https://evil.example").await.assert_problem(403, "cross_site");
    let changed = change(ISSUER).await.assert_status(200);
    assert_eq!(changed.json().get("refresh_token"), None::<&Value>);
    let refresh = changed.set_cookie(REFRESH_COOKIE).value;
    app.clock().advance(SECOND);
    app.refresh_by_cookie(&refresh).await.assert_status(200);
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() {
    let app = TestApp::start().await;
    let (tokens, other) = (app.sign_in("ana").await, app.sign_in("ana").await);
    change_password(&app, &tokens, "not the one that is right", NEW_PASSWORD)
        .await
        .assert_problem(403, "wrong_password");
    change_password(&app, &tokens, PASSWORD, "short").await.assert_problem(400, "password_refused");
    for tokens in [&tokens, &other] {
        app.me(tokens).await.assert_status(200);
    }
    app.try_sign_in("ana", PASSWORD).await.tokens();
}

#[tokio::test]
async fn a_password_change_that_storage_did_not_answer_is_503() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    app.fail_next("change_password", When::Before);
    change_password(&app, &tokens, PASSWORD, NEW_PASSWORD).await.assert_problem(503, "unavailable");
    app.me(&tokens).await.assert_status(200);
    change_password(&app, &tokens, PASSWORD, NEW_PASSWORD).await.tokens();
}

#[tokio::test]
async fn a_role_that_is_taken_away_ends_the_sessions_that_had_it() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_role("ana", "ops").await;
    let tokens = app.sign_in("ana").await;
    assert_eq!(tokens.claims()["roles"], json!(["ops"]));
    app.remove_role("ana", "ops").await;
    app.me(&tokens).await.assert_problem(401, "invalid_token");
    app.refresh(&tokens).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.sign_in("ana").await.claims().get("roles"), None);
}
