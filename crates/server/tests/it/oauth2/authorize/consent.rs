//! Consent: asked for once, for what is granted, by whom it was shown to.

use crate::support::browsers::{Asked, CALLBACK};
use crate::support::{PASSWORD, TestApp};
use countersign_core::account::AccountStatus;
use countersign_core::client::{ClientKind, ClientStatus};
use countersign_core::store::SessionStore as _;

const ORDERS: &str = "https://orders.example.com";
const ALLOW: [(&str, &str); 1] = [("decision", "allow")];

async fn setup() -> TestApp {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_account("ben").await;
    app.add_resource(ORDERS, &["orders:read", "orders:admin=ops"]).await;
    app.add_client("app", ClientKind::Spa, Some("The App"), &[CALLBACK], "orders:read orders:admin", &[ORDERS]).await;
    app
}

fn orders() -> Asked {
    Asked::new().with("resource", ORDERS).with("scope", "openid orders:read orders:admin orders:unknown")
}

#[tokio::test]
async fn the_page_names_client_account_and_each_scope() {
    let app = setup().await;
    let mut browser = app.browser();
    let asked = orders().with("scope", "openid profile email offline_access orders:read orders:admin");
    let page = browser.ask(&asked).await.assert_page(200, "at app.example.com");
    let page = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow The App?");
    let text = page.text();
    for shown in [
        "at app.example.com",
        "<strong>ana</strong>",
        ORDERS,
        "which account here is yours",
        "your name",
        "your e-mail address",
        "while you are away",
        "<code>orders:read</code>",
    ] {
        assert!(text.contains(shown), "no `{shown}`: {text}");
    }
    assert!(
        !text.contains("<code>orders:admin</code>"),
        "what the account's roles do not allow is not granted: {text}"
    );
    let code = app.code_of(&browser.allow(&page).await).await;
    assert_eq!(code.scope.to_string(), "email offline_access openid orders:read profile");
    assert_eq!(code.audience.as_str(), ORDERS);
}

#[tokio::test]
async fn it_is_remembered_per_account_client_and_audience_and_grows() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    app.code_of(&browser.ask(&Asked::new()).await).await;
    browser.ask(&orders()).await.assert_page(200, "Allow");
    let more = Asked::new().with("scope", "email");
    let page = browser.ask(&more).await.assert_page(200, "Allow");
    browser.allow(&page).await.redirected(CALLBACK);
    let both = Asked::new().with("scope", "openid email");
    app.code_of(&browser.ask(&both).await).await;
    let mut other = app.browser();
    let page = other.ask(&both).await;
    app.code_of(&other.sign_in(&page, "ana", PASSWORD).await).await;
    let page = app.browser().ask(&both).await;
    app.browser().sign_in(&page, "ben", PASSWORD).await.assert_page(200, "Allow");
    let told = app.audit("consent.given").await;
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|event| event.account.is_some() && event.session.is_some() && event.client.is_some()));
}

#[tokio::test]
async fn an_agent_asks_too_and_says_what_it_is() {
    let app = setup().await;
    app.add_client("agent", ClientKind::Mcp, None, &[CALLBACK], "", &[]).await;
    let asked = Asked::new().with("client_id", "agent");
    let mut browser = app.browser();
    let page = browser.ask(&asked).await;
    let page = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "It is an agent");
    browser.ask(&asked.clone().with("prompt", "none")).await.assert_refused("consent_required");
    browser.allow(&page).await.redirected(CALLBACK);
    app.code_of(&browser.ask(&asked).await).await;
}

#[tokio::test]
async fn no_is_an_answer_and_is_not_remembered() {
    let app = setup().await;
    let mut browser = app.browser();
    let page = browser.ask(&Asked::new()).await;
    let deny = [("decision", "deny")];
    let told = app.browser().submit(&page.form("/consent"), &deny).await.assert_refused("access_denied");
    assert_eq!(told["state"], "s-1");
    let page = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    browser.submit(&page.form("/consent"), &deny).await.assert_refused("access_denied");
    browser.ask(&Asked::new()).await.assert_page(200, "Allow");
    assert!(app.audit("consent.given").await.is_empty());
}

#[tokio::test]
async fn somebody_else_signs_in_after_the_session_before_has_ended() {
    let app = setup().await;
    let mut browser = app.browser();
    let page = browser.ask(&Asked::new().with("login_hint", "ana")).await;
    let page = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Not ana?");
    let before = browser.session().await.id;
    let page = browser.submit(&page.form("/consent"), &[("decision", "other")]).await.assert_page(200, "Sign in");
    assert_eq!(browser.cookie, None);
    assert!(app.store().session(before).await.unwrap().unwrap().session.ended.is_some());
    let page = browser.sign_in(&page, "ben", PASSWORD).await.assert_page(200, "Not ben?");
    let code = app.code_of(&browser.allow(&page).await).await;
    assert_eq!(code.account, app.account("ben").await.id);
}

#[tokio::test]
async fn what_one_was_shown_is_no_consent_of_another_nor_for_more() {
    let app = setup().await;
    let mut browser = app.browser();
    let page = browser.ask(&orders()).await;
    let for_ana = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow").form("/consent");
    // In another tab somebody else signs in.
    let page = browser.ask(&orders().with("prompt", "login")).await;
    browser.sign_in(&page, "ben", PASSWORD).await.assert_page(200, "Allow");
    browser.submit(&for_ana, &ALLOW).await.assert_page(200, "<strong>ben</strong>");
    // Between page and answer the account got a role.
    let for_ben = browser.ask(&orders()).await.form("/consent");
    app.add_role("ben", "ops").await;
    browser.submit(&for_ben, &ALLOW).await.assert_page(200, "<code>orders:admin</code>");
    for broken in [for_ben.clone().with("session", "x"), for_ben.clone().with("scope", "\"")] {
        browser.submit(&broken, &ALLOW).await.assert_page(400, "malformed");
    }
    browser.submit(&for_ben, &[("decision", "maybe")]).await.assert_page(400, "malformed");
    assert!(app.audit("consent.given").await.is_empty());
}

#[tokio::test]
async fn whatever_ended_meanwhile_gives_no_code() {
    let app = setup().await;
    let mut browser = app.browser();
    let consent = |page: &crate::support::Response| page.form("/consent");
    let page = browser.ask(&Asked::new()).await;
    let form = consent(&browser.sign_in(&page, "ana", PASSWORD).await);
    app.set_status("ana", AccountStatus::Disabled).await;
    browser.submit(&form, &ALLOW).await.assert_page(200, "Sign in");
    browser.ask(&Asked::new()).await.assert_page(200, "Sign in");
    app.set_status("ana", AccountStatus::Active).await;
    browser.submit(&form, &ALLOW).await.assert_page(200, "Sign in");

    let page = browser.ask(&Asked::new()).await;
    let form = consent(&browser.sign_in(&page, "ana", PASSWORD).await);
    let tokens = app.sign_in("ana").await;
    app.change_password(&tokens, "ten otters under a warm jetty").await.assert_status(200);
    browser.submit(&form, &ALLOW).await.assert_page(200, "Sign in");

    let page = browser.ask(&Asked::new()).await;
    let form = consent(&browser.sign_in(&page, "ben", PASSWORD).await);
    app.set_client_status("app", ClientStatus::Disabled).await;
    browser.submit(&form, &ALLOW).await.assert_page(400, "no application");
    app.set_client_status("app", ClientStatus::Active).await;
    app.code_of(&browser.submit(&form, &ALLOW).await).await;
    app.remove_client("app").await;
    browser.submit(&form, &ALLOW).await.assert_page(400, "no application");
}

#[tokio::test]
async fn all_sessions_ended_between_two_looks_give_no_code_that_could_be_redeemed() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    let tokens = app.sign_in("ana").await;
    let held = app.store().hold_back("session");
    let asked = Asked::new();
    let asking = browser.ask(&asked);
    let ending = held.while_held(async {
        let everywhere = serde_json::json!({ "everywhere": true });
        app.post("/api/v1/sign-out").bearer(&tokens.access_token).json(everywhere).send().await.assert_status(204);
    });
    let (answer, ()) = tokio::join!(asking, ending);
    answer.assert_page(200, "Sign in");
}
