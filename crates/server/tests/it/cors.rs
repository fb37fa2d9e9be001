//! What pages of other origins may call and read. What changes state by cookie is in `cross_site.rs`.

use crate::support::apps::{CALLBACK, exchange_form};
use crate::support::client::{Request, Response};
use crate::support::holders::Holder;
use crate::support::machines::FORM;
use crate::support::{ACCESS_COOKIE, Setup, TestApp};
use countersign_core::client::ClientKind;
use serde_json::json;

/// A page of which nobody told the server.
const APP: &str = "https://app.example";
const TRUSTED: &str = "https://trusted.example";
const KNOWN: &str = "https://known.example";
const PUBLIC: [&str; 3] =
    ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json"];

fn preflight(app: &TestApp, path: &str, origin: &str, method: &str, headers: &str) -> Request {
    let request = app.request("OPTIONS", path).origin(origin).header("access-control-request-method", method);
    request.header("access-control-request-headers", headers)
}

/// That every page may read it, without cookies.
#[track_caller]
fn assert_open(answer: &Response) {
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{:?}", answer.headers);
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let exposed = answer.header("access-control-expose-headers").unwrap();
    for header in ["dpop-nonce", "retry-after", "www-authenticate"] {
        assert!(exposed.contains(header), "{exposed}");
    }
}

#[track_caller]
fn assert_closed(answer: &Response) {
    let closed = !answer.headers.iter().any(|(name, _)| name.starts_with("access-control-"));
    assert!(closed, "{:?}", answer.headers);
}

#[tokio::test]
async fn a_single_page_app_needs_nothing_but_its_registration() {
    let app = TestApp::start().await;
    let spa = app.add_application("spa", ClientKind::Spa).await;
    let mut holder = Holder::new();
    for path in ["/oauth2/token", "/oauth2/par", "/oauth2/revoke", "/oauth2/register"] {
        let allowed = preflight(&app, path, APP, "POST", "authorization,content-type,dpop").send().await;
        assert_open(&allowed.assert_status(204));
    }
    let challenge = crate::support::apps::CHALLENGE;
    let pushed =
        format!("response_type=code&redirect_uri={CALLBACK}&code_challenge={challenge}&code_challenge_method=S256");
    let pushed = app.client_form(&spa, "/oauth2/par", &pushed).origin(APP).send().await.assert_status(201);
    assert_open(&pushed);
    let code = app.code("ana", &spa, "openid").await;
    // The nonce that it is told to use must be readable for its script.
    let answer = holder.send(&app, || app.client_request(&spa, &exchange_form(&code)).origin(APP)).await;
    assert_open(&answer.clone().assert_status(200));
    assert!(answer.header("dpop-nonce").is_some());
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let userinfo = |proof: &str| {
        app.get("/oauth2/userinfo").header("authorization", &format!("DPoP {token}")).header("dpop", proof)
    };
    for method in ["GET", "POST"] {
        let allowed = preflight(&app, "/oauth2/userinfo", APP, method, "authorization,dpop").send().await;
        assert_open(&allowed.clone().assert_status(204));
        // `*` alone would leave `authorization` out (Fetch, 4.9).
        assert_eq!(allowed.header("access-control-allow-headers"), Some("*, authorization"));
    }
    let proof = holder.proof(&app, "GET", "/oauth2/userinfo", Some(&token));
    assert_open(&userinfo(&proof).origin(APP).send().await.assert_status(200));
    let revoked = app.client_form(&spa, "/oauth2/revoke", &format!("token={token}")).origin(APP).send().await;
    assert_open(&revoked.assert_status(200));
    // What went wrong must be readable too.
    let refused = app.post("/oauth2/token").origin(APP).header("content-type", FORM).body("x=y").send().await;
    assert_open(&refused.assert_oauth_error(401, "invalid_client"));
    assert_open(&app.get("/oauth2/userinfo").origin(APP).send().await.assert_status(401));
}

#[tokio::test]
async fn what_every_page_may_call_reads_no_cookie() {
    let app = TestApp::start().await;
    let access = app.sign_in_with_cookies("ana").await.set_cookie(ACCESS_COOKIE).value;
    for method in ["GET", "POST"] {
        app.request(method, "/oauth2/userinfo").cookie(ACCESS_COOKIE, &access).send().await.assert_status(401);
    }
    for path in ["/oauth2/token", "/oauth2/par", "/oauth2/revoke"] {
        let by_cookie = app.post(path).cookie(ACCESS_COOKIE, &access).header("content-type", FORM).body("token=x");
        by_cookie.send().await.assert_oauth_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn metadata_and_keys_are_for_every_page() {
    let app = TestApp::start().await;
    for path in PUBLIC {
        for method in ["GET", "HEAD"] {
            assert_open(&app.request(method, path).origin(APP).send().await.assert_status(200));
            assert_open(&app.request(method, path).send().await.assert_status(200));
        }
        // Clients of the Model Context Protocol send this one with each request.
        assert_open(&preflight(&app, path, APP, "GET", "mcp-protocol-version").send().await.assert_status(204));
    }
    // A client that looks in the wrong place must learn that, and look on.
    assert_open(&app.get("/.well-known/oauth-authorization-server/mcp").origin(APP).send().await.assert_status(404));
}

#[tokio::test]
async fn everything_else_stays_with_the_origins_that_are_configured() {
    let origins = |origin: &str| vec![origin.to_owned()];
    let setup = Setup { cors_origins: origins(KNOWN), trusted_origins: origins(TRUSTED), ..Setup::default() };
    let app = setup.start().await;
    let machine = app.add_machine("worker", "", &[]).await;
    // The authorization endpoint is for none of them: `oauth2/attacks/browsers.rs`.
    for path in ["/api/v1/sign-in", "/api/v1/me", "/api/v1/admin/clients", "/oauth2/introspect"] {
        let refused = preflight(&app, path, APP, "POST", "authorization,content-type").send().await;
        assert_closed(&refused);
        assert_eq!(refused.status, 405, "{path}");
        let known = preflight(&app, path, KNOWN, "POST", "authorization,content-type").send().await;
        assert_eq!(known.assert_status(204).header("access-control-allow-origin"), Some(KNOWN));
    }
    for (path, status) in [("/healthz", 200), ("/api/v1/me", 401), ("/sign-in", 400), ("/oauth2/authorize", 400)] {
        assert_closed(&app.get(path).origin(APP).send().await.assert_status(status));
    }
    let asked = app.post("/oauth2/introspect").origin(APP).header("authorization", &machine.basic());
    assert_closed(&asked.header("content-type", FORM).body("token=x").send().await.assert_status(200));
    // An origin that may come with cookies is answered by name: `*` would refuse it.
    for path in PUBLIC {
        let answer = app.get(path).origin(TRUSTED).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(TRUSTED));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
    assert_eq!(app.get("/api/v1/me").origin(KNOWN).send().await.json()["code"], json!("missing_token"));
}
