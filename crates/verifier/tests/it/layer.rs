//! The tower layer: what reaches the service behind it, and what is answered in its place (RFC 6750 section 3).

use std::convert::Infallible;

use countersign_verifier::{Mint, StalePolicy, TestIssuer, VerifiedToken, Verifier, VerifierLayer};
use http::{Request, Response, header::HeaderValue};
use serde_json::Value;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::*;

/// Says whose token it saw.
async fn whoami(request: Request<()>) -> Result<Response<String>, Infallible> {
    let token = request.extensions().get::<VerifiedToken<Value>>();
    Ok(Response::new(token.and_then(VerifiedToken::subject).unwrap_or("nobody").to_owned()))
}

fn layer(verifier: &Verifier) -> VerifierLayer<Value> {
    VerifierLayer::new(verifier.clone()).claims()
}

async fn call(layer: VerifierLayer<Value>, authorization: &[&str]) -> Response<String> {
    let mut request = Request::get("/orders").body(()).unwrap();
    for value in authorization {
        request.headers_mut().append("authorization", HeaderValue::from_str(value).unwrap());
    }
    layer.layer(service_fn(whoami)).oneshot(request).await.unwrap()
}

/// Status and challenge.
fn answer(response: &Response<String>) -> (u16, Option<&str>) {
    assert_eq!(response.headers()["cache-control"], "no-store");
    let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap());
    (response.status().as_u16(), challenge)
}

#[tokio::test]
async fn a_good_token_reaches_the_service_with_its_claims() {
    let (issuer, verifier) = pair().await;
    let minted = issuer.sign(&Mint::new(AUDIENCE).subject("ana"));
    for scheme in ["Bearer", "bearer", "BEARER "] {
        let response = call(layer(&verifier), &[&format!("{scheme} {}", minted.token)]).await;
        assert_eq!((response.status().as_u16(), &**response.body()), (200, "ana"), "{scheme}");
    }
}

#[tokio::test]
async fn without_a_token_the_challenge_names_no_error() {
    let (_issuer, verifier) = pair().await;
    for authorization in [&[][..], &["Basic YTpi"], &["Negotiate"]] {
        assert_eq!(answer(&call(layer(&verifier), authorization).await), (401, Some("Bearer")), "{authorization:?}");
    }
}

#[tokio::test]
async fn a_header_that_can_be_read_in_two_ways_is_a_bad_request() {
    let (issuer, verifier) = pair().await;
    let good = format!("Bearer {}", issuer.mint(AUDIENCE).token);
    let two = format!("{good}, {good}");
    let spaced = format!("{good} more");
    for authorization in
        [&["Bearer"][..], &["Bearer "], &[&*good, &*good], &["Basic YTpi", &*good], &[&*two], &[&*spaced]]
    {
        let response = call(layer(&verifier), authorization).await;
        let (status, challenge) = answer(&response);
        assert_eq!(status, 400);
        assert!(challenge.unwrap().starts_with(r#"Bearer error="invalid_request", error_description=""#));
    }
}

#[tokio::test]
async fn a_bad_token_is_an_invalid_token_and_the_text_holds_nothing_of_it() {
    let (issuer, verifier) = pair().await;
    let (other, revoked) = (issuer.mint("https://secret-audience.example"), issuer.mint(AUDIENCE));
    issuer.revoke_session(&revoked.session);
    until_judged(&verifier, &revoked, "revoked").await;
    let expect = |text| format!(r#"Bearer error="invalid_token", error_description="{text}""#);
    for (token, text) in [
        (&*other.token, "the token is for another audience"),
        (&*revoked.token, "the token was revoked"),
        ("abc", "the token is not valid"),
        ("a.b.c", "the token is not valid"),
    ] {
        let response = call(layer(&verifier), &[&format!("Bearer {token}")]).await;
        assert_eq!(answer(&response), (401, Some(&*expect(text))));
        assert!(response.body().is_empty());
    }
}

#[tokio::test]
async fn what_the_token_does_not_allow_is_forbidden() {
    let (issuer, verifier) = pair().await;
    let minted = issuer.sign(&Mint::new(AUDIENCE).scope("orders:read").role("clerk"));
    let authorization = format!("Bearer {}", minted.token);
    let call_with = |layer: VerifierLayer<Value>| {
        let authorization = authorization.clone();
        async move { call(layer, &[&authorization]).await }
    };
    assert_eq!(call_with(layer(&verifier).require_scope("orders:read")).await.status(), 200);
    assert_eq!(call_with(layer(&verifier).require_role("clerk")).await.status(), 200);
    let both = layer(&verifier).require_scope("orders:read").require_scope("orders:write");
    let expected = r#"Bearer error="insufficient_scope", error_description="the token does not allow this", scope="orders:read orders:write""#;
    assert_eq!(answer(&call_with(both).await), (403, Some(expected)));
    // A scope that it has already would not help.
    let role = call_with(layer(&verifier).require_scope("orders:read").require_role("admin")).await;
    let expected = r#"Bearer error="insufficient_scope", error_description="the token does not allow this""#;
    assert_eq!(answer(&role), (403, Some(expected)));
    // A scope is one word, not the beginning of one.
    assert_eq!(call_with(layer(&verifier).require_scope("orders")).await.status(), 403);
    assert_eq!(call_with(layer(&verifier).require_scope("")).await.status(), 403);
}

#[tokio::test]
async fn while_nothing_is_known_it_answers_503() {
    let issuer = TestIssuer::start().await;
    issuer.stop();
    let verifier = builder(&issuer).stale(StalePolicy::Refuse).build().await.unwrap();
    let response = call(layer(&verifier), &[&format!("Bearer {}", issuer.mint(AUDIENCE).token)]).await;
    assert_eq!(answer(&response), (503, None));
    assert_eq!(response.headers()["retry-after"], "1");
}
