//! What other sites, and the browser itself, do with pages, redirects and addresses.

use crate::support::apps;
use crate::support::browsers::{Asked, CALLBACK};
use crate::support::machines::FORM;
use crate::support::{ACCESS_COOKIE, ISSUER, PASSWORD, Response, Setup, TestApp};
use countersign_core::client::ClientKind;

const FRIEND: &str = "https://friend.example.com";

async fn setup() -> TestApp {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_app().await;
    app
}

/// Every page that there is: sign-in, a refused password, consent, an answer that is posted, errors, signing out.
async fn pages(app: &TestApp) -> Vec<Response> {
    let mut browser = app.browser();
    let sign_in = browser.ask(&Asked::new()).await.assert_status(200);
    let refused = browser.sign_in(&sign_in, "ana", "not the right one at all").await.assert_status(401);
    let consent = browser.sign_in(&sign_in, "ana", PASSWORD).await.assert_status(200);
    browser.allow(&consent).await.redirected(CALLBACK);
    let posted = browser.ask(&Asked::new().with("response_mode", "form_post")).await.assert_status(200);
    let malformed = browser.ask(&Asked::new().with("client_id", "nobody")).await.assert_status(400);
    let cross_site = app.post("/consent").origin("https://evil.example").header("content-type", FORM).body("").send();
    let (cross_site, method) = (cross_site.await, app.request("PUT", "/sign-in").send().await);
    let ask_out = browser.send(app.get("/oauth2/logout")).await.assert_status(200);
    let signed_out = app.get("/oauth2/logout").send().await.assert_status(200);
    vec![
        sign_in,
        refused,
        consent,
        posted,
        malformed,
        cross_site.assert_status(403),
        method.assert_status(405),
        ask_out,
        signed_out,
    ]
}

/// RFC 9700 §4.16: a page of ours under a page of theirs, and a click that is meant for theirs.
#[tokio::test]
async fn no_page_may_be_framed() {
    let app = setup().await;
    for page in pages(&app).await {
        let status = page.status;
        page.assert_page(status, "<html");
    }
}

/// RFC 9700 §4.2: what is in an address of ours is in no `Referer` that another site gets, and nothing on a page is loaded
/// from elsewhere.
#[tokio::test]
async fn no_other_site_is_told_where_somebody_came_from() {
    let app = setup().await;
    for page in pages(&app).await {
        assert_eq!(page.header("referrer-policy"), Some("same-origin"));
        let html = page.text();
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for target in html.split(attribute).skip(1) {
                let is_answer = attribute == "action=\"" && target.starts_with(CALLBACK);
                assert!(target.starts_with('/') && !target.starts_with("//") || is_answer, "{attribute}{target}");
            }
        }
    }
    let mut browser = app.browser();
    for asked in [Asked::new().with("prompt", "none"), Asked::new().with("response_type", "token")] {
        let answer = browser.ask(&asked).await;
        answer.redirected(CALLBACK);
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }
}

/// RFC 9700 §4.12: a browser that is sent on by 307 takes the form with it, and the client gets the password.
#[tokio::test]
async fn no_redirect_takes_a_typed_password_with_it() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    // Agreed before, so that the answer to the password itself leads to the client; `redirected` asks for 303.
    let page = browser.ask(&Asked::new().with("prompt", "login")).await.assert_page(200, "Sign in");
    let answer = browser.sign_in(&page, "ana", PASSWORD).await;
    answer.redirected(CALLBACK);
    assert!(!answer.header("location").unwrap().contains("herons"));
    // The other way that a form is answered by a redirect.
    let posted = app.post("/oauth2/authorize").header("content-type", FORM).body(Asked::new().query()).send().await;
    assert_eq!((posted.status, posted.body.len()), (303, 0));
}

/// RFC 9700 §4.3: what is in an address stays in the browser's history. No token is ever in one, and none is read from
/// one.
#[tokio::test]
async fn no_token_is_in_an_address_or_taken_from_one() {
    let app = setup().await;
    let spa = app.add_application("spa", ClientKind::Spa).await;
    let code = app.code("ana", &spa, "openid").await;
    let token = app.exchange(&spa, &code).await.oauth_tokens().access_token;
    app.get("/oauth2/userinfo").bearer(&token).send().await.assert_status(200);
    let query = app.get(&format!("/oauth2/userinfo?access_token={token}")).send().await;
    query.assert_oauth_challenge(401, "invalid_request", "Bearer");
    let form = app.post("/oauth2/userinfo").header("content-type", FORM).body(format!("access_token={token}"));
    form.send().await.assert_oauth_challenge(401, "invalid_request", "Bearer");
    for kind in ["token", "id_token", "id_token token", "code token", "code id_token", "none"] {
        let asked = Asked::new().with("response_type", kind);
        app.browser().ask(&asked).await.assert_refused("unsupported_response_type");
    }
}

/// RFC 9700 §2.6: scripts of other origins use the token endpoint; the authorization endpoint nobody's, even if trusted.
#[tokio::test]
async fn no_script_of_another_origin_reads_a_page() {
    let mut setup = Setup::default();
    (setup.cors_origins, setup.trusted_origins) = (vec![FRIEND.to_owned()], vec!["https://own.example.com".to_owned()]);
    let app = setup.start().await;
    app.add_app().await;
    for origin in [FRIEND, "https://own.example.com", "https://evil.example"] {
        for path in ["/oauth2/authorize", "/sign-in", "/consent", "/oauth2/logout"] {
            for method in ["GET", "POST", "OPTIONS"] {
                let request = app.request(method, &format!("{path}?{}", Asked::new().query())).origin(origin);
                let answer = request.header("access-control-request-method", "POST").send().await;
                assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control-")), "{answer:?}");
            }
        }
    }
    // What clients call is for them, wherever they run: `it/cors.rs`.
    let answer = app.post("/oauth2/token").origin("https://evil.example").header("content-type", FORM).body("").send();
    let answer = answer.await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}

/// RFC 9700 §4.7: somebody else's page makes ana's browser ask, agree or send a token request. A request shows a page and
/// changes nothing, and no endpoint for clients looks at a cookie.
#[tokio::test]
async fn a_forged_request_changes_nothing() {
    let app = setup().await;
    let mut browser = app.browser();
    browser.grant(&Asked::new(), "ana").await.redirected(CALLBACK);
    app.add_client("evil", ClientKind::Spa, None, &["https://evil.example/cb"], "", &[]).await;
    let cookie = app.sign_in_with_cookies("ana").await.set_cookie(ACCESS_COOKIE).value;
    let lured = Asked::new().with("client_id", "evil").with("redirect_uri", "https://evil.example/cb");
    browser.ask(&lured).await.assert_page(200, "Allow evil?");
    let asked = app.post("/oauth2/authorize").origin("https://evil.example").header("content-type", FORM);
    let asked = browser.send(asked.body(lured.query())).await.assert_status(303);
    assert!(asked.header("location").unwrap().starts_with("/oauth2/authorize?"), "asked once more, and no code");
    for path in ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect", "/oauth2/userinfo"] {
        let request = app.post(path).cookie(ACCESS_COOKIE, &cookie).origin(ISSUER).header("content-type", FORM);
        request.body("token=a").send().await.assert_status(401);
    }
    assert_eq!(app.audit("consent.given").await.len(), 1);
    assert_eq!(app.audit("code.issued").await.len(), 1);
}

/// RFC 9700 §4.1: a code that is made for one place is redeemed for no other, even one that is registered.
#[tokio::test]
async fn a_code_for_one_redirect_uri_is_not_redeemed_for_another() {
    let app = setup().await;
    let (here, there) = (apps::CALLBACK, "https://app.example/other");
    app.add_client("two", ClientKind::Spa, None, &[here, there], "", &[]).await;
    let two = apps::Application {
        id: "two".to_owned(),
        method: countersign_core::client::AuthenticationMethod::None,
        secret: String::new(),
    };
    let asked = Asked::new().with("client_id", "two").with("redirect_uri", there);
    let code = app.browser().grant(&asked, "ana").await.redirected(there).remove("code").unwrap();
    app.exchange(&two, &code).await.assert_oauth_error(400, "invalid_grant");
    let form = apps::exchange_form(&code).replace(here, there);
    app.client_request(&two, &form).send().await.oauth_tokens();
}

/// RFC 9700 §2.1: only an app on a device gets its port from the system; anybody else's loopback is a fixed one.
#[tokio::test]
async fn only_an_app_on_a_device_may_name_another_port() {
    let app = setup().await;
    for (kind, any_port) in
        [(ClientKind::Native, true), (ClientKind::Mcp, true), (ClientKind::Spa, false), (ClientKind::Web, false)]
    {
        let id = format!("{kind:?}");
        app.add_client(&id, kind, None, &["http://127.0.0.1:3000/cb"], "", &[]).await;
        let asked = Asked::new().with("client_id", &id).with("prompt", "none");
        let at = async |port: u16| {
            let uri = format!("http://127.0.0.1:{port}/cb");
            app.browser().ask(&asked.clone().with("redirect_uri", &uri)).await.status
        };
        assert_eq!((at(3000).await, at(3001).await), (303, if any_port { 303 } else { 400 }), "{id}");
    }
}
