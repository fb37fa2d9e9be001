//! Nonces in proofs of possession (RFC 9449 section 9).

use std::{convert::Infallible, time::Duration};

use countersign_verifier::{ProofNonces, Refusal, Registered, VerifierLayer};
use http::{Request, Response};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::{
    dpop::{Client, challenge_of, request},
    support::*,
};

fn nonces() -> ProofNonces {
    ProofNonces::new(&[7; ProofNonces::KEY_BYTES])
}

async fn client() -> Client {
    Client::with(|builder| builder.dpop_nonces(nonces())).await
}

/// The nonce that an answer hands out.
fn nonce_of<B>(response: &Response<B>) -> Option<String> {
    response.headers().get("dpop-nonce").map(|nonce| nonce.to_str().unwrap().to_owned())
}

async fn refused(client: &Client, id: &str, nonce: Option<&str>) -> Refusal {
    client.present(&client.bound.token, &[&client.proof_with(id, nonce)]).await.unwrap_err()
}

async fn is_accepted(client: &Client, id: &str, nonce: &str) -> bool {
    client.present(&client.bound.token, &[&client.proof_with(id, Some(nonce))]).await.is_ok()
}

#[tokio::test]
async fn without_nonces_of_its_own_a_verifier_asks_for_none_and_ignores_others() {
    let client = Client::new().await;
    assert_eq!(client.verifier.proof_nonce(), None);
    assert!(is_accepted(&client, "1", "of somebody else").await);
    let refusal = refused(&client, "1", None).await;
    assert_eq!((refusal.code(), nonce_of(&refusal.into_response::<()>())), ("replay", None));
}

#[tokio::test]
async fn the_first_answer_hands_out_the_nonce_that_the_next_proof_needs() {
    let client = client().await;
    let refusal = refused(&client, "1", None).await;
    assert_eq!((refusal.code(), refusal.status().as_u16()), ("use_dpop_nonce", 401));
    let challenge = challenge_of(&refusal);
    assert!(challenge.starts_with(r#"DPoP error="use_dpop_nonce", "#) && challenge.contains(r#"algs="ES256"#));
    let response = refusal.into_response::<()>();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let nonce = nonce_of(&response).unwrap();
    // The proof that lacked it was not taken: the same `jti` is good with the nonce, once.
    assert!(is_accepted(&client, "1", &nonce).await);
    assert_eq!(refused(&client, "1", Some(&nonce)).await.code(), "replay");
    for wrong in ["", "x", &nonce[1..]] {
        assert_eq!(refused(&client, "2", Some(wrong)).await.code(), "use_dpop_nonce", "{wrong}");
    }
}

#[tokio::test]
async fn a_nonce_is_good_for_a_minute_at_least_and_two_at_most() {
    let client = client().await;
    let nonce = nonce_of(&refused(&client, "1", None).await.into_response::<()>()).unwrap();
    client.clock.advance(Duration::from_secs(60));
    assert!(is_accepted(&client, "1", &nonce).await);
    client.clock.advance(Duration::from_secs(60));
    let refusal = refused(&client, "2", Some(&nonce)).await;
    assert_eq!(refusal.code(), "use_dpop_nonce", "a proof that was made now, with a nonce of long ago");
    let next = nonce_of(&refusal.into_response::<()>()).unwrap();
    assert_ne!(next, nonce);
    assert!(is_accepted(&client, "2", &next).await);
}

#[tokio::test]
async fn whoever_takes_over_the_nonce_of_each_answer_is_never_refused() {
    let client = client().await;
    let service = VerifierLayer::new(client.verifier.clone())
        .layer(service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(String::new())) }));
    let mut nonce = client.verifier.proof_nonce().unwrap().to_str().unwrap().to_owned();
    let first = nonce.clone();
    for request_number in 0..10 {
        let proof = client.proof_with(&request_number.to_string(), Some(&nonce));
        let response = service.clone().oneshot(request("DPoP", &client.bound.token, &[&proof])).await.unwrap();
        assert_eq!(response.status(), 200, "{request_number}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        nonce = nonce_of(&response).unwrap();
        client.clock.advance(Duration::from_secs(50));
    }
    assert_ne!(nonce, first);
    // Who is not bound to a key gets none.
    let plain = client.issuer.mint(AUDIENCE);
    let response = service.oneshot(request("Bearer", &plain.token, &[])).await.unwrap();
    assert_eq!((response.status().as_u16(), nonce_of(&response)), (200, None));
    assert!(!response.headers().contains_key("cache-control"));
}

#[tokio::test]
async fn processes_that_share_a_key_take_each_others_nonces() {
    let client = client().await;
    let other = current(builder(&client.issuer).clock(client.clock.clone()).dpop_nonces(nonces())).await;
    let stranger =
        current(builder(&client.issuer).clock(client.clock.clone()).dpop_nonces(ProofNonces::generate().unwrap()))
            .await;
    let nonce = |verifier: &countersign_verifier::Verifier| verifier.proof_nonce().unwrap();
    assert!(is_accepted(&client, "1", nonce(&other).to_str().unwrap()).await);
    let refusal = refused(&client, "2", Some(nonce(&stranger).to_str().unwrap())).await;
    assert_eq!(refusal.code(), "use_dpop_nonce");
}

#[tokio::test]
async fn a_forged_proof_learns_no_more_with_a_nonce_than_without() {
    let mut client = client().await;
    let nonce = client.verifier.proof_nonce().unwrap().to_str().unwrap().to_owned();
    client.key = countersign_jose::SigningKey::generate(countersign_jose::Algorithm::Es256).unwrap();
    for nonce in [None, Some(&*nonce)] {
        assert_eq!(refused(&client, "1", nonce).await.code(), "wrong_binding");
    }
}

#[tokio::test]
async fn where_proofs_are_required_a_bearer_token_is_refused_and_told_so() {
    let client = Client::with(countersign_verifier::Builder::require_proofs).await;
    let plain = client.issuer.mint(AUDIENCE);
    let refusal = client.send(&request("Bearer", &plain.token, &[])).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.status().as_u16()), ("wrong_type", 401));
    assert!(challenge_of(&refusal).starts_with(r#"DPoP error="invalid_token", "#));
    assert_eq!(client.verifier.verify::<Registered>(&plain.token).unwrap_err().code(), "wrong_type");
    assert!(is_accepted(&client, "1", "").await);
    let (parts, ()) = Request::get("/").body(()).unwrap().into_parts();
    let nothing = client.verifier.authenticate::<Registered>(&parts, &Default::default()).await.unwrap_err();
    assert!(challenge_of(&nothing).starts_with("DPoP algs="));
}
