//! Whatever comes from outside is text on a page.

use crate::support::browsers::{Asked, CALLBACK};
use crate::support::{PASSWORD, TestApp};
use countersign_core::client::ClientKind;

const PROBE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{7*7}}";

#[tokio::test]
async fn no_text_from_outside_becomes_markup() {
    let app = TestApp::start().await;
    app.add_account(PROBE).await;
    app.add_account("ana").await;
    app.add_client("app", ClientKind::Spa, Some(PROBE), &[CALLBACK], "", &[]).await;
    let scope = "openid <script>alert(1)</script> '><b>";
    let asked = Asked::new().with("state", PROBE).with("login_hint", PROBE).with("scope", scope).with("nonce", PROBE);
    let asked = asked.with("x", PROBE).with(PROBE, PROBE);
    let mut browser = app.browser();
    let page = browser.ask(&asked).await.assert_page(200, "Sign in");
    let refused = browser.sign_in(&page, PROBE, "wrong password of anybody").await.assert_page(401, "role=\"alert\"");
    let consent = browser.sign_in(&page, PROBE, PASSWORD).await.assert_page(200, "Allow");
    let answer = browser.ask(&asked.clone().with("prompt", "login").with("response_mode", "form_post")).await;
    let answer = browser.sign_in(&answer, "ana", PASSWORD).await.assert_page(200, "Allow");
    let answer = browser.allow(&answer).await.assert_page(200, "Continue");
    for page in [page, refused, consent, answer] {
        let text = page.text();
        for markup in ["<script>alert", "<img", "<b>", "onerror=alert(1)>"] {
            assert!(!text.contains(markup), "{markup}: {text}");
        }
    }
}

#[tokio::test]
async fn error_pages_repeat_nothing() {
    let app = TestApp::start().await;
    app.add_app().await;
    for (name, value) in [("client_id", PROBE), ("redirect_uri", PROBE), (PROBE, PROBE)] {
        let query = format!("{}&state=s-1", Asked::new().with(name, value).query());
        let page = app.get(&format!("/oauth2/authorize?{query}")).send().await.assert_page(400, "malformed");
        assert!(!page.text().contains("alert(1)") && !page.text().contains("s-1"));
    }
}
