//! Protected resource metadata (RFC 9728), and challenges that point to it.

use axum::{
    Router,
    body::{Body, to_bytes},
    routing::{get, post},
};
use countersign_verifier::{
    Bearer, Builder, Complete, Issuers, Mint, Needs, Refusal, ResourceMetadata, TestIssuer, Verifier, VerifierLayer,
};
use http::{Request, Response};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::*;

const RESOURCE: &str = "https://api.example/mcp";
const PATH: &str = "/.well-known/oauth-protected-resource/mcp";
const POINTER: &str = r#"resource_metadata="https://api.example/.well-known/oauth-protected-resource/mcp""#;

fn described(issuer: &TestIssuer) -> Builder<Complete> {
    let metadata = ResourceMetadata::new().name("Notes").scope("notes:read");
    Verifier::builder(issuer.url()).audience(RESOURCE).timing(quick()).metadata(metadata)
}

async fn write(Bearer(token): Bearer) -> Result<&'static str, Refusal> {
    token.require(&Needs::any_token().scope("notes:read").scope("notes:write"))?;
    Ok("written")
}

fn router(verifier: &Verifier) -> Router {
    let layer = VerifierLayer::new(verifier.clone()).require_scope("notes:read");
    Router::new()
        .route("/read", get(|| async { "notes" }).layer(layer))
        .route("/write", post(write))
        .merge(verifier.metadata_routes())
        .with_state(verifier.clone())
}

async fn call(verifier: &Verifier, method: &str, path: &str, token: Option<&str>) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    router(verifier).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn challenges(response: &Response<Body>) -> Vec<&str> {
    response.headers().get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn anybody_learns_who_issues_tokens_for_this_resource() {
    let issuer = TestIssuer::start().await;
    let verifier = described(&issuer).build().await.unwrap();
    let response = call(&verifier, "GET", PATH, None).await;
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "public, max-age=3600"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    let mut document: Value = serde_json::from_slice(&body).unwrap();
    let algorithms = document.as_object_mut().unwrap().remove("dpop_signing_alg_values_supported").unwrap();
    assert!(algorithms.as_array().unwrap().contains(&json!("ES256")), "{algorithms}");
    assert!(!algorithms.to_string().contains("HS"), "a proof is never made with a shared secret: {algorithms}");
    let expected = json!({
        "resource": RESOURCE,
        "authorization_servers": [issuer.url()],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["notes:read"],
        "resource_name": "Notes",
    });
    assert_eq!(document, expected);
}

#[tokio::test]
async fn scripts_of_other_sites_may_read_it_whatever_headers_they_send_and_nobody_may_write() {
    let verifier = described(&TestIssuer::start().await).build().await.unwrap();
    let preflight = call(&verifier, "OPTIONS", PATH, None).await;
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    assert_eq!(preflight.headers()["access-control-allow-headers"], "*");
    let head = call(&verifier, "HEAD", PATH, None).await;
    assert_eq!((head.status().as_u16(), &head.headers()["content-type"]), (200, &"application/json".parse().unwrap()));
    let post = call(&verifier, "POST", PATH, None).await;
    assert_eq!((post.status().as_u16(), &post.headers()["allow"]), (405, &"GET, HEAD, OPTIONS".parse().unwrap()));
    assert_eq!(call(&verifier, "GET", "/.well-known/oauth-protected-resource", None).await.status(), 404);
    // For servers without axum.
    let other = verifier.metadata_response::<String>(&http::Method::GET, "/.well-known/oauth-protected-resource");
    assert!(other.is_none());
    let same = verifier.metadata_response::<String>(&http::Method::GET, PATH).unwrap();
    assert!(same.body().contains(RESOURCE));
}

#[tokio::test]
async fn every_challenge_points_to_the_metadata_and_names_the_scope_that_helps() {
    let issuer = TestIssuer::start().await;
    let verifier = current(described(&issuer)).await;
    let nothing = call(&verifier, "GET", "/read", None).await;
    assert_eq!(nothing.status(), 401);
    let [bearer, dpop] = challenges(&nothing)[..] else { panic!("one for each scheme") };
    assert_eq!(bearer, format!(r#"Bearer scope="notes:read", {POINTER}"#));
    assert!(dpop.starts_with(r#"DPoP scope="notes:read", algs="ES256"#) && dpop.ends_with(POINTER), "{dpop}");

    let bad = call(&verifier, "GET", "/read", Some("abc")).await;
    let expected = format!(r#"Bearer error="invalid_token", error_description="the token is not valid", {POINTER}"#);
    assert_eq!((bad.status().as_u16(), challenges(&bad)), (401, vec![&*expected]));

    let minted = issuer.sign(&Mint::new(RESOURCE).scope("notes:read"));
    assert_eq!(call(&verifier, "GET", "/read", Some(&minted.token)).await.status(), 200);
    let less = call(&verifier, "POST", "/write", Some(&minted.token)).await;
    let expected = format!(
        r#"Bearer error="insufficient_scope", error_description="the token does not allow this", scope="notes:read notes:write", {POINTER}"#
    );
    assert_eq!((less.status().as_u16(), challenges(&less)), (403, vec![&*expected]));
    let more = issuer.sign(&Mint::new(RESOURCE).scope("notes:read").scope("notes:write"));
    assert_eq!(call(&verifier, "POST", "/write", Some(&more.token)).await.status(), 200);
}

#[tokio::test]
async fn a25_a_token_for_a_neighbour_of_this_resource_is_refused() {
    let issuer = TestIssuer::start().await;
    let verifier = current(described(&issuer)).await;
    for audience in
        ["https://api.example", "https://api.example/", "https://api.example/mcp/", "https://api.example/MCP"]
    {
        let minted = issuer.sign(&Mint::new(audience).scope("notes:read"));
        let response = call(&verifier, "GET", "/read", Some(&minted.token)).await;
        assert_eq!(response.status(), 401, "{audience}");
        assert!(challenges(&response)[0].contains("the token is for another audience"));
    }
}

#[tokio::test]
async fn several_issuers_are_told_together() {
    let (a, b) = (TestIssuer::start().await, TestIssuer::start().await);
    let both = ResourceMetadata::new().other_issuer(b.url());
    let described = Verifier::builder(a.url()).audience(RESOURCE).metadata(both).build().await.unwrap();
    let response = described.metadata_response::<String>(&http::Method::GET, PATH).unwrap();
    let document: Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(document["authorization_servers"], json!([a.url(), b.url()]));

    let other = Verifier::builder(b.url()).audience(RESOURCE).build().await.unwrap();
    let issuers: Issuers = [described, other].into_iter().collect();
    let needs = Needs::any_token().scope("notes:read");
    for (authorization, expected) in [
        (None, format!(r#"Bearer scope="notes:read", {POINTER}"#)),
        (
            Some("Bearer abc"),
            format!(r#"Bearer error="invalid_token", error_description="the token is not valid", {POINTER}"#),
        ),
    ] {
        let request = Request::get("/read");
        let request = authorization.into_iter().fold(request, |request, value| request.header("authorization", value));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let refusal = issuers.authenticate::<Value>(&parts, &needs).await.unwrap_err();
        assert_eq!((refusal.status().as_u16(), refusal.challenges()[0].as_bytes()), (401, expected.as_bytes()));
    }
}

#[tokio::test]
async fn each_resource_of_one_verifier_has_metadata_of_its_own() {
    let verifier = described(&TestIssuer::start().await).build().await.unwrap();
    assert_eq!(verifier.for_audience("https://api.example/files").metadata_url(), None);
    let files = verifier.for_resource("https://api.example/files", &ResourceMetadata::new()).unwrap();
    assert_eq!(files.metadata_url(), Some("https://api.example/.well-known/oauth-protected-resource/files"));
    assert_eq!(verifier.metadata_url(), Some("https://api.example/.well-known/oauth-protected-resource/mcp"));
}

#[tokio::test]
async fn where_the_document_is_follows_from_the_audience() {
    let issuer = TestIssuer::start().await;
    let at =
        |audience: &'static str| Verifier::builder(issuer.url()).audience(audience).metadata(ResourceMetadata::new());
    for (audience, expected) in [
        ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
        ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
        ("https://api.example:8443/a/b", "https://api.example:8443/.well-known/oauth-protected-resource/a/b"),
        ("http://127.0.0.1:3000/:mcp", "http://127.0.0.1:3000/.well-known/oauth-protected-resource/:mcp"),
        ("https://api.example/{mcp}", "https://api.example/.well-known/oauth-protected-resource/%7Bmcp%7D"),
    ] {
        let verifier = at(audience).build().await.unwrap();
        assert_eq!(verifier.metadata_url(), Some(expected));
        let path = expected.split_at(expected.find("/.well").unwrap()).1;
        let response = verifier.metadata_routes::<()>().oneshot(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.unwrap().status(), 200, "{path}");
    }
    for audience in
        ["orders", "urn:orders", "http://api.example/", "https://api.example/?a=1", "https://api.example/#a"]
    {
        assert_eq!(at(audience).build().await.unwrap_err().code(), "resource_metadata", "{audience}");
    }
}

#[tokio::test]
async fn a_verifier_that_requires_proofs_says_so() {
    let verifier = described(&TestIssuer::start().await).require_proofs().build().await.unwrap();
    let response = verifier.metadata_response::<String>(&http::Method::GET, PATH).unwrap();
    let document: Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(document["dpop_bound_access_tokens_required"], true);
}
