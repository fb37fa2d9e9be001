//! `grant_type=refresh_token` (RFC 6749 §6): the table of docs/refresh.md, for clients that are authenticated.

use crate::support::apps::{Application, OAuthTokens};
use crate::support::{GRACE, ISSUER, SECOND, TestApp, client};
use countersign_core::client::ClientKind;
use serde_json::{Value, json};

async fn signed_in(app: &TestApp, client: &Application) -> OAuthTokens {
    let code = app.code("ana", client, "openid email").await;
    app.exchange(client, &code).await.oauth_tokens()
}

fn later(app: &TestApp) {
    app.clock().advance(GRACE + SECOND);
}

#[tokio::test]
async fn a_public_clients_refresh_token_rotates_and_its_second_use_ends_the_session() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let first = signed_in(&app, &spa).await;
    later(&app);
    let second = app.client_refresh(&spa, &first.refresh_token, "").await.oauth_tokens();
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_eq!(second.claims()["sid"], first.claims()["sid"]);
    let third = app.client_refresh(&spa, &second.refresh_token, "").await.oauth_tokens();
    assert_eq!(third.refresh_token, second.refresh_token, "row 11: a moment ago");
    later(&app);
    let third = app.client_refresh(&spa, &second.refresh_token, "").await.oauth_tokens();
    later(&app);
    app.client_refresh(&spa, &first.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    app.client_refresh(&spa, &third.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    assert_eq!(app.audit("alarm.refresh_token_reused").await.len(), 1);
}

#[tokio::test]
async fn a_confidential_clients_refresh_token_stays() {
    let app = TestApp::start().await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    let first = signed_in(&app, &shop).await;
    for _ in 0..3 {
        later(&app);
        let next = app.client_refresh(&shop, &first.refresh_token, "").await.oauth_tokens();
        assert_eq!(next.refresh_token, first.refresh_token, "row 10: rotation adds nothing to the secret");
        assert_ne!(next.access_token, first.access_token);
    }
    // Without the secret nobody refreshes, and nobody raises an alarm.
    let mut thief = shop.clone();
    thief.secret = "css_wrong".to_owned();
    app.client_refresh(&thief, &first.refresh_token, "").await.assert_oauth_error(401, "invalid_client");
    assert_eq!(app.audit("alarm.").await.len(), 0);
    app.client_refresh(&shop, &first.refresh_token, "").await.oauth_tokens();
}

#[tokio::test]
async fn an_id_token_comes_again_with_the_first_times_and_no_nonce() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let first = signed_in(&app, &spa).await;
    later(&app);
    let second = app.client_refresh(&spa, &first.refresh_token, "").await.oauth_tokens();
    let claims = |tokens: &OAuthTokens| -> Value { client::part(tokens.id_token.as_ref().unwrap(), 1) };
    let (before, after) = (claims(&first), claims(&second));
    for name in ["iss", "sub", "aud", "sid", "auth_time"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    assert!(after["iat"].as_u64() > before["iat"].as_u64());
    assert_eq!(after.get("nonce"), None);
}

#[tokio::test]
async fn less_can_be_asked_for_and_more_is_refused() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let first = signed_in(&app, &spa).await;
    later(&app);
    let more = app.client_refresh(&spa, &first.refresh_token, "&scope=openid+profile").await;
    more.assert_oauth_error(400, "invalid_scope");
    let elsewhere = app.client_refresh(&spa, &first.refresh_token, "&resource=https://orders.example.com").await;
    elsewhere.assert_oauth_error(400, "invalid_target");
    let here = format!("&resource={ISSUER}&scope=openid");
    let less = app.client_refresh(&spa, &first.refresh_token, &here).await.oauth_tokens();
    assert_eq!((less.scope.as_str(), &less.claims()["scope"]), ("openid", &json!("openid")));
    later(&app);
    let whole = app.client_refresh(&spa, &less.refresh_token, "").await.oauth_tokens();
    assert_eq!(whole.scope, "email openid");
}

#[tokio::test]
async fn another_clients_token_is_refused_and_ends_only_what_a_thief_could_end() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let other = app.add_application("other", ClientKind::Spa).await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    let kept = signed_in(&app, &shop).await;
    app.client_refresh(&other, &kept.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    app.client_refresh(&shop, &kept.refresh_token, "").await.oauth_tokens();
    let lost = signed_in(&app, &spa).await;
    app.client_refresh(&other, &lost.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    app.client_refresh(&spa, &lost.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    // The built-in client's are nobody's here.
    let own = app.sign_in("ana").await;
    app.client_refresh(&spa, &own.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_lost_reply_with_a_retry_key_gets_the_same_successor_however_late() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let first = signed_in(&app, &spa).await;
    later(&app);
    let retry = format!("&retry={}", "r".repeat(22));
    let lost = app.client_refresh(&spa, &first.refresh_token, &retry).await.oauth_tokens();
    later(&app);
    let again = app.client_refresh(&spa, &first.refresh_token, &retry).await.oauth_tokens();
    assert_eq!(again.refresh_token, lost.refresh_token);
    app.client_refresh(&spa, &lost.refresh_token, "&retry=short").await.assert_oauth_error(400, "invalid_request");
}

#[tokio::test]
async fn a_session_goes_with_its_browser_sign_in_unless_it_may_outlive_it() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    for (scope, outlives) in [("openid", false), ("openid offline_access", true)] {
        let code = app.authorized("ana", &spa, scope).await;
        let parent = code.parent;
        let code = app.give(code).await;
        let tokens = app.exchange(&spa, &code).await.oauth_tokens();
        let owner = app.sign_in("ana").await;
        let end = app.request("DELETE", &format!("/api/v1/sessions/{parent}")).bearer(&owner.access_token);
        end.send().await.assert_status(204);
        let refreshed = app.client_refresh(&spa, &tokens.refresh_token, "").await;
        assert_eq!(refreshed.status == 200, outlives, "{scope}: {}", refreshed.text());
    }
}
