//! Where a key may come from: the configured set, by `kid`, and nowhere else.

use countersign_jose::{Algorithm, KeySet};
use serde_json::json;

use crate::kit::*;

#[test]
fn a13_a_key_in_the_header_is_never_used() {
    for algorithm in asymmetric() {
        let attacker = new_key(algorithm, "attacker");
        let header = with(header(algorithm.as_str()), "jwk", json!(attacker.verifying_key().to_jwk()));
        assert_eq!(code_for(key(algorithm), &sign(&attacker, &header, claims())), "bad_signature");
        let named = with(header.clone(), "kid", json!("attacker"));
        assert_eq!(code_for(key(algorithm), &sign(&attacker, named, claims())), "key_not_found");
        let unnamed = without(header.clone(), "kid");
        assert_eq!(code_for(key(algorithm), &sign(&attacker, unnamed, claims())), "bad_signature");
        assert_eq!(code_in(&KeySet::default(), &sign(&attacker, header, claims())), "key_not_found");
    }
}

#[test]
fn a15_a_certificate_chain_in_the_header_is_no_trust() {
    let chain = json!([crate::fixtures::EC_CERTIFICATE]);
    let attacker = new_key(Algorithm::Es256, KID);
    for (name, value) in [("x5c", chain), ("x5t", json!("AAAA")), ("x5t#S256", json!("AAAA")), ("x5c", json!(5))] {
        let header = with(header("ES256"), name, value);
        assert_eq!(code(&sign(&attacker, &header, claims())), "bad_signature");
        assert_eq!(code(&headed(&header)), "accepted");
    }
}

#[test]
fn a16_a_kid_only_ever_looks_up_the_set() {
    let long = "k".repeat(256);
    for kid in ["../../dev/null", "' OR 1=1 --", "k1\u{0}", "\u{0}", "", "K1", "k1 ", "\u{feff}k1", &long] {
        assert_eq!(code(&headed(with(header("ES256"), "kid", json!(kid)))), "key_not_found", "{kid:?}");
    }
    for kid in [json!(1), json!(["k1"]), json!(null), json!(true), json!({ "k1": 1 }), json!("k".repeat(257))] {
        assert_eq!(code(&headed(with(header("ES256"), "kid", kid.clone()))), "header", "{kid}");
    }
    assert_eq!(code(&headed(with(header("ES256"), "kid", json!("k".repeat(10_000))))), "too_large");
}

#[test]
fn a32_a_token_of_another_issuer_finds_no_key_in_this_ones_set() {
    let other = new_key(Algorithm::Es256, "other");
    let header = with(header("ES256"), "kid", json!("other"));
    assert_eq!(code(&sign(&other, &header, claims())), "key_not_found");
    let both = key_set([es256().verifying_key(), other.verifying_key()]);
    let foreign = with(claims(), "iss", json!("https://other.example"));
    assert_eq!(code_in(&both, &sign(&other, &header, foreign)), "wrong_issuer");
}

#[test]
fn a62_without_kid_no_key_of_several_is_tried() {
    let header = without(header("ES256"), "kid");
    let token = headed(&header);
    assert_eq!(code(&token), "accepted");
    let two = key_set([es256().verifying_key(), new_key(Algorithm::EdDsa, "k2").verifying_key()]);
    assert_eq!(code_in(&two, &token), "key_not_found");
    assert_eq!(code_in(&KeySet::default(), &token), "key_not_found");
}
