//! Keys that are broken, weak, or for something else.

use countersign_jose::{Algorithm, Jwk, KeyError, KeySet, SigningKey, VerifyingKey, base64url};
use serde_json::{Value, json};

use crate::kit::*;

fn load(jwk: &Value) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::from_jwk(&Jwk::parse(jwk.to_string().as_bytes())?)
}

/// Refused alone and in a set.
fn assert_unusable(jwk: &Value) {
    assert_eq!(load(jwk).unwrap_err().code(), "key_unusable", "{jwk}");
    let set = json!({ "keys": [jwk] }).to_string();
    assert_eq!(KeySet::from_json(set.as_bytes()).unwrap_err().code(), "key_unusable", "{jwk}");
}

fn ec() -> Value {
    json!(es256().verifying_key().to_jwk())
}

fn rsa() -> Value {
    json!(key(Algorithm::Rs256).verifying_key().to_jwk())
}

fn okp() -> Value {
    json!(key(Algorithm::EdDsa).verifying_key().to_jwk())
}

#[test]
fn honest_keys_are_loaded() {
    for jwk in [ec(), rsa(), okp()] {
        load(&jwk).unwrap();
        load(&without(without(without(jwk, "alg"), "use"), "kid")).unwrap();
    }
}

#[test]
fn a48_a_point_that_is_not_on_the_curve_is_refused() {
    let zero = json!(base64url::encode(&[0; 32]));
    let mut y = base64url::decode(ec()["y"].as_str().unwrap()).unwrap();
    y[31] ^= 1;
    assert_unusable(&with(ec(), "y", json!(base64url::encode(&y))));
    assert_unusable(&with(with(ec(), "x", zero.clone()), "y", zero.clone()));
    assert_unusable(&with(ec(), "x", json!(base64url::encode(&[0xff; 32]))));
    assert_unusable(&without(ec(), "y"));
    for curve in ["P-384", "P-521", "secp256k1", "Ed25519", "p-256", "P-192", ""] {
        assert_unusable(&with(ec(), "crv", json!(curve)));
    }
    for bytes in [31, 33, 48, 0] {
        assert_unusable(&with(ec(), "x", json!(base64url::encode(&vec![1; bytes]))));
        assert_unusable(&with(okp(), "x", json!(base64url::encode(&vec![1; bytes]))));
    }
    assert_unusable(&with(okp(), "crv", json!("X25519")));
    assert_unusable(&with(okp(), "crv", json!("Ed448")));
}

/// An odd number of that many bits.
fn number(bits: usize) -> Value {
    let mut bytes = vec![0; bits.div_ceil(8)];
    *bytes.last_mut().unwrap() = 1;
    bytes[0] |= 1 << ((bits - 1) % 8);
    json!(base64url::encode(&bytes))
}

#[test]
fn a53_an_rsa_modulus_of_the_wrong_size_is_refused() {
    for bits in [512, 1_024, 2_040, 2_047, 8_193, 16_384] {
        assert_unusable(&with(rsa(), "n", number(bits)));
    }
    assert_unusable(&with(rsa(), "n", json!("")));
    for bits in [2_048, 8_192] {
        load(&with(rsa(), "n", number(bits))).unwrap();
    }
    let mut padded = base64url::decode(rsa()["n"].as_str().unwrap()).unwrap();
    padded.insert(0, 0);
    assert_unusable(&with(rsa(), "n", json!(base64url::encode(&padded))));
}

#[test]
fn a54_an_unsafe_rsa_exponent_is_refused() {
    let exponents: [&[u8]; 8] =
        [&[], &[0], &[1], &[2], &[1, 0, 0], &[0, 1, 0, 1], &[2, 0, 0, 0, 1], &[1, 0, 0, 0, 0, 0, 0, 0, 1]];
    for exponent in exponents {
        assert_unusable(&with(rsa(), "e", json!(base64url::encode(exponent))));
    }
    load(&with(rsa(), "e", json!("AQAB"))).unwrap();
}

/// The product of two primes k M + (65537^a mod M), M the product of the first 126 primes: made as the broken generator
/// made 2048-bit keys.
const ROCA_N: &str = concat!(
    "pjWiFqPT2cyh0CL6DUHtlF5NHHh55J9M2Z_zjmWfbMTtdEvrDCxnyg1W3FljpjWNQ6KgM4LzHvLB2OGCQHtS0zXftFUu6R3hYt0t1PlgE8YQDN",
    "2FOXw-R5NvpYuCUkcLIeHzbJVVYGHsn0st7tIsgvuCz1Vt_JiYKBQUL4mq0TPLkeRhal-pRTC010zspeuGAB-khtlDj4jCzWMWyZ3kYVAp1-7-",
    "q2b59vowuqj-j4PeSMisxtFcQJcRIL5UF8IZaVkgtCkG9DrNCiHKy7sAaAkb-wEMvt0I7cLGh4q4O0QBaz13kgYL0juRING6c-h2pKQvpqLx9K",
    "7RpgrmcM_sNw",
);

#[test]
fn a55_an_rsa_key_of_the_broken_generator_is_refused() {
    assert_unusable(&with(rsa(), "n", json!(ROCA_N)));
    let named = |alg: &str| with(with(rsa(), "n", json!(ROCA_N)), "alg", json!(alg));
    ["RS512", "PS256"].into_iter().for_each(|alg| assert_unusable(&named(alg)));
    // A sound modulus beside it: one bit of the same number.
    let mut sound = base64url::decode(ROCA_N).unwrap();
    sound[100] ^= 1;
    load(&with(rsa(), "n", json!(base64url::encode(&sound)))).unwrap();
}

#[test]
fn a56_a_key_for_encryption_is_refused() {
    for jwk in [ec(), rsa(), okp()] {
        assert_unusable(&with(jwk.clone(), "use", json!("enc")));
        assert_unusable(&with(jwk.clone(), "use", json!("SIG")));
        assert_unusable(&with(jwk.clone(), "use", json!(["sig"])));
        assert_unusable(&with(jwk.clone(), "key_ops", json!(["verify", "deriveKey"])));
        assert_unusable(&with(jwk, "alg", json!("ECDH-ES")));
    }
}

#[test]
fn a57_a_key_that_must_not_verify_is_refused() {
    for operations in
        [json!(["sign"]), json!(["encrypt"]), json!([]), json!("verify"), json!(["verify", 5]), json!(null)]
    {
        assert_unusable(&with(ec(), "key_ops", operations));
    }
    assert_unusable(&with(ec(), "key_ops", json!(["verify", "verify"])));
    assert_unusable(&with(with(ec(), "use", json!("enc")), "key_ops", json!(["verify"])));
    assert_unusable(&with(with(ec(), "use", json!("sig")), "key_ops", json!(["verify", "wrapKey"])));
    load(&with(ec(), "key_ops", json!(["verify"]))).unwrap();
}

#[test]
fn a58_two_keys_of_one_kid_are_both_left_out() {
    let pair = [new_key(Algorithm::Es256, "twice"), new_key(Algorithm::EdDsa, "twice")].map(|key| key.verifying_key());
    let error = KeySet::new(pair.clone()).unwrap_err();
    assert_eq!(error.code(), "key_unusable");
    let jwks = json!({ "keys": [pair[0].to_jwk(), ec(), pair[1].to_jwk()] }).to_string();
    let keys = KeySet::from_json(jwks.as_bytes()).unwrap();
    assert!(keys.get("twice").is_none() && keys.get(KID).is_some());
    let [refused] = keys.refused() else { panic!("one refusal") };
    assert_eq!((refused.index, refused.error.code()), (2, "key_unusable"));
    assert_eq!(code_in(&keys, &claiming(claims())), "accepted");
}

#[test]
fn a59_a_published_private_key_is_refused() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
        for jwk in [ec(), rsa(), okp()] {
            assert_unusable(&with(jwk, member, json!("AQAB")));
        }
    }
    assert_unusable(&json!({ "kty": "oct", "kid": "1", "k": base64url::encode(&[7; 32]) }));
    let leaked = new_key(Algorithm::EdDsa, "leaked").to_private_jwk().unwrap();
    let jwks = json!({ "keys": [ec(), serde_json::from_str::<Value>(&leaked).unwrap()] }).to_string();
    let keys = KeySet::from_json(jwks.as_bytes()).unwrap();
    assert_eq!((keys.len(), &keys.refused()[0].error), (1, &KeyError::PrivateMembers));
}

#[test]
fn a60_members_that_contradict_each_other_are_refused() {
    for alg in ["ES384", "ES512", "ES521", "EdDSA", "RS256", "HS256", "none", "es256", ""] {
        assert_unusable(&with(ec(), "alg", json!(alg)));
    }
    for alg in ["RSA1_5", "RSA-OAEP", "RS1", "ES256", "HS256", "EdDSA"] {
        assert_unusable(&with(rsa(), "alg", json!(alg)));
    }
    assert_unusable(&with(okp(), "alg", json!("ES256")));
    load(&with(okp(), "alg", json!("Ed25519"))).unwrap();
    for alg in ["PS256", "RS384", "RS512"] {
        load(&with(rsa(), "alg", json!(alg))).unwrap();
    }
    // Each curve has one algorithm, and a point of one curve is no key of another (Wycheproof key 23).
    for (algorithm, wrong) in [(Algorithm::Es384, "ES256"), (Algorithm::Es512, "ES384"), (Algorithm::Es512, "ES521")] {
        let jwk = json!(key(algorithm).verifying_key().to_jwk());
        load(&jwk).unwrap();
        assert_unusable(&with(jwk.clone(), "alg", json!(wrong)));
        assert_unusable(&with(without(jwk.clone(), "alg"), "crv", json!("P-256")));
        assert_unusable(&with(without(jwk, "alg"), "x", ec()["x"].clone()));
    }
    let (x, y) = (ec()["x"].clone(), ec()["y"].clone());
    assert_unusable(&with(with(rsa(), "x", x), "y", y.clone()));
    assert_unusable(&with(rsa(), "crv", json!("P-256")));
    assert_unusable(&with(ec(), "n", rsa()["n"].clone()));
    assert_unusable(&with(okp(), "y", y));
    for kty in ["RSA", "OKP", "oct", "ec", "AKP", ""] {
        assert_unusable(&with(ec(), "kty", json!(kty)));
    }
    assert_unusable(&without(ec(), "kty"));
    assert_unusable(&with(ec(), "kty", json!(1)));
    assert_unusable(&with(ec(), "kid", json!("")));
    assert_unusable(&with(ec(), "kid", json!(5)));
}

#[test]
fn a60_a_private_jwk_must_belong_to_its_public_half() {
    let other = new_key(Algorithm::Es256, "other");
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let one: Value = serde_json::from_str(&new_key(algorithm, "1").to_private_jwk().unwrap()).unwrap();
        let two: Value = serde_json::from_str(&new_key(algorithm, "2").to_private_jwk().unwrap()).unwrap();
        SigningKey::from_jwk(one.to_string().as_bytes()).unwrap();
        let mixed = with(one, "d", two["d"].clone());
        assert_eq!(SigningKey::from_jwk(mixed.to_string().as_bytes()).unwrap_err().code(), "key_unusable");
    }
    let stored = other.to_stored();
    for algorithm in [Algorithm::EdDsa, Algorithm::Rs256] {
        let error = SigningKey::from_stored(algorithm, other.id().clone(), &stored).unwrap_err();
        assert_eq!(error.code(), "key_unusable");
    }
}

#[test]
fn a_set_of_unknown_keys_and_ours_keeps_ours() {
    let jwks = json!({ "keys": [{ "kty": "AKP", "alg": "ML-DSA-65", "pub": "AA" }, ec(), 5, [], { "kty": "EC", "crv": "P-384" }] });
    let keys = KeySet::from_json(jwks.to_string().as_bytes()).unwrap();
    assert_eq!((keys.len(), keys.refused().len()), (1, 4));
    for (text, expected) in [
        (json!({}).to_string(), "malformed"),
        (json!({ "keys": {} }).to_string(), "malformed"),
        (json!([]).to_string(), "malformed"),
        (r#"{"keys":[],"keys":[]}"#.to_owned(), "duplicate_member"),
        (json!({ "keys": vec![ec(); 65] }).to_string(), "too_large"),
    ] {
        assert_eq!(KeySet::from_json(text.as_bytes()).unwrap_err().code(), expected, "{text}");
    }
    assert!(KeySet::from_json(br#"{"keys":[]}"#).unwrap().is_empty());
}
