//! Whoever shows an ID token that came through the browser's sign-in signs it out without a question.

use super::{BYE, add_shop, setup};
use crate::support::SECOND;
use countersign_core::Span;
use countersign_core::client::ClientId;
use countersign_core::revocation::RevocationSubject;
use countersign_core::session::EndReason;
use countersign_core::store::RevocationStore as _;

#[tokio::test]
async fn the_sign_in_and_what_came_through_it_end_and_people_come_back_with_the_state() {
    let (app, shop) = setup().await;
    let other = add_shop(&app, "other", "https://other.example/bye").await;
    let mut browser = app.browser();
    let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let others = app.tokens_through(&mut browser, &other, "ana", "openid").await;
    let offline = app.tokens_through(&mut browser, &other, "ana", "openid offline_access").await;
    let session = browser.session().await;
    let cookie = browser.cookie.clone().unwrap();
    let asked = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", BYE), ("state", "a&b=\u{7e} c")];
    let answer = browser.log_out(&app, &asked).await;
    answer.assert_leads_to("https://shop.example/bye?from=us&state=a%26b%3D%7E+c").assert_forgets();
    assert_eq!(browser.cookie, None);
    let ended = app.browser_with(&cookie).session().await.ended.unwrap();
    assert_eq!(ended.end.reason, EndReason::SignedOut);
    for (client, ended) in [(&shop, &tokens), (&other, &others)] {
        app.client_refresh(client, &ended.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    }
    app.client_refresh(&other, &offline.refresh_token, "").await.oauth_tokens();
    let told = app.audit("session.logged_out").await;
    assert_eq!((told.len(), told[0].session, told[0].account), (1, Some(session.id), session.account));
    assert_eq!(told[0].client.as_ref().map(ClientId::as_str), Some("shop"));
    // Each that ended is published, and no other.
    for (tokens, revoked) in [(&tokens, true), (&others, true), (&offline, false)] {
        let session = tokens.claims()["sid"].as_str().unwrap().parse().unwrap();
        let subjects = vec![RevocationSubject::Session(session)];
        assert_eq!(app.store().is_revoked(subjects).await.unwrap(), revoked);
    }
    // Again: nobody is signed in, and they come back all the same.
    browser.log_out(&app, &asked).await.assert_leads_to("https://shop.example/bye?from=us&state=a%26b%3D%7E+c");
    assert_eq!(app.audit("session.logged_out").await.len(), 1);
}

#[tokio::test]
async fn an_expired_token_and_one_whose_session_ended_are_as_good() {
    let (app, shop) = setup().await;
    for ended in [false, true] {
        let mut browser = app.browser();
        let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
        if ended {
            let form = format!("token={}", tokens.refresh_token);
            app.client_form(&shop, "/oauth2/revoke", &form).send().await.assert_status(200);
        } else {
            app.clock().advance(Span::from_seconds(7 * 86_400));
        }
        let cookie = browser.cookie.clone().unwrap();
        let answer = browser.log_out(&app, &[("id_token_hint", tokens.id_token())]).await;
        answer.assert_forgets();
        answer.assert_page(200, "You are signed out");
        assert!(app.browser_with(&cookie).session().await.ended.is_some());
    }
}

#[tokio::test]
async fn a_form_of_the_clients_page_is_asked_once_more_with_the_cookie() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let asked = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", BYE), ("client_id", "shop")];
    let answer = browser.log_out_by_form(&app, &asked).await;
    let location = answer.header("location").unwrap().to_owned();
    assert_eq!((answer.status, answer.set_cookies().len()), (303, 0));
    assert!(location.starts_with("/oauth2/logout?id_token_hint=ey") && browser.session().await.ended.is_none());
    browser.send(app.get(&location)).await.assert_leads_to(BYE).assert_forgets();
    // A form of the same site brings the cookie.
    let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let asked = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", BYE)];
    let form = app.post("/oauth2/logout").header("content-type", crate::support::machines::FORM);
    browser.send(form.body(super::query(&asked))).await.assert_leads_to(BYE).assert_forgets();
    // What no browser would follow is not sent on.
    let long = "x".repeat(8_192);
    browser.log_out_by_form(&app, &[("logout_hint", &long)]).await.assert_page(414, "too long");
}

#[tokio::test]
async fn a_later_id_token_of_the_same_session_does_too() {
    let (app, shop) = setup().await;
    let mut browser = app.browser();
    let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    app.clock().advance(SECOND);
    let later = app.client_refresh(&shop, &tokens.refresh_token, "").await.oauth_tokens();
    browser.log_out(&app, &[("id_token_hint", later.id_token())]).await.assert_forgets();
}
