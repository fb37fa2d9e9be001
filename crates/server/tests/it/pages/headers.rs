//! What a browser is told about pages, stylesheet and cookie.

use crate::support::browsers::{Asked, SESSION_COOKIE};
use crate::support::{ISSUER, PASSWORD, Setup, TestApp};

const HTTPS_ISSUER: &str = "https://auth.example.com";

async fn under(issuer: &str) -> TestApp {
    let mut setup = Setup::default();
    setup.token.issuer = issuer.to_owned();
    let app = setup.start().await;
    app.add_account("ana").await;
    app.add_app().await;
    app
}

#[tokio::test]
async fn a_page_may_be_framed_by_nobody_and_leads_to_us_and_its_client_alone() {
    let app = under(ISSUER).await;
    let mut browser = app.browser();
    let page = browser.ask(&Asked::new()).await.assert_page(200, "Sign in");
    let consent = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow");
    for page in [page, consent] {
        assert_eq!(
            page.header("content-security-policy"),
            Some(
                "default-src 'none'; style-src 'self'; form-action 'self' https://app.example.com; \
                 frame-ancestors 'none'; base-uri 'none'"
            )
        );
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        // `no-referrer` would make browsers send our own forms with `Origin: null`.
        assert_eq!(page.header("referrer-policy"), Some("same-origin"));
        let text = page.text();
        for inline in ["<script", "<style", " style=", " on", "javascript:", "http-equiv"] {
            assert!(!text.to_lowercase().contains(inline) || inline == " on", "{inline}: {text}");
        }
        assert!(text.contains("<html lang=\"en\">") && text.contains("width=device-width"));
    }
}

#[tokio::test]
async fn the_stylesheet_may_be_kept_for_ever_under_its_name() {
    let app = under(ISSUER).await;
    let page = app.browser().ask(&Asked::new()).await.text();
    let path = page.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(path.starts_with("/assets/pages-") && path.ends_with(".css"), "{path}");
    let css = app.get(path).send().await.assert_status(200);
    assert_eq!(css.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(css.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(css.text().contains("prefers-color-scheme: dark") && !css.text().contains("url("));
    app.get("/assets/pages-other.css").send().await.assert_problem(404, "not_found");
    app.get("/assets/..%2f..%2fCargo.toml").send().await.assert_problem(404, "not_found");
}

#[tokio::test]
async fn the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts() {
    for (issuer, name, secure) in [(ISSUER, SESSION_COOKIE, false), (HTTPS_ISSUER, "__Host-countersign-session", true)]
    {
        let app = under(issuer).await;
        let page = app.browser().ask(&Asked::new()).await;
        let form = page.form("/sign-in");
        let body = form.body(&[("login", "ana"), ("password", PASSWORD)]);
        let request = app.post("/sign-in").origin(issuer);
        let signed_in = request.header("content-type", crate::support::machines::FORM).body(body).send().await;
        let cookies = signed_in.assert_page(200, "Allow").set_cookies();
        assert_eq!(cookies.len(), 1, "no token beside it: {cookies:?}");
        let mut attributes = vec!["HttpOnly", "Max-Age=7776000", "Path=/", "SameSite=Lax"];
        attributes.extend(secure.then_some("Secure"));
        assert_eq!((cookies[0].name.as_str(), cookies[0].attributes.as_slice()), (name, &*own(&attributes)));
        assert!(cookies[0].value.starts_with("cso_") && cookies[0].value.len() == 47);
    }
}

fn own(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn below_a_path_the_pages_find_each_other() {
    let app = under("https://auth.example.com/tenant").await;
    let page = app.browser().ask(&Asked::new()).await.assert_page(200, "action=\"/tenant/sign-in\"");
    assert!(page.text().contains("href=\"/tenant/assets/pages-"));
}
