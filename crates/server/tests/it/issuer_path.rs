//! An issuer with a path, behind a proxy that passes the path on and behind one that strips it.

use crate::support::browsers::{Asked, CALLBACK};
use crate::support::machines::FORM;
use crate::support::{PASSWORD, Setup, TestApp};
use url::form_urlencoded::Serializer;

const ISSUER: &str = "http://localhost:8420/some/auth";
/// As the request comes through a proxy that strips the path, and through one that does not.
const PREFIXES: [&str; 2] = ["", "/some/auth"];

async fn setup() -> TestApp {
    let mut setup = Setup::default();
    setup.token.issuer = ISSUER.to_owned();
    setup.start().await
}

#[tokio::test]
async fn metadata_is_wherever_clients_look_for_it() {
    let app = setup().await;
    let documents = ["oauth-authorization-server", "openid-configuration"];
    for document in documents {
        for place in [
            format!("/.well-known/{document}/some/auth"), // RFC 8414 §3.1, and what MCP clients try second
            format!("/some/auth/.well-known/{document}"), // OpenID Connect Discovery §4.1
            format!("/.well-known/{document}"),           // the same, stripped
        ] {
            let found = app.get(&place).send().await.assert_status(200).json();
            assert_eq!((&found["issuer"], &found["jwks_uri"]), (&ISSUER.into(), &jwks_uri().into()), "{place}");
            assert_eq!(found["token_endpoint"], format!("{ISSUER}/oauth2/token"));
            let head = app.request("HEAD", &place).send().await.assert_status(200);
            assert!(head.body.is_empty());
            assert_eq!(head.header("content-type"), Some("application/json"));
            assert_eq!(head.header("cache-control"), Some("public, max-age=600"));
        }
        for nowhere in ["/other", "/some", "/some/auth/x", "/auth"] {
            let answer = app.get(&format!("/.well-known/{document}{nowhere}")).send().await;
            answer.assert_problem(404, "not_found");
        }
    }
}

fn jwks_uri() -> String {
    format!("{ISSUER}/.well-known/jwks.json")
}

#[tokio::test]
async fn every_route_answers_with_the_path_and_without() {
    let app = setup().await;
    let machine = app.add_machine("worker", "feed:read", &[]).await;
    for prefix in PREFIXES {
        let at = |path: &str| format!("{prefix}{path}");
        app.get(&at("/.well-known/jwks.json")).send().await.assert_status(200);
        app.get(&at("/healthz")).send().await.assert_status(200);
        let token = app.post(&at("/oauth2/token?x=1")).header("authorization", &machine.basic());
        let token = token.header("content-type", FORM).body("grant_type=client_credentials").send().await;
        assert_eq!(token.machine_token().claims()["iss"], ISSUER);
        // Errors have the form of the route, and each answer is told of once.
        app.post(&at("/oauth2/token")).send().await.assert_oauth_error(415, "invalid_request");
        app.get(&at("/oauth2/token")).send().await.assert_oauth_error(405, "invalid_request");
        let lost = app.get(&at("/api/v1/nowhere")).send().await.assert_problem(404, "not_found");
        assert_eq!(lost.headers.iter().filter(|(name, _)| name == "x-request-id").count(), 1);
    }
    for outside in ["/some/authx/healthz", "/auth/healthz", "/some/auth", "/some/auth/some/auth/healthz"] {
        app.get(outside).send().await.assert_problem(404, "not_found");
    }
    let metrics = app.get("/metrics").send().await.text();
    assert!(metrics.contains("route=\"/oauth2/token\"") && !metrics.contains("some/auth"), "one name a route");
}

#[tokio::test]
async fn people_sign_in_below_the_path() {
    let app = setup().await;
    app.add_account("ana").await;
    app.add_app().await;
    for prefix in PREFIXES {
        let query = Asked::new().query();
        let page = app.get(&format!("{prefix}/oauth2/authorize?{query}")).send().await.assert_page(200, "Sign in");
        let form = page.form("/some/auth/sign-in");
        assert!(page.text().contains("href=\"/some/auth/assets/"), "{}", page.text());
        let fields = [("request", form.fields["request"].as_str()), ("login", "ana"), ("password", PASSWORD)];
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        // Where the browser goes, as it comes out of the proxy.
        let post = app.post(&format!("{prefix}/sign-in")).origin("http://localhost:8420").header("content-type", FORM);
        let consent = post.body(body).send().await.assert_page(200, "Allow");
        consent.form("/some/auth/consent");
        let refused = app.get(&format!("{prefix}/oauth2/authorize?{query}&prompt=none")).send().await;
        let location = refused.assert_status(303).header("location").unwrap().to_owned();
        let iss = "&iss=http%3A%2F%2Flocalhost%3A8420%2Fsome%2Fauth";
        assert!(location.starts_with(&format!("{CALLBACK}?error=login_required")) && location.ends_with(iss));
        let posted = app.post(&format!("{prefix}/oauth2/authorize")).header("content-type", FORM).body(query);
        let again = posted.send().await.assert_status(303);
        assert!(again.header("location").unwrap().starts_with("/some/auth/oauth2/authorize?"));
    }
}

#[tokio::test]
async fn a_path_like_one_of_ours_takes_nothing_away() {
    let mut setup = Setup::default();
    setup.token.issuer = "http://localhost:8420/api".to_owned();
    let app = setup.start().await;
    for path in ["/api/v1/me", "/api/api/v1/me"] {
        app.get(path).send().await.assert_problem(401, "missing_token");
    }
    for path in ["/api/openapi.json", "/api/api/openapi.json", "/api/.well-known/jwks.json"] {
        app.get(path).send().await.assert_status(200);
    }
}
