//! Requests of other sites: none signs anybody in, none agrees to anything.

use crate::support::browsers::{Asked, CALLBACK, SESSION_COOKIE};
use crate::support::machines::FORM;
use crate::support::{ISSUER, PASSWORD, TestApp};

const STRANGERS: [&str; 5] = [
    "https://evil.example",
    "https://app.example.com",
    "null",
    "http://localhost:8421",
    "http://localhost:8420.evil.example",
];

#[tokio::test]
async fn a_form_of_another_site_is_refused_with_or_without_a_cookie() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_app().await;
    let mut browser = app.browser();
    let page = browser.ask(&Asked::new()).await;
    let consent = browser.sign_in(&page, "ana", PASSWORD).await;
    let cookie = browser.cookie.clone().unwrap();
    let sign_in = page.form("/sign-in").body(&[("login", "ana"), ("password", PASSWORD)]);
    let consent = consent.form("/consent");
    for (path, body) in [
        ("/sign-in", sign_in),
        ("/consent", consent.body(&[("decision", "allow")])),
        ("/consent", consent.body(&[("decision", "deny")])),
        ("/consent", consent.body(&[("decision", "other")])),
    ] {
        let plain = app.post(path).header("content-type", FORM).body(body);
        for request in [plain.clone(), plain.cookie(SESSION_COOKIE, &cookie)] {
            let mut answers = vec![request.clone().send().await];
            for origin in STRANGERS {
                answers.push(request.clone().origin(origin).send().await);
                answers.push(request.clone().origin(origin).header("sec-fetch-site", "same-origin").send().await);
            }
            for site in ["cross-site", "same-site", "none"] {
                answers.push(request.clone().header("sec-fetch-site", site).send().await);
            }
            answers.push(request.clone().origin(ISSUER).origin("https://evil.example").send().await);
            for answer in answers {
                let answer = answer.assert_page(403, "another site");
                assert!(answer.set_cookies().is_empty());
            }
        }
    }
    assert!(app.audit("consent.given").await.is_empty() && app.audit("code.issued").await.is_empty());
    assert_eq!(app.audit("session.opened").await.len(), 1);
    assert!(browser.session().await.ended.is_none(), "and nobody was signed out");
}

#[tokio::test]
async fn the_pages_lead_nowhere_but_on_from_a_request_that_is_good() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_app().await;
    let mut browser = app.browser();
    let page = browser.ask(&Asked::new()).await;
    let form = page.form("/sign-in");
    let credentials = [("login", "ana"), ("password", PASSWORD)];
    let evil = Asked::new().with("redirect_uri", "https://evil.example/cb").query();
    let requests =
        ["https://evil.example/", "//evil.example/", "/oauth2/authorize?x=y", "\r\nlocation: //evil.example", &evil];
    for request in requests {
        for (form, fields) in [
            (form.clone().with("request", request), &credentials[..]),
            (page.form("/consent").with("request", request), &[("decision", "deny")][..]),
            (page.form("/consent").with("request", request), &[("decision", "other")][..]),
        ] {
            let answer = browser.submit(&form, fields).await.assert_page(400, "malformed");
            assert!(answer.set_cookies().iter().all(|cookie| cookie.value.is_empty()));
        }
        let encoded: String = request.bytes().map(|byte| format!("%{byte:02x}")).collect();
        app.get(&format!("/sign-in?request={encoded}")).send().await.assert_page(400, "malformed");
    }
    for path in ["/sign-in", "/sign-in?request=", "/sign-in?request=a&request=b"] {
        app.get(path).send().await.assert_page(400, "malformed");
    }
    app.get("/consent").send().await.assert_page(405, "Not by this method");
    for (path, fields) in [("/sign-in", &credentials[..]), ("/consent", &[("decision", "deny")][..])] {
        let mut empty = form.clone();
        empty.fields.clear();
        empty.action = path.to_owned();
        browser.submit(&empty, fields).await.assert_page(400, "begin there");
    }
    // A good request whose answer is an error goes to its own client, and nobody is signed in on the way.
    let silent = form.clone().with("request", &Asked::new().with("prompt", "none").query());
    let answer = browser.submit(&silent, &credentials).await;
    assert!(answer.set_cookies().is_empty());
    assert_eq!(answer.redirected(CALLBACK)["error"], "login_required");
    assert!(app.audit("session.opened").await.is_empty());
    let encoded: String = Asked::new().query().bytes().map(|byte| format!("%{byte:02x}")).collect();
    app.get(&format!("/sign-in?request={encoded}")).send().await.assert_page(200, "to continue to");
}
