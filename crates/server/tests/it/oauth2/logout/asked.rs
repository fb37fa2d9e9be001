//! Without such a token they are asked: nobody is signed out by a link in a picture.

use super::{BYE, add_shop, setup};
use crate::support::machines::FORM;
use crate::support::{ISSUER, PASSWORD, TestApp};
use countersign_jose::{Algorithm, Signer, SigningKey};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn a_link_alone_signs_nobody_out() {
    let (app, shop) = setup().await;
    app.add_account("ben").await;
    let (mut browser, mut elsewhere) = (app.browser(), app.browser());
    let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let again = app.tokens_through(&mut elsewhere, &shop, "ana", "openid").await;
    let bens = app.tokens_through(&mut app.browser(), &shop, "ben", "openid").await;
    let gone = json!({ "iss": ISSUER, "aud": "shop", "sub": "x", "iat": 1, "exp": 2, "sid": tokens.claims()["sid"] });
    let gone_key = Signer::new(Arc::new(SigningKey::generate(Algorithm::Es256).unwrap()), "JWT").sign(&gone).unwrap();
    for asked in [
        &[][..],
        &[("client_id", "shop")],
        &[("client_id", "shop"), ("post_logout_redirect_uri", BYE), ("state", "s")],
        &[("id_token_hint", again.id_token())],
        &[("id_token_hint", bens.id_token()), ("post_logout_redirect_uri", BYE)],
        &[("id_token_hint", &gone_key), ("post_logout_redirect_uri", BYE)],
        &[("logout_hint", "ana"), ("ui_locales", "de")],
    ] {
        let page = browser.log_out(&app, asked).await.assert_page(200, "You are signed in as <strong>ana");
        assert!(page.set_cookies().is_empty() && page.form("/sign-out").fields.len() == 2);
        assert_eq!(
            page.text().contains("<strong>shop</strong> asks"),
            asked.first().is_some_and(|first| first.0 != "logout_hint")
        );
        let leads = if asked.iter().any(|(name, _)| *name == "post_logout_redirect_uri") {
            " https://shop.example"
        } else {
            ""
        };
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains(&format!("form-action 'self'{leads}; ")), "{policy}");
        // No is no.
        let form = page.form("/sign-out");
        let stayed = browser.submit(&form, &[("decision", "no")]).await.assert_page(200, "still signed in");
        assert!(stayed.set_cookies().is_empty() && browser.session().await.ended.is_none());
    }
    assert!(app.audit("session.logged_out").await.is_empty());
    app.client_refresh(&shop, &tokens.refresh_token, "").await.oauth_tokens();
}

#[tokio::test]
async fn whoever_says_yes_is_signed_out_and_comes_back() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let asked = [("client_id", "shop"), ("post_logout_redirect_uri", BYE), ("state", "s-1")];
    let page = browser.log_out(&app, &asked).await;
    let answer = browser.submit(&page.form("/sign-out"), &[("decision", "yes")]).await;
    answer.assert_leads_to(&format!("{BYE}&state=s-1")).assert_forgets();
    app.client_refresh(&shop, &tokens.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    // Without anywhere to come back to they are told.
    app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let page = browser.log_out(&app, &[]).await;
    let answer = browser.submit(&page.form("/sign-out"), &[("decision", "yes")]).await;
    answer.assert_forgets();
    answer.assert_page(200, "You are signed out");
}

#[tokio::test]
async fn an_answer_counts_for_whoever_was_asked() {
    let (app, shop) = setup().await;
    app.add_account("ben").await;
    let mut browser = app.browser();
    app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let page = browser.log_out(&app, &[("client_id", "shop")]).await;
    // Somebody else signs in meanwhile.
    let mut bens = app.browser();
    app.tokens_through(&mut bens, &shop, "ben", "openid").await;
    browser.cookie = bens.cookie.clone();
    let form = page.form("/sign-out");
    browser.submit(&form, &[("decision", "yes")]).await.assert_page(200, "You are signed in as <strong>ben");
    for (form, fields) in [
        (form.clone().with("session", "x"), &[("decision", "yes")][..]),
        (form.clone().with("session", ""), &[("decision", "no")]),
        (form.clone(), &[]),
        (form.clone(), &[("decision", "perhaps")]),
        (form.clone().with("request", "client_id=nobody"), &[("decision", "yes")]),
        (
            form.clone().with("request", "client_id=shop&post_logout_redirect_uri=https://evil.example"),
            &[("decision", "yes")],
        ),
    ] {
        browser.submit(&form, fields).await.assert_page(400, "malformed");
    }
    assert!(bens.session().await.ended.is_none());
}

#[tokio::test]
async fn no_other_site_answers() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let form = browser.log_out(&app, &[]).await.form("/sign-out");
    let cookie = browser.cookie.clone().unwrap();
    let plain = || {
        let body = form.body(&[("decision", "yes")]);
        app.post("/sign-out").cookie("countersign-session", &cookie).header("content-type", FORM).body(body)
    };
    for request in [
        plain(),
        plain().origin("https://evil.example"),
        plain().origin("https://shop.example"),
        plain().origin("null"),
        plain().header("sec-fetch-site", "cross-site"),
        plain().header("sec-fetch-site", "same-site"),
    ] {
        let answer = request.send().await.assert_page(403, "another site");
        assert!(answer.set_cookies().is_empty());
    }
    assert!(browser.session().await.ended.is_none());
    app.get("/sign-out").send().await.assert_page(405, "Not by this method");
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_is_signed_in() {
    let (app, _) = setup().await;
    let mut browser = app.browser();
    browser.log_out(&app, &[]).await.assert_page(200, "You are signed out");
    let asked = [("client_id", "shop"), ("post_logout_redirect_uri", BYE)];
    let answer = browser.log_out(&app, &asked).await;
    assert!(answer.assert_leads_to(BYE).set_cookies().is_empty());
    // A cookie that is nobody's is taken back.
    let stale = "cso_AQEBAQEBAQEBAQEBAQEBAQICAgICAgICAgICAgICAgI";
    app.browser_with(stale).log_out(&app, &asked).await.assert_leads_to(BYE).assert_forgets();
}

#[tokio::test]
async fn the_page_shows_names_as_they_are_and_nothing_as_markup() {
    let app = TestApp::start().await;
    app.add_account("<b>\"ana\"</b>").await;
    add_shop(&app, "shop", BYE).await;
    let mut browser = app.browser();
    let asked = crate::support::browsers::Asked::new().with("client_id", "shop");
    let asked = asked.with("redirect_uri", crate::support::apps::CALLBACK);
    let page = browser.ask(&asked).await;
    browser.sign_in(&page, "<b>\"ana\"</b>", PASSWORD).await;
    let page = browser.log_out(&app, &[("client_id", "shop"), ("state", "\"><script>")]).await;
    let page = page.assert_page(200, "&#60;b&#62;&#34;ana&#34;&#60;/b&#62;");
    assert!(!page.text().contains("<script") && !page.text().contains("<b>"));
    assert_eq!(page.form("/sign-out").fields["request"], "client_id=shop&state=%22%3E%3Cscript%3E");
}
