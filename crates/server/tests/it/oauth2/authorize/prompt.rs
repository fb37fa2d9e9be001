//! `prompt` and `max_age` (OpenID Connect Core §3.1.2.1): what is shown, what is an error instead, and that no sign-in is
//! asked for twice.

use crate::support::browsers::{Asked, CALLBACK};
use crate::support::{PASSWORD, SECOND, TestApp};
use countersign_core::Span;
use countersign_core::store::SessionStore as _;

async fn setup() -> TestApp {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_app().await;
    app
}

fn silent() -> Asked {
    Asked::new().with("prompt", "none")
}

#[tokio::test]
async fn with_none_nothing_is_ever_shown() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.ask(&silent()).await.assert_refused("login_required");
    browser.cookie = Some("cso_nonsense".to_owned());
    browser.ask(&silent()).await.assert_refused("login_required");
    browser.cookie = None;

    let page = browser.ask(&Asked::new()).await;
    browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    browser.ask(&silent()).await.assert_refused("consent_required");
    let consent = browser.ask(&Asked::new()).await.assert_page(200, "Allow");
    browser.allow(&consent).await.redirected(CALLBACK);

    app.code_of(&browser.ask(&silent()).await).await;
    browser.ask(&silent().with("scope", "openid email")).await.assert_refused("consent_required");
    browser.ask(&silent().with("scope", "openid offline_access")).await.assert_refused("consent_required");
    browser.ask(&silent().with("max_age", "0")).await.assert_refused("login_required");
    app.clock().advance(SECOND + SECOND);
    browser.ask(&silent().with("max_age", "1")).await.assert_refused("login_required");
    app.code_of(&browser.ask(&silent().with("max_age", "2")).await).await;
}

#[tokio::test]
async fn a_sign_in_that_is_asked_for_is_made_and_counts_once() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    for (name, value) in [
        ("prompt", "login"),
        ("prompt", "select_account"),
        ("max_age", "0"),
        ("max_age", "5"),
        ("prompt", "login consent"),
    ] {
        app.clock().advance(Span::from_seconds(6));
        let (asked, before) = (Asked::new().with(name, value), browser.session().await);
        let page = browser.ask(&asked).await.assert_page(200, "Sign in");
        let mut answer = browser.sign_in(&page, "ana", PASSWORD).await;
        if value == "login consent" {
            answer = browser.allow(&answer.assert_page(200, "Allow")).await;
        }
        let code = app.code_of(&answer).await;
        assert_eq!(code.authenticated_at, before.authenticated_at + Span::from_seconds(6), "{name}={value}");
        let before = app.store().session(before.id).await.unwrap().unwrap().session;
        assert_eq!(before.ended.map(|ended| ended.end.reason.code()), Some("signed_out"));
        // Asked again, it is made again.
        if value != "5" {
            browser.ask(&asked).await.assert_page(200, "Sign in");
        }
    }
}

#[tokio::test]
async fn the_consent_page_after_such_a_sign_in_remembers_it_for_that_request_alone() {
    let app = setup().await;
    let mut browser = app.browser();
    let asked = Asked::new().with("prompt", "login").with("max_age", "0");
    let page = browser.ask(&asked).await;
    let consent = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    app.clock().advance(Span::from_seconds(60));
    let form = consent.form("/consent");
    let allow = [("decision", "allow")];
    let other = form.clone().with("request", &asked.clone().with("state", "s-2").query());
    browser.submit(&other, &allow).await.assert_page(200, "Sign in");
    for forged in ["", "Ag", &"A".repeat(23)] {
        browser.submit(&form.clone().with("signed_in", forged), &allow).await.assert_page(200, "Sign in");
    }
    app.code_of(&browser.submit(&form, &allow).await).await;
    app.clock().advance(Span::from_seconds(841));
    browser.submit(&form, &allow).await.assert_page(200, "Sign in");
}

#[tokio::test]
async fn consent_that_is_asked_for_is_asked_for_each_time() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    let asked = Asked::new().with("prompt", "consent");
    for _ in 0..2 {
        let page = browser.ask(&asked).await.assert_page(200, "Allow The App?");
        app.code_of(&browser.allow(&page).await).await;
    }
}

#[tokio::test]
async fn a_login_hint_fills_the_form_and_nothing_more() {
    let app = setup().await;
    let page = app.browser().ask(&Asked::new().with("login_hint", "ana")).await.assert_page(200, "value=\"ana\"");
    assert!(page.text().contains("autocomplete=\"username\"") && page.text().contains("\"current-password\""));
}
