//! The layer around any `tower` service, and the core on `http` types for what is neither; played against the test kit.

use std::{convert::Infallible, error::Error, time::Duration};

use countersign_verifier::{Mint, Needs, Registered, StalePolicy, TestIssuer, VerifiedToken, Verifier, VerifierLayer};
use http::{Request, Response};
use tower::{Layer as _, ServiceExt as _, service_fn};

const AUDIENCE: &str = "https://orders.example";

// [service]
/// Some service: it finds the token among the request's extensions.
async fn orders(request: Request<()>) -> Result<Response<String>, Infallible> {
    let token = request.extensions().get::<VerifiedToken>();
    Ok(Response::new(format!("orders of {}", token.and_then(VerifiedToken::subject).unwrap_or("nobody"))))
}

async fn through_the_layer(verifier: Verifier, request: Request<()>) -> Result<Response<String>, Infallible> {
    let layer = VerifierLayer::new(verifier).require_scope("orders:read").stale(StalePolicy::Refuse);
    layer.layer(service_fn(orders)).oneshot(request).await
}
// [service]

// [core]
/// Without tower: the head of a request in, a token or a whole answer out.
async fn by_hand(verifier: &Verifier, request: Request<()>) -> Response<String> {
    let (parts, _body) = request.into_parts();
    let needs = Needs::any_token().scope("orders:read");
    match verifier.authenticate::<Registered>(&parts, &needs).await {
        Ok(token) => Response::new(format!("orders of {}", token.subject().unwrap_or("nobody"))),
        Err(refusal) => refusal.into_response(),
    }
}
// [core]

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // [test-kit]
    let issuer = TestIssuer::start().await;
    let verifier = Verifier::builder(issuer.url()).audience(AUDIENCE).build().await?;
    assert!(verifier.wait_until_current(Duration::from_secs(10)).await);
    let minted = issuer.sign(&Mint::new(AUDIENCE).subject("ana").scope("orders:read"));
    // [test-kit]

    let request = |token: &str| Request::get("/orders").header("authorization", format!("Bearer {token}")).body(());
    let response = through_the_layer(verifier.clone(), request(&minted.token)?).await?;
    assert_eq!((response.status().as_u16(), &**response.body()), (200, "orders of ana"));
    assert_eq!(by_hand(&verifier, request(&minted.token)?).await.body(), "orders of ana");

    // [revoke]
    let token = verifier.verify::<Registered>(&minted.token)?;
    issuer.revoke_session(&minted.session);
    token.revoked().await;
    assert_eq!(by_hand(&verifier, request(&minted.token)?).await.status(), 401);
    // [revoke]
    Ok(())
}
