//! Tokens that are bound to a key (RFC 9449 section 7).

use std::{convert::Infallible, sync::Arc};

use countersign_jose::{Algorithm, HttpUri, NewProof, SigningKey, Timestamp};
use countersign_verifier::{
    Builder, Clock as _, Complete, ManualClock, Mint, Minted, Needs, PublicUri, Refusal, Registered, TestIssuer,
    VerifiedToken, Verifier, VerifierLayer,
};
use http::{Request, Response};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::*;

const URI: &str = "https://api.example/orders";

/// A client with a key, a token that is bound to it, and all the world to present it to.
pub(crate) struct Client {
    pub(crate) key: SigningKey,
    pub(crate) bound: Minted,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) issuer: TestIssuer,
    pub(crate) verifier: Verifier,
}

impl Client {
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(wanted: impl FnOnce(Builder<Complete>) -> Builder<Complete>) -> Self {
        let (clock, issuer, verifier) = pair_on_a_clock_with(wanted).await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let bound = issuer.sign(&Mint::new(AUDIENCE).bound_to(&key));
        Self { key, bound, clock, issuer, verifier }
    }

    fn proof(&self, id: &str) -> String {
        self.proof_for(id, "GET", URI, &self.bound.token)
    }

    fn proof_for(&self, id: &str, method: &str, uri: &str, token: &str) -> String {
        let uri = HttpUri::parse(uri).unwrap();
        let issued_at = Timestamp::from_seconds(self.clock.wall_ms() / 1_000);
        let new = NewProof { method, uri: &uri, access_token: Some(token), id, issued_at, nonce: None };
        new.sign(&self.key).unwrap()
    }

    pub(crate) fn proof_with(&self, id: &str, nonce: Option<&str>) -> String {
        let uri = HttpUri::parse(URI).unwrap();
        let issued_at = Timestamp::from_seconds(self.clock.wall_ms() / 1_000);
        let access_token = Some(&*self.bound.token);
        NewProof { method: "GET", uri: &uri, access_token, id, issued_at, nonce }.sign(&self.key).unwrap()
    }

    pub(crate) async fn present(&self, token: &str, proofs: &[&str]) -> Result<VerifiedToken, Refusal> {
        self.send(&request("DPoP", token, proofs)).await
    }

    pub(crate) async fn send(&self, request: &Request<()>) -> Result<VerifiedToken, Refusal> {
        let (parts, ()) = request.clone().into_parts();
        self.verifier.authenticate::<Registered>(&parts, &Needs::any_token()).await
    }

    async fn code(&self, proof: &str) -> &'static str {
        let presented = self.present(&self.bound.token, &[proof]).await;
        presented.map_or_else(|refusal| refusal.code(), |_| "accepted")
    }
}

pub(crate) fn request(scheme: &str, token: &str, proofs: &[&str]) -> Request<()> {
    let mut request = Request::get("/orders?page=2").header("authorization", format!("{scheme} {token}"));
    for proof in proofs {
        request = request.header("dpop", *proof);
    }
    request.body(()).unwrap()
}

/// The one challenge of a refusal.
pub(crate) fn challenge_of(refusal: &Refusal) -> String {
    let challenges = refusal.challenges();
    assert_eq!(challenges.len(), 1, "{challenges:?}");
    challenges[0].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_bound_token_with_its_proof_is_accepted() {
    let client = Client::new().await;
    let token = client.present(&client.bound.token, &[&client.proof("1")]).await.unwrap();
    assert_eq!(token.bound_to(), Some(&*client.key.verifying_key().thumbprint().to_string()));
    let uri = HttpUri::parse(URI).unwrap();
    let proof = client.proof("2");
    let verify = || client.verifier.verify_with_proof::<Registered>(&client.bound.token, &proof, "GET", &uri);
    assert!(verify().is_ok());
    assert_eq!(verify().unwrap_err().code(), "replay");
}

#[tokio::test]
async fn a67_a_proof_counts_once_whatever_form_its_uri_has() {
    let client = Client::new().await;
    let proof = client.proof("1");
    assert_eq!(client.code(&proof).await, "accepted");
    assert_eq!(client.code(&proof).await, "replay");
    // The same `jti` again, signed anew, is the same proof.
    for uri in ["https://API.example:443/orders", "https://api.example/./orders", "https://api.example/x/../orders"] {
        assert_eq!(client.code(&client.proof_for("1", "GET", uri, &client.bound.token)).await, "replay", "{uri}");
        assert_eq!(client.code(&client.proof_for(uri, "GET", uri, &client.bound.token)).await, "accepted", "{uri}");
    }
    for (method, uri) in
        [("POST", URI), ("get", URI), ("GET", "https://api.example/"), ("GET", "http://api.example/orders")]
    {
        let proof = client.proof_for("2", method, uri, &client.bound.token);
        assert_eq!(client.code(&proof).await, "wrong_binding", "{method} {uri}");
    }
    // A proof that did not hold was not taken.
    assert_eq!(client.code(&client.proof("2")).await, "accepted");
    client.clock.advance(std::time::Duration::from_secs(69));
    assert_eq!(client.code(&proof).await, "replay");
    client.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(client.code(&proof).await, "expired");
}

#[tokio::test]
async fn a68_a_proof_for_another_token_or_without_a_token_is_refused() {
    let client = Client::new().await;
    let other = client.issuer.sign(&Mint::new(AUDIENCE).bound_to(&client.key));
    assert_eq!(client.code(&client.proof_for("1", "GET", URI, &other.token)).await, "wrong_binding");
    let (uri, issued_at) = (HttpUri::parse(URI).unwrap(), Timestamp::from_seconds(client.clock.wall_ms() / 1_000));
    let without = NewProof { method: "GET", uri: &uri, access_token: None, id: "2", issued_at, nonce: None };
    assert_eq!(client.code(&without.sign(&client.key).unwrap()).await, "missing_claim");
    assert_eq!(client.code("no proof").await, "malformed");
    assert_eq!(client.code(&client.bound.token).await, "wrong_type", "the token itself");
}

#[tokio::test]
async fn a68_a_proof_of_another_key_does_not_carry_the_token() {
    let mut client = Client::new().await;
    client.key = SigningKey::generate(Algorithm::Es256).unwrap();
    let refusal = client.present(&client.bound.token, &[&client.proof("1")]).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.status().as_u16()), ("wrong_binding", 401));
    let challenge = challenge_of(&refusal);
    assert!(challenge.starts_with(r#"DPoP error="invalid_dpop_proof""#) && challenge.contains(r#"algs="ES256"#));
}

#[tokio::test]
async fn a69_a_bound_token_as_a_plain_bearer_is_refused() {
    let client = Client::new().await;
    assert_eq!(error(&client.verifier, &client.bound.token).code(), "wrong_type");
    for proofs in [&[][..], &[&*client.proof("1")]] {
        let refusal = client.send(&request("Bearer", &client.bound.token, proofs)).await.unwrap_err();
        assert_eq!((refusal.code(), refusal.status().as_u16()), ("wrong_type", 401));
        assert!(challenge_of(&refusal).starts_with(r#"DPoP error="invalid_token""#));
    }
    // The other way round: a token that is not bound gains nothing from a proof.
    let plain = client.issuer.mint(AUDIENCE);
    let proof = client.proof_for("2", "GET", URI, &plain.token);
    assert_eq!(client.present(&plain.token, &[&proof]).await.unwrap_err().code(), "wrong_binding");
}

#[tokio::test]
async fn none_or_two_proofs_are_a_bad_request() {
    let client = Client::new().await;
    let proof = client.proof("1");
    for proofs in [&[][..], &[&*proof, &*proof]] {
        let refusal = client.present(&client.bound.token, proofs).await.unwrap_err();
        assert_eq!(refusal.status(), 400);
    }
    assert_eq!(client.code(&proof).await, "accepted");
}

#[tokio::test]
async fn the_path_that_the_client_called_counts() {
    let client = Client::new().await;
    let proof = |id| client.proof_for(id, "GET", "https://api.example/v1/orders", &client.bound.token);
    let mut nested = request("DPoP", &client.bound.token, &[&proof("1")]);
    assert_eq!(client.send(&nested).await.unwrap_err().code(), "wrong_binding");
    nested.extensions_mut().insert(PublicUri("/v1/orders?page=2".parse().unwrap()));
    assert!(client.send(&nested).await.is_ok());
}

#[tokio::test]
async fn the_host_that_the_client_called_counts_where_the_server_says_which_it_was() {
    let client = Client::new().await;
    let proof = |id| client.proof_for(id, "GET", "https://shop.example:8443/orders", &client.bound.token);
    let mut elsewhere = request("DPoP", &client.bound.token, &[&proof("1")]);
    assert_eq!(client.send(&elsewhere).await.unwrap_err().code(), "wrong_binding");
    // What the client itself writes as the target says nothing.
    *elsewhere.uri_mut() = "https://shop.example:8443/orders".parse().unwrap();
    assert_eq!(client.send(&elsewhere).await.unwrap_err().code(), "wrong_binding");
    elsewhere.extensions_mut().insert(PublicUri("https://shop.example:8443/orders".parse().unwrap()));
    assert!(client.send(&elsewhere).await.is_ok());
    let mut ours = request("DPoP", &client.bound.token, &[&client.proof("2")]);
    ours.extensions_mut().insert(PublicUri("https://shop.example:8443/orders".parse().unwrap()));
    assert_eq!(client.send(&ours).await.unwrap_err().code(), "wrong_binding");
}

#[tokio::test]
async fn a_layer_and_an_extractor_take_the_proof_of_a_request_once() {
    let client = Client::new().await;
    let verifier = client.verifier.clone();
    let service = VerifierLayer::new(client.verifier.clone()).layer(service_fn(move |request: Request<()>| {
        let verifier = verifier.clone();
        async move {
            let (parts, ()) = request.into_parts();
            let again = verifier.authenticate::<serde_json::Value>(&parts, &Needs::any_token()).await;
            Ok::<_, Infallible>(Response::new(again.is_ok().to_string()))
        }
    }));
    let request = request("DPoP", &client.bound.token, &[&client.proof("1")]);
    let response: Response<String> = service.clone().oneshot(request.clone()).await.unwrap();
    assert_eq!((response.status().as_u16(), &**response.body()), (200, "true"));
    assert_eq!(service.oneshot(request).await.unwrap().status(), 401);
}
