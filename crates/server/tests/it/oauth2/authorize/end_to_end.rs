//! From a link to tokens, and what becomes of them when the sign-in that they came through ends.

use crate::support::apps::{Application, CALLBACK, OAuthTokens};
use crate::support::browsers::{Asked, Browser};
use crate::support::client::part;
use crate::support::{ISSUER, PASSWORD, TestApp};
use countersign_core::client::ClientKind;
use serde_json::json;

async fn setup() -> (TestApp, Application) {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    (app, shop)
}

fn asked(scope: &str) -> Asked {
    Asked::new().with("client_id", "shop").with("redirect_uri", CALLBACK).with("scope", scope)
}

/// Signs in and agrees, and lets the client redeem what it gets.
async fn tokens(app: &TestApp, browser: &mut Browser<'_>, shop: &Application, scope: &str) -> OAuthTokens {
    let page = browser.ask(&asked(scope).with("prompt", "login consent")).await;
    let page = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    let code = browser.allow(&page).await.redirected(CALLBACK).remove("code").unwrap();
    app.exchange(shop, &code).await.oauth_tokens()
}

#[tokio::test]
async fn a_code_that_came_through_the_pages_is_traded_once() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    let page = browser.ask(&asked("openid email")).await;
    let page = browser.sign_in(&page, "ana", PASSWORD).await;
    let code = browser.allow(&page).await.redirected(CALLBACK).remove("code").unwrap();
    let got = app.exchange(&shop, &code).await.oauth_tokens();
    let (id, account) = (part(got.id_token.as_deref().unwrap(), 1), app.account("ana").await.id.to_string());
    assert_eq!((&id["iss"], &id["aud"], &id["nonce"]), (&json!(ISSUER), &json!("shop"), &json!("n-1")));
    assert_eq!((&id["sub"], &got.claims()["sub"]), (&json!(account), &json!(account)));
    assert_eq!(got.scope, "email openid");
    // Again, it is stolen: what it made ends, and the sign-in goes on.
    app.exchange(&shop, &code).await.assert_oauth_error(400, "invalid_grant");
    app.client_refresh(&shop, &got.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    let again = browser.ask(&asked("openid email")).await.redirected(CALLBACK).remove("code").unwrap();
    app.exchange(&shop, &again).await.oauth_tokens();
}

#[tokio::test]
async fn what_came_through_a_sign_in_ends_with_it_but_for_offline_access() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    let online = tokens(&app, &mut browser, &shop, "openid").await;
    app.client_refresh(&shop, &online.refresh_token, "").await.oauth_tokens();
    // A new sign-in in the same browser ends the one before.
    let offline = tokens(&app, &mut browser, &shop, "openid offline_access").await;
    app.client_refresh(&shop, &online.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    let page = browser.ask(&asked("openid").with("prompt", "consent")).await.assert_page(200, "Not ana?");
    browser.submit(&page.form("/consent"), &[("decision", "other")]).await.assert_page(200, "Sign in");
    app.client_refresh(&shop, &offline.refresh_token, "").await.oauth_tokens();
}

#[tokio::test]
async fn a_code_is_worth_nothing_once_its_sign_in_has_ended() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    tokens(&app, &mut browser, &shop, "openid").await;
    let code = browser.ask(&asked("openid")).await.redirected(CALLBACK).remove("code").unwrap();
    let api = app.sign_in("ana").await;
    app.change_password(&api, "ten otters under a warm jetty").await.assert_status(200);
    app.exchange(&shop, &code).await.assert_oauth_error(400, "invalid_grant");
    browser.ask(&asked("openid")).await.assert_page(200, "Sign in");
}
