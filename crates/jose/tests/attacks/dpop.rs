//! Proofs of possession (RFC 9449 section 4.3). That a proof comes twice is seen by who remembers: the verifier.

use countersign_jose::{
    Algorithm, DpopProof, HttpUri, NewProof, ProofExpectations, SigningKey, Timestamp, access_token_hash, base64url,
};
use serde_json::{Value, json};

use crate::kit::*;

const TOKEN: &str = "header.payload.signature";
const URI: &str = "https://api.example/orders";
const AGE_MAX: u64 = 60;

fn public(key: &SigningKey) -> Value {
    serde_json::to_value(key.verifying_key().to_jwk()).unwrap()
}

fn proof_header() -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": public(es256()) })
}

fn proof_claims() -> Value {
    json!({ "jti": "p1", "htm": "GET", "htu": URI, "iat": NOW, "ath": access_token_hash(TOKEN) })
}

fn code_at(proof: &str, now: u64) -> &'static str {
    let uri = HttpUri::parse(URI).unwrap();
    let leeway = countersign_jose::Leeway::seconds(LEEWAY).unwrap();
    let expect =
        ProofExpectations { method: "GET", uri: &uri, access_token: Some(TOKEN), age_seconds_max: AGE_MAX, leeway };
    DpopProof::verify(proof, &expect, Timestamp::from_seconds(now)).map_or_else(|error| error.code(), |_| "accepted")
}

fn code_of(header: Value, claims: Value) -> &'static str {
    code_at(&sign(es256(), header, claims), NOW)
}

fn claiming(name: &str, value: Value) -> &'static str {
    code_of(proof_header(), with(proof_claims(), name, value))
}

#[test]
fn an_honest_proof_of_each_asymmetric_algorithm_is_accepted() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let uri = HttpUri::parse(URI).unwrap();
        let issued_at = Timestamp::from_seconds(NOW);
        let new = NewProof { method: "GET", uri: &uri, access_token: Some(TOKEN), id: "p1", issued_at, nonce: None };
        assert_eq!(code_at(&new.sign(key(algorithm)).unwrap(), NOW), "accepted", "{algorithm}");
    }
    let uri = HttpUri::parse(URI).unwrap();
    let issued_at = Timestamp::from_seconds(NOW);
    let new = NewProof { method: "GET", uri: &uri, access_token: None, id: "p1", issued_at, nonce: None };
    assert_eq!(new.sign(key(Algorithm::Hs256)).unwrap_err().code(), "malformed");
}

#[test]
fn a67_variants_of_one_uri_are_one_uri_and_others_are_not() {
    for same in [
        "HTTPS://API.EXAMPLE/orders",
        "https://api.example:443/orders",
        "https://api.example/x/../orders",
        "https://api.example/./orders?page=2#top",
        "https://api.example/%6frders",
    ] {
        assert_eq!(claiming("htu", json!(same)), "accepted", "{same}");
    }
    for other in [
        "http://api.example/orders",
        "https://api.example:8443/orders",
        "https://api.example/orders/",
        "https://api.example/Orders",
        "https://api.example.evil/orders",
        "https://api.example@evil/orders",
        "/orders",
        "",
    ] {
        assert_eq!(claiming("htu", json!(other)), "wrong_binding", "{other}");
    }
    for other in ["POST", "get", "GET ", ""] {
        assert_eq!(claiming("htm", json!(other)), "wrong_binding", "{other}");
    }
}

#[test]
fn a68_a_proof_with_another_key_or_none_is_refused() {
    let secret = json!({ "kty": "oct", "k": base64url::encode(&[7; 32]) });
    for (alg, jwk) in [("HS256", secret.clone()), ("none", secret.clone()), ("HS256", public(es256()))] {
        let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk });
        assert_eq!(code_of(header, proof_claims()), "alg_not_allowed", "{alg}");
    }
    let private: Value = serde_json::from_str(&es256().to_private_jwk().unwrap()).unwrap();
    assert_eq!(code_of(with(proof_header(), "jwk", private), proof_claims()), "key_unusable");
    assert_eq!(code_of(with(proof_header(), "jwk", secret), proof_claims()), "key_unusable");
    assert_eq!(code_of(with(proof_header(), "jwk", json!("k1")), proof_claims()), "malformed");
    assert_eq!(code_of(without(proof_header(), "jwk"), proof_claims()), "header");
    let rs256 = public(key(Algorithm::Rs256));
    assert_eq!(code_of(with(proof_header(), "jwk", rs256), proof_claims()), "alg_not_allowed");
    let stranger = public(&new_key(Algorithm::Es256, "k2"));
    assert_eq!(code_of(with(proof_header(), "jwk", stranger), proof_claims()), "bad_signature");
    for typ in ["JWT", "at+jwt", ""] {
        assert_eq!(code_of(with(proof_header(), "typ", json!(typ)), proof_claims()), "wrong_type", "{typ}");
    }
    assert_eq!(code_at(&format!("{}x", sign(es256(), proof_header(), proof_claims())), NOW), "base64");
}

#[test]
fn a68_a_proof_without_its_claims_or_for_another_token_is_refused() {
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        assert_eq!(code_of(proof_header(), without(proof_claims(), name)), "missing_claim", "{name}");
        assert_eq!(claiming(name, json!([])), "claim_type", "{name}");
    }
    assert_eq!(claiming("jti", json!("")), "claim_type");
    assert_eq!(claiming("jti", json!("j".repeat(257))), "claim_type");
    assert_eq!(claiming("ath", json!(access_token_hash("another"))), "wrong_binding");
    assert_eq!(claiming("ath", json!(TOKEN)), "wrong_binding");
}

#[test]
fn a68_a_proof_outside_its_window_is_refused() {
    let proof = sign(es256(), proof_header(), proof_claims());
    assert_eq!(code_at(&proof, NOW + AGE_MAX + LEEWAY - 1), "accepted");
    assert_eq!(code_at(&proof, NOW + AGE_MAX + LEEWAY), "expired");
    assert_eq!(code_at(&proof, NOW - LEEWAY), "accepted");
    assert_eq!(code_at(&proof, NOW - LEEWAY - 1), "not_yet_valid");
}
