//! What is wrong is a page, and nobody is redirected, asked or signed out.

use super::{BYE, add_shop, setup};
use crate::support::client::part;
use crate::support::machines::FORM;
use crate::support::{ISSUER, TestApp};
use countersign_core::client::ClientStatus;
use countersign_jose::{Algorithm, Signer, SigningKey};
use serde_json::json;
use std::sync::Arc;

/// By either method, with this cookie.
async fn assert_refused(app: &TestApp, cookie: &str, parameters: &[(&str, &str)]) {
    let query = super::query(parameters);
    let by_get = app.get(&format!("/oauth2/logout?{query}"));
    let by_post = app.post("/oauth2/logout").header("content-type", FORM).body(query.clone());
    for request in [by_get, by_post] {
        let answer = request.cookie("countersign-session", cookie).send().await;
        let answer = answer.assert_page(400, "The request is malformed");
        assert!(answer.set_cookies().is_empty() && !answer.text().contains("evil"), "{query}");
    }
}

#[tokio::test]
async fn a_uri_that_is_not_registered_for_this_very_client_leads_nowhere() {
    let (app, shop) = setup().await;
    add_shop(&app, "other", "https://other.example/bye").await;
    let mut browser = app.browser();
    let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let cookie = browser.cookie.clone().unwrap();
    for uri in [
        "https://evil.example/",
        "https://shop.example/bye",
        "https://shop.example/bye?from=us&x=evil",
        "https://shop.example/bye?from=us#evil",
        "https://SHOP.example/bye?from=us",
        "https://shop.example:443/bye?from=us",
        "https://shop.example@evil.example/bye?from=us",
        "http://shop.example/bye?from=us",
        "https://other.example/bye",
        crate::support::apps::CALLBACK,
        "//shop.example/bye?from=us",
        "javascript:alert('evil')",
        "\r\nevil: 1",
    ] {
        assert_refused(&app, &cookie, &[("client_id", "shop"), ("post_logout_redirect_uri", uri)]).await;
        let asked = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", uri)];
        assert_refused(&app, &cookie, &asked).await;
        // Nor where nobody is signed in.
        let query = super::query(&asked);
        app.get(&format!("/oauth2/logout?{query}")).send().await.assert_page(400, "malformed");
    }
    assert_refused(&app, &cookie, &[("post_logout_redirect_uri", BYE)]).await;
    assert!(browser.session().await.ended.is_none());
}

#[tokio::test]
async fn a_hint_that_is_not_ours_or_of_another_client_signs_nobody_out() {
    let (app, shop) = setup().await;
    add_shop(&app, "other", "https://other.example/bye").await;
    let mut browser = app.browser();
    let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let cookie = browser.cookie.clone().unwrap();
    let (header, rest) = tokens.id_token().split_once('.').unwrap();
    let claims = part(tokens.id_token(), 1);
    let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
    let forged = Signer::new(Arc::clone(&key), "JWT").sign(&claims).unwrap();
    let under_our_id = format!("{header}.{}", forged.split_once('.').unwrap().1);
    let mut foreign = claims.clone();
    foreign["iss"] = json!("https://evil.example");
    let foreign = Signer::new(key, "JWT").sign(&foreign).unwrap();
    let none = format!("eyJhbGciOiJub25lIn0.{}.", rest.split('.').next().unwrap());
    // The first character of the signature: the last one is an `A` once in four times.
    let (signed, signature) = tokens.id_token().rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let changed = format!("{signed}.{other}{}", &signature[1..]);
    let hints =
        [&under_our_id, &foreign, &none, &changed, &tokens.access_token, &tokens.refresh_token, &"x".to_owned()];
    for hint in hints {
        assert_refused(&app, &cookie, &[("id_token_hint", hint), ("client_id", "shop")]).await;
    }
    assert_refused(&app, &cookie, &[("id_token_hint", tokens.id_token()), ("client_id", "other")]).await;
    assert_eq!(claims["iss"], ISSUER);
    assert!(browser.session().await.ended.is_none());
    app.client_refresh(&shop, &tokens.refresh_token, "").await.oauth_tokens();
}

#[tokio::test]
async fn a_client_that_is_unknown_disabled_or_no_place_to_sign_in_asks_in_vain() {
    let (app, shop) = setup().await;
    add_shop(&app, "off", "https://off.example/bye").await;
    app.set_client_status("off", ClientStatus::Disabled).await;
    app.add_machine("worker", "feed:read", &[]).await;
    let mut browser = app.browser();
    app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let cookie = browser.cookie.clone().unwrap();
    for id in ["nobody", "off", "worker", "countersign", "Shop", "shop ", "\u{e9}vil"] {
        assert_refused(&app, &cookie, &[("client_id", id)]).await;
    }
    let off = [("client_id", "off"), ("post_logout_redirect_uri", "https://off.example/bye")];
    assert_refused(&app, &cookie, &off).await;
}

#[tokio::test]
async fn what_is_there_twice_or_can_not_be_read_is_refused() {
    let (app, _) = setup().await;
    for query in ["client_id=shop&client_id=shop", "state=%ff", "state=%0d%0aevil", "x=%", "state=1&state=2"] {
        app.get(&format!("/oauth2/logout?{query}")).send().await.assert_page(400, "malformed");
        let form = app.post("/oauth2/logout").cookie("countersign-session", "x").header("content-type", FORM);
        form.body(query).send().await.assert_page(400, "malformed");
    }
    app.post("/oauth2/logout")
        .header("content-type", "application/json")
        .body("{}")
        .send()
        .await
        .assert_page(415, "type");
    app.request("PUT", "/oauth2/logout").send().await.assert_page(405, "Not by this method");
}
