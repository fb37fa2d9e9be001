//! The extractors for axum.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::FromRef,
    routing::{get, post},
};
use countersign_verifier::{Bearer, BearerFor, Demand, Mint, Needs, Refusal, StalePolicy, Verifier};
use http::{Request, StatusCode};
use serde::Deserialize;
use tower::ServiceExt as _;

use crate::support::*;

#[derive(Clone)]
struct App {
    verifier: Verifier,
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}

#[derive(Deserialize)]
struct Tenant {
    tenant: String,
}

struct Pay;

impl Demand for Pay {
    fn needs() -> Needs {
        Needs::any_token().scope("pay").stale(StalePolicy::Refuse)
    }
}

async fn subject(Bearer(token): Bearer) -> String {
    token.subject().unwrap_or("nobody").to_owned()
}

async fn perhaps(bearer: Option<Bearer>) -> &'static str {
    if bearer.is_some() { "signed in" } else { "anonymous" }
}

async fn tenant(Bearer(token): Bearer<Tenant>) -> String {
    token.claims().tenant.clone()
}

async fn pay(bearer: BearerFor<Pay>) -> String {
    bearer.token.scopes().join(" ")
}

async fn read(Bearer(token): Bearer) -> Result<&'static str, Refusal> {
    token.require_scope("orders:read")?;
    Ok("orders")
}

fn router(verifier: &Verifier) -> Router {
    Router::new()
        .route("/subject", get(subject))
        .route("/perhaps", get(perhaps))
        .route("/tenant", get(tenant))
        .route("/pay", post(pay))
        .route("/read", get(read))
        .with_state(App { verifier: verifier.clone() })
}

async fn call(verifier: &Verifier, method: &str, path: &str, token: Option<&str>) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = router(verifier).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn handlers_get_the_token_that_holds() {
    let (issuer, verifier) = pair().await;
    let minted = issuer.sign(&Mint::new(AUDIENCE).subject("ana").claim("tenant", "blue").scope("pay"));
    let token = Some(&*minted.token);
    assert_eq!(call(&verifier, "GET", "/subject", token).await, (StatusCode::OK, "ana".to_owned()));
    assert_eq!(call(&verifier, "GET", "/tenant", token).await, (StatusCode::OK, "blue".to_owned()));
    assert_eq!(call(&verifier, "POST", "/pay", token).await, (StatusCode::OK, "pay".to_owned()));
    assert_eq!(call(&verifier, "GET", "/perhaps", token).await, (StatusCode::OK, "signed in".to_owned()));
}

#[tokio::test]
async fn handlers_are_not_reached_without() {
    let (issuer, verifier) = pair().await;
    let minted = issuer.mint(AUDIENCE);
    assert_eq!(call(&verifier, "GET", "/subject", None).await.0, 401);
    assert_eq!(call(&verifier, "GET", "/subject", Some("x")).await.0, 401);
    assert_eq!(call(&verifier, "GET", "/tenant", Some(&minted.token)).await.0, 401, "its claims are other ones");
    assert_eq!(call(&verifier, "POST", "/pay", Some(&minted.token)).await.0, 403);
    assert_eq!(call(&verifier, "GET", "/read", Some(&minted.token)).await.0, 403);
    assert_eq!(call(&verifier, "GET", "/perhaps", None).await, (StatusCode::OK, "anonymous".to_owned()));
    assert_eq!(call(&verifier, "GET", "/perhaps", Some("x")).await.0, 401, "a bad token is not none");
}

#[tokio::test]
async fn one_route_refuses_while_stale_and_the_others_do_not() {
    let (clock, issuer, verifier) = pair_on_a_clock().await;
    let minted = issuer.sign(&Mint::new(AUDIENCE).scope("pay"));
    issuer.pause_feed();
    clock.advance(std::time::Duration::from_secs(11));
    assert_eq!(call(&verifier, "GET", "/subject", Some(&minted.token)).await.0, 200);
    assert_eq!(call(&verifier, "POST", "/pay", Some(&minted.token)).await.0, 503);
}
