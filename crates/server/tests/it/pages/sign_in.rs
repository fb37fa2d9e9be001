//! Signing in at the page: what is refused looks alike, what is limited is limited as in the API, and no session that
//! somebody else could know goes on.

use crate::support::browsers::{Asked, CALLBACK, SESSION_COOKIE};
use crate::support::{ISSUER, PASSWORD, Response, Setup, TestApp, When};
use countersign_core::Span;
use countersign_core::account::AccountStatus;
use countersign_core::grant::BrowserSecret;
use countersign_core::store::SessionStore as _;
use countersign_server::Bucket;

const WRONG: &str = "not the one that is right";

async fn setup() -> TestApp {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_app().await;
    app
}

/// All that can be seen of an answer, but what is another in every answer, and the login that was typed.
fn seen(response: &Response, login: &str) -> (u16, Vec<(String, String)>, String) {
    let mut headers = response.headers.clone();
    headers.retain(|(name, _)| !["date", "x-request-id", "content-length"].contains(&name.as_str()));
    (response.status, headers, response.text().replace(&format!(" value=\"{login}\""), " value=\"\""))
}

#[tokio::test]
async fn unknown_login_wrong_password_and_disabled_account_get_one_page() {
    let app = setup().await;
    app.add_account("dan").await;
    app.set_status("dan", AccountStatus::Disabled).await;
    let page = app.browser().ask(&Asked::new()).await;
    let mut first = None;
    let long = "x".repeat(2_000);
    for (login, password) in [
        ("ana", WRONG),
        ("nobody", PASSWORD),
        ("dan", PASSWORD),
        ("dan", WRONG),
        ("ana", "short"),
        ("ana", &long),
        ("", ""),
    ] {
        let answer =
            app.browser().sign_in(&page, login, password).await.assert_page(401, "Login or password is wrong.");
        assert!(answer.set_cookies().is_empty());
        let seen = seen(&answer, login);
        assert_eq!(&seen, first.get_or_insert_with(|| seen.clone()), "{login}");
        assert!(!answer.text().contains(password) || password.is_empty());
    }
}

#[tokio::test]
async fn what_failed_too_often_waits_here_and_in_the_api() {
    let mut setup = Setup::default();
    setup.throttle.account = Bucket { burst: 3, every: Span::from_seconds(30) };
    let app = setup.start().await;
    app.add_account("ana").await;
    app.add_app().await;
    let mut browser = app.browser();
    let page = browser.ask(&Asked::new()).await;
    for _ in 0..5 {
        // Those that succeed cost nothing.
        app.browser().sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    }
    browser.sign_in(&page, "ana", WRONG).await.assert_page(401, "wrong");
    browser.sign_in(&page, "ANA", WRONG).await.assert_page(401, "wrong");
    app.try_sign_in("ana", WRONG).await.assert_problem(401, "invalid_credentials");
    let limited = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(429, "Too many attempts");
    assert_eq!(limited.header("retry-after"), Some("30"));
    app.try_sign_in("ana", PASSWORD).await.assert_problem(429, "rate_limited");
    app.clock().advance(Span::from_seconds(30));
    browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
}

#[tokio::test]
async fn storage_that_fails_is_a_page_and_no_cookie() {
    let app = setup().await;
    let mut browser = app.browser();
    let page = browser.ask(&Asked::new()).await;
    for (method, when) in
        [("account_by_login", When::Before), ("open_session", When::Before), ("open_session", When::After)]
    {
        app.fail_next(method, when);
        let refused = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(503, "Storage does not answer");
        assert!(refused.header("retry-after").is_some() && refused.set_cookies().is_empty());
    }
}

#[tokio::test]
async fn a_cookie_that_was_there_before_never_becomes_that_of_whoever_signs_in() {
    let app = setup().await;
    app.add_account("mallory").await;
    let mut mallory = app.browser();
    let page = mallory.ask(&Asked::new()).await;
    mallory.sign_in(&page, "mallory", PASSWORD).await.assert_page(200, "Allow");
    let planted = mallory.cookie.clone().unwrap();

    let mut ana = app.browser_with(&planted);
    let page = ana.ask(&Asked::new().with("prompt", "login")).await.assert_page(200, "Sign in");
    ana.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "<strong>ana</strong>");
    assert_ne!(ana.cookie.as_ref(), Some(&planted));
    assert!(mallory.session().await.ended.is_some(), "what was planted is worth nothing any more");
    mallory.ask(&Asked::new()).await.assert_page(200, "Sign in");
    ana.ask(&Asked::new()).await.assert_page(200, "<strong>ana</strong>");
}

#[tokio::test]
async fn only_the_secret_of_a_live_session_of_ours_counts() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    let (good, id) = (browser.cookie.clone().unwrap(), browser.session().await.id);
    let other = if good.ends_with('A') { "B" } else { "A" };
    let changed = format!("{}{other}{}", &good[..30], &good[31..]);
    let changed = if changed == good { format!("{}C{}", &good[..30], &good[31..]) } else { changed };
    let tokens = app.sign_in("ana").await;
    for cookie in [&changed, &good[4..], &good[..46], "cso_", &tokens.refresh_token, &tokens.access_token] {
        let mut thief = app.browser_with(cookie);
        thief.ask(&Asked::new()).await.assert_page(200, "Sign in");
    }
    // What names a session does not end it.
    let page = app.browser().ask(&Asked::new()).await;
    let mut thief = app.browser_with(&changed);
    thief.submit(&page.form("/consent"), &[("decision", "other")]).await.assert_page(200, "Sign in");
    assert!(app.store().session(id).await.unwrap().unwrap().session.ended.is_none());
    app.code_of(&browser.ask(&Asked::new()).await).await;

    let twice = format!("{SESSION_COOKIE}={good}; {SESSION_COOKIE}={good}");
    let path = format!("/oauth2/authorize?{}", Asked::new().query());
    app.get(&path).header("cookie", &twice).send().await.assert_page(400, "malformed");
    // Nor is it good for anything else, and where it could be, it is held to the cross-site rule.
    app.get("/api/v1/me").cookie(SESSION_COOKIE, &good).send().await.assert_problem(401, "missing_token");
    app.get("/api/v1/me").bearer(&good).send().await.assert_problem(401, "invalid_token");
    app.refresh_with(&good).await.assert_problem(401, "invalid_grant");
    let out = app.post("/api/v1/sign-out").cookie(SESSION_COOKIE, &good);
    out.clone().origin("https://evil.example").send().await.assert_problem(403, "cross_site");
    out.origin(ISSUER).send().await.assert_problem(401, "missing_token");
    assert_eq!(BrowserSecret::parse(&good).unwrap().session(), id);
}

#[tokio::test]
async fn people_see_and_end_it_among_their_sessions() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    let (tokens, id) = (app.sign_in("ana").await, browser.session().await.id);
    let list = app.get("/api/v1/sessions").bearer(&tokens.access_token).send().await.json();
    assert!(list["items"].as_array().unwrap().iter().any(|session| session["id"] == id.to_string()), "{list}");
    let end = app.request("DELETE", &format!("/api/v1/sessions/{id}")).bearer(&tokens.access_token);
    end.send().await.assert_status(204);
    browser.ask(&Asked::new()).await.assert_page(200, "Sign in");
}
