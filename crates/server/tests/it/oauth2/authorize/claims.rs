//! The parameter `claims` (OpenID Connect Core §5.5): single claims, in the ID token or at the userinfo endpoint, and of
//! whom.

use crate::support::apps::{Application, CALLBACK, OAuthTokens};
use crate::support::browsers::{Asked, Browser};
use crate::support::client::part;
use crate::support::{PASSWORD, TestApp};
use countersign_core::client::ClientKind;
use serde_json::{Value, json};

async fn setup() -> (TestApp, Application) {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_account("ben").await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    (app, shop)
}

fn asked(claims: &Value) -> Asked {
    let asked = Asked::new().with("client_id", "shop").with("redirect_uri", CALLBACK);
    asked.with("claims", &claims.to_string())
}

async fn tokens(app: &TestApp, browser: &mut Browser<'_>, shop: &Application, asked: &Asked) -> OAuthTokens {
    let page = browser.ask(asked).await;
    let page = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    let code = browser.allow(&page).await.redirected(CALLBACK).remove("code").unwrap();
    app.exchange(shop, &code).await.oauth_tokens()
}

fn id_token(tokens: &OAuthTokens) -> Value {
    part(tokens.id_token.as_deref().unwrap(), 1)
}

async fn userinfo(app: &TestApp, tokens: &OAuthTokens) -> Value {
    app.get("/oauth2/userinfo").bearer(&tokens.access_token).send().await.assert_status(200).json()
}

#[tokio::test]
async fn what_is_asked_for_in_the_id_token_is_there_once_it_was_agreed_to() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    let asked = asked(&json!({ "id_token": { "preferred_username": { "essential": true }, "picture": null } }));
    let got = tokens(&app, &mut browser, &shop, &asked).await;
    assert_eq!(got.scope, "openid profile", "to ask for a claim is to ask for its scope, which the page shows");
    assert_eq!(id_token(&got)["preferred_username"], "ana");
    assert_eq!(userinfo(&app, &got).await["preferred_username"], "ana");
    // Told once: a refresh says who, and no more.
    let again = app.client_refresh(&shop, &got.refresh_token, "").await.oauth_tokens();
    assert_eq!(id_token(&again).get("preferred_username"), None);
}

#[tokio::test]
async fn what_is_asked_for_at_userinfo_is_there_alone() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    let got = tokens(&app, &mut browser, &shop, &asked(&json!({ "userinfo": { "name": null } }))).await;
    assert_eq!(id_token(&got).get("preferred_username"), None);
    assert_eq!(userinfo(&app, &got).await["preferred_username"], "ana");
}

#[tokio::test]
async fn without_openid_it_means_nothing() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    let asked = asked(&json!({ "id_token": { "name": null } })).with("scope", "email");
    let got = tokens(&app, &mut browser, &shop, &asked).await;
    assert_eq!((got.scope.as_str(), got.id_token), ("email", None));
}

#[tokio::test]
async fn a_request_about_somebody_is_answered_for_nobody_else() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    tokens(&app, &mut browser, &shop, &asked(&json!({}))).await;
    let about = |id: &str| asked(&json!({ "id_token": { "sub": { "value": id } } }));
    let (ana, ben) = (app.account("ana").await.id.to_string(), app.account("ben").await.id.to_string());
    browser.ask(&about(&ana).with("prompt", "none")).await.redirected(CALLBACK).remove("code").unwrap();
    let silent = browser.ask(&about(&ben).with("prompt", "none")).await;
    assert_eq!(silent.redirected(CALLBACK).remove("error").as_deref(), Some("login_required"));
    // They may sign in as whom it is about; whoever signs in as another is told to the client.
    let page = browser.ask(&about(&ben)).await.assert_page(200, "Sign in");
    let other = browser.sign_in(&page, "ana", PASSWORD).await;
    assert_eq!(other.redirected(CALLBACK).remove("error").as_deref(), Some("login_required"));
    let page = browser.ask(&about(&ben)).await.assert_page(200, "Sign in");
    browser.sign_in(&page, "ben", PASSWORD).await.assert_page(200, "Allow");
}

#[tokio::test]
async fn another_shape_and_a_class_that_is_not_there_are_errors() {
    let (app, _) = setup().await;
    let mut browser = app.browser();
    for (claims, error) in [
        (json!([]), "invalid_request"),
        (json!({ "userinfo": 1 }), "invalid_request"),
        (json!({ "id_token": { "acr": { "essential": true, "value": "gold" } } }), "unmet_authentication_requirements"),
    ] {
        let answer = browser.ask(&asked(&claims)).await;
        assert_eq!(answer.redirected(CALLBACK).remove("error").as_deref(), Some(error), "{claims}");
    }
}
