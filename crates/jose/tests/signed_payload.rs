//! Payloads that are no token go through the same parser, with a kind, an algorithm and a length of their own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use countersign_jose::{Algorithm, KeyId, KeySet, SignError, SignedPayload, Signer, SigningKey, TokenType};

const LIMIT: usize = 64 * 1024;

fn key(algorithm: Algorithm, id: &str) -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(algorithm).unwrap().with_id(KeyId::new(id).unwrap()))
}

fn expected() -> SignedPayload {
    SignedPayload::new(TokenType::named("example+jwt"), Algorithm::EdDsa, LIMIT)
}

fn code(text: &str, keys: &KeySet) -> &'static str {
    expected().verify(text, keys).map_or_else(|error| error.code(), |_| "accepted")
}

#[test]
fn a_payload_larger_than_a_token_comes_back_byte_for_byte() {
    let key = key(Algorithm::EdDsa, "1");
    let keys = KeySet::new([key.verifying_key()]).unwrap();
    let payload = vec![0xa5; 40_000];
    let text = Signer::new(key, "example+jwt").sign_payload(&payload, LIMIT).unwrap();
    assert_eq!(expected().verify(&text, &keys).unwrap(), payload);
}

#[test]
fn the_kind_is_a_media_type_and_must_be_the_one_asked_for() {
    let key = key(Algorithm::EdDsa, "1");
    let keys = KeySet::new([key.verifying_key()]).unwrap();
    let of = |typ| code(&Signer::new(key.clone(), typ).sign_payload(b"x", LIMIT).unwrap(), &keys);
    assert_eq!(of("example+jwt"), "accepted");
    assert_eq!(of("application/Example+JWT"), "accepted");
    assert_eq!(of("at+jwt"), "wrong_type");
    assert_eq!(of(""), "wrong_type");
}

#[test]
fn another_algorithm_is_refused_even_where_text_and_key_agree_on_it() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256] {
        let key = key(algorithm, "1");
        let keys = KeySet::new([key.verifying_key()]).unwrap();
        let text = Signer::new(key, "example+jwt").sign_payload(b"x", LIMIT).unwrap();
        assert_eq!(code(&text, &keys), "alg_not_allowed", "{algorithm}");
    }
}

#[test]
fn another_key_an_unknown_one_and_a_changed_text_are_told_apart() {
    let (ours, theirs) = (key(Algorithm::EdDsa, "1"), key(Algorithm::EdDsa, "1"));
    let keys = KeySet::new([ours.verifying_key(), key(Algorithm::EdDsa, "2").verifying_key()]).unwrap();
    let sign = |key: &Arc<SigningKey>| Signer::new(key.clone(), "example+jwt").sign_payload(b"x", LIMIT).unwrap();
    assert_eq!(code(&sign(&ours), &keys), "accepted");
    assert_eq!(code(&sign(&theirs), &keys), "bad_signature");
    assert_eq!(code(&sign(&key(Algorithm::EdDsa, "3")), &keys), "key_not_found");
    assert_eq!(code(&sign(&ours).replacen('.', "..", 1), &keys), "malformed");
}

#[test]
fn what_is_too_large_is_neither_signed_nor_read() {
    let key = key(Algorithm::EdDsa, "1");
    let keys = KeySet::new([key.verifying_key()]).unwrap();
    let signer = Signer::new(key, "example+jwt");
    let text = signer.sign_payload(&vec![0; LIMIT], 2 * LIMIT).unwrap();
    assert_eq!(code(&text, &keys), "too_large");
    assert!(matches!(signer.sign_payload(&vec![0; LIMIT], LIMIT), Err(SignError::TooLarge { .. })));
    assert!(matches!(signer.sign_payload(b"", LIMIT), Err(SignError::Claims(_))));
}
