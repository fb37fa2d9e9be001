//! The algorithm belongs to the key, not to the token.

use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_jose::{Algorithm, KeySet, VerifyingKey};

use crate::{
    fixtures::{EC_CERTIFICATE, EC_OPENSSH, EC_SPKI_PEM, RSA_PKCS1_PEM, RSA_SPKI_PEM},
    kit::*,
};

#[test]
fn a01_alg_none_is_refused_with_any_key() {
    for algorithm in Algorithm::ALL {
        let input = signing_input(header("none"), claims());
        assert_eq!(code_for(key(algorithm), &format!("{input}.")), "alg_not_allowed");
        assert_eq!(code_for(key(algorithm), &join(&input, &signature(key(algorithm), &input))), "alg_not_allowed");
    }
    let input = signing_input(without(header("none"), "kid"), claims());
    assert_eq!(code(&format!("{input}.")), "alg_not_allowed");
    assert_eq!(code_in(&KeySet::default(), &format!("{input}.")), "alg_not_allowed");
}

#[test]
fn a02_alg_is_compared_byte_for_byte() {
    for alg in ["None", "nOnE", "NONE", "none ", " none", "hs256", "es256", "ES256 ", "Es256", "ES256\u{0}", ""] {
        let input = signing_input(header(alg), claims());
        assert_eq!(code(&format!("{input}.")), "alg_not_allowed", "{alg:?}");
        assert_eq!(code(&join(&input, &signature(es256(), &input))), "alg_not_allowed", "{alg:?}");
        assert_eq!(code_for(key(Algorithm::Hs256), &join(&input, &mac(b"", b""))), "alg_not_allowed", "{alg:?}");
    }
}

fn public_pem_forms(pem: &str) -> Vec<Vec<u8>> {
    let lf = pem.to_owned();
    [lf.clone(), lf.replace('\n', "\r\n"), lf.trim_end().to_owned(), lf.trim_end().replace('\n', "\r\n")]
        .map(String::into_bytes)
        .to_vec()
}

/// An HS256 token MACed with `secret` must not pass for a token of `key`, with `kid` or without.
fn assert_no_confusion(key: &VerifyingKey, secret: &[u8]) {
    let keys = key_set([key.clone()]);
    for header in [header("HS256"), without(header("HS256"), "kid")] {
        let input = signing_input(header, claims());
        assert_eq!(code_in(&keys, &join(&input, &mac(secret, input.as_bytes()))), "alg_not_allowed");
    }
}

fn fixture_keys() -> (VerifyingKey, VerifyingKey) {
    let named = |key: VerifyingKey| key.with_id(es256().id().clone());
    let ec = VerifyingKey::from_spki_pem(Algorithm::Es256, EC_SPKI_PEM).unwrap();
    let rsa = VerifyingKey::from_spki_pem(Algorithm::Rs256, RSA_SPKI_PEM).unwrap();
    (named(ec), named(rsa))
}

#[test]
fn a04_a_public_key_as_pem_is_no_hmac_secret() {
    let (ec, rsa) = fixture_keys();
    for (key, pem) in [(&ec, EC_SPKI_PEM), (&rsa, RSA_SPKI_PEM), (&rsa, RSA_PKCS1_PEM)] {
        public_pem_forms(pem).iter().for_each(|secret| assert_no_confusion(key, secret));
    }
}

#[test]
fn a05_a_public_key_in_any_other_form_is_no_hmac_secret() {
    let (ec, rsa) = fixture_keys();
    let body = |pem: &str| -> Vec<u8> {
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(base64).unwrap()
    };
    for (key, pem) in [(&ec, EC_SPKI_PEM), (&rsa, RSA_SPKI_PEM), (&rsa, RSA_PKCS1_PEM)] {
        assert_no_confusion(key, &body(pem));
        assert_no_confusion(key, &serde_json::to_vec(&key.to_jwk()).unwrap());
    }
    assert_no_confusion(&ec, EC_OPENSSH.as_bytes());
    assert_no_confusion(&ec, EC_CERTIFICATE.as_bytes());
    assert_no_confusion(&ec, &STANDARD.decode(EC_CERTIFICATE).unwrap());
}

#[test]
fn a07_an_rs256_key_takes_no_other_rsa_algorithm() {
    let key = key(Algorithm::Rs256);
    for alg in ["PS256", "PS384", "PS512", "RS384", "RS512", "RS1"] {
        assert_eq!(code_for(key, &sign(key, header(alg), claims())), "alg_not_allowed", "{alg}");
    }
    let input = signing_input(header("PS256"), claims());
    let pair = RsaKeyPair::from_pkcs8(&key.to_stored()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PSS_SHA256, &random(), input.as_bytes(), &mut signature).unwrap();
    assert_eq!(code_for(key, &join(&input, &signature)), "alg_not_allowed");
    // The same signature under the name of the key's algorithm: PKCS#1 is all that is checked.
    let input = signing_input(header("RS256"), claims());
    pair.sign(&RSA_PSS_SHA256, &random(), input.as_bytes(), &mut signature).unwrap();
    assert_eq!(code_for(key, &join(&input, &signature)), "bad_signature");
}

#[test]
fn a07_no_key_takes_the_algorithm_of_another() {
    for algorithm in Algorithm::ALL {
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            let token = sign(key(algorithm), header(other.as_str()), claims());
            assert_eq!(code_for(key(algorithm), &token), "alg_not_allowed", "{other} for {algorithm}");
        }
    }
}

#[test]
fn a08_a_set_mixes_no_symmetric_and_asymmetric_keys() {
    let symmetric = new_key(Algorithm::Hs256, "hmac").verifying_key();
    for algorithm in asymmetric() {
        let pair = [key(algorithm).verifying_key(), symmetric.clone()];
        assert_eq!(KeySet::new(pair).unwrap_err().code(), "key_unusable");
    }
    let json = serde_json::json!({ "keys": [
        es256().verifying_key().to_jwk(),
        { "kty": "oct", "kid": "hmac", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8" },
    ] });
    assert_eq!(KeySet::from_json(json.to_string().as_bytes()).unwrap_err().code(), "key_unusable");
    let other = new_key(Algorithm::Hs256, "other").verifying_key();
    assert_eq!(KeySet::new([symmetric, other]).unwrap().len(), 2);
}
