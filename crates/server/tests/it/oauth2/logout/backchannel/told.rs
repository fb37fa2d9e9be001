//! What a client is told, and of which ends.

use super::{RelyingParty, add, gives_back, setup, sid, signed_in, until_nobody_waits, verify, waiting};
use crate::support::TestApp;
use crate::support::apps::{Application, OAuthTokens};
use crate::support::client::part;
use countersign_core::account::AccountStatus;
use countersign_core::client::ClientStatus;
use serde_json::json;

#[tokio::test]
async fn a_sign_out_is_told_to_every_client_of_the_browser_by_a_token_that_it_can_check() {
    let (one, two) = (RelyingParty::answering("200 OK").await, RelyingParty::answering("204 No Content").await);
    let app = setup(&[&one, &two]).await;
    let (shop, blog) = (add(&app, "shop", &one).await, add(&app, "blog", &two).await);
    let mut browser = app.browser();
    let at_shop = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let at_blog = app.tokens_through(&mut browser, &blog, "ana", "openid email").await;
    // These two are not told: one may go on while they are away, the other was given no ID token.
    app.tokens_through(&mut browser, &blog, "ana", "openid offline_access").await;
    app.tokens_through(&mut browser, &blog, "ana", "email").await;
    let hint = at_shop.id_token.as_deref().unwrap();
    browser.send(app.get(&format!("/oauth2/logout?id_token_hint={hint}"))).await.assert_page(200, "signed out");
    let mut ids = Vec::new();
    for (party, client, tokens) in [(&one, "shop", &at_shop), (&two, "blog", &at_blog)] {
        let told = party.told(1).await;
        let claims = verify(&app, &told[0], client).await;
        let expected = json!({
            "iss": crate::support::ISSUER, "sub": tokens.claims()["sub"], "aud": client, "sid": sid(tokens),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            "iat": claims["iat"], "exp": claims["iat"].as_u64().unwrap() + 120, "jti": claims["jti"],
        });
        assert_eq!(claims, expected, "and no nonce");
        let of_id_token = part(tokens.id_token.as_deref().unwrap(), 1);
        assert_eq!((&claims["sub"], &claims["sid"]), (&of_id_token["sub"], &of_id_token["sid"]));
        ids.push(claims["jti"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    until_nobody_waits(&app).await;
    assert_eq!((one.told(1).await.len(), two.told(1).await.len()), (1, 1));
    // What a client is told is no token for anything.
    let token = &one.told(1).await[0];
    app.get("/oauth2/userinfo").bearer(token).send().await.assert_status(401);
    app.get("/api/v1/me").bearer(token).send().await.assert_status(401);
    let asked = format!("/oauth2/logout?id_token_hint={token}");
    app.get(&asked).send().await.assert_page(400, "malformed");
}

/// A server with a client that is told.
async fn shop() -> (RelyingParty, TestApp, Application) {
    let party = RelyingParty::answering("200 OK").await;
    let app = setup(&[&party]).await;
    let shop = add(&app, "shop", &party).await;
    (party, app, shop)
}

async fn assert_told(app: &TestApp, party: &RelyingParty, times: usize, tokens: &OAuthTokens) {
    let told = party.told(times).await;
    assert_eq!((told.len(), &verify(app, &told[times - 1], "shop").await["sid"]), (times, &sid(tokens)));
}

#[tokio::test]
async fn whatever_else_ends_a_session_is_told_too() {
    let (party, app, shop) = shop().await;
    // Everywhere.
    let tokens = signed_in(&app, &shop).await;
    let api = app.sign_in("ana").await;
    let everywhere = app.post("/api/v1/sign-out").bearer(&api.access_token).json(json!({ "everywhere": true }));
    everywhere.send().await.assert_status(204);
    assert_told(&app, &party, 1, &tokens).await;
    // From the list of sessions.
    let tokens = signed_in(&app, &shop).await;
    let api = app.sign_in("ana").await;
    let path = format!("/api/v1/sessions/{}", tokens.claims()["sid"].as_str().unwrap());
    app.request("DELETE", &path).bearer(&api.access_token).send().await.assert_status(204);
    assert_told(&app, &party, 2, &tokens).await;
    // A code that comes again.
    let code = app.code("ana", &shop, "openid").await;
    let tokens = app.exchange(&shop, &code).await.oauth_tokens();
    app.exchange(&shop, &code).await.assert_oauth_error(400, "invalid_grant");
    assert_told(&app, &party, 3, &tokens).await;
    // An administrator.
    let tokens = signed_in(&app, &shop).await;
    let root = app.administrator().await;
    let body = json!({ "kind": "session", "id": sid(&tokens) });
    app.admin("POST", "revocations", &root).json(body).send().await.assert_status(201);
    assert_told(&app, &party, 4, &tokens).await;
    // The client itself, by an administrator.
    let tokens = signed_in(&app, &shop).await;
    app.set_client_status("shop", ClientStatus::Disabled).await;
    assert_told(&app, &party, 5, &tokens).await;
    app.set_client_status("shop", ClientStatus::Active).await;
    let tokens = signed_in(&app, &shop).await;
    app.remove_client("shop").await;
    assert_told(&app, &party, 6, &tokens).await;
}

#[tokio::test]
async fn what_happens_to_an_account_is_told_too() {
    let (party, app, shop) = shop().await;
    let tokens = signed_in(&app, &shop).await;
    let api = app.sign_in("ana").await;
    app.change_password(&api, "ten otters under a warm jetty").await.assert_status(200);
    assert_told(&app, &party, 1, &tokens).await;
    app.add_account("ben").await;
    let code = app.code("ben", &shop, "openid").await;
    let tokens = app.exchange(&shop, &code).await.oauth_tokens();
    app.set_status("ben", AccountStatus::Disabled).await;
    assert_told(&app, &party, 2, &tokens).await;
}

#[tokio::test]
async fn what_the_client_did_itself_and_what_only_became_old_is_not_told() {
    let (party, app, shop) = shop().await;
    let tokens = signed_in(&app, &shop).await;
    gives_back(&app, &shop, &tokens).await;
    let tokens = signed_in(&app, &shop).await;
    app.clock().advance(countersign_core::Span::from_days(15));
    app.client_refresh(&shop, &tokens.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    assert_eq!(waiting(&app).await, 0);
    // The next one is, so the job does run.
    let tokens = signed_in(&app, &shop).await;
    let api = app.sign_in("ana").await;
    app.post("/api/v1/sign-out").bearer(&api.access_token).json(json!({ "everywhere": true })).send().await;
    assert_told(&app, &party, 1, &tokens).await;
}
