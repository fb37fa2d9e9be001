//! What is passed as an HMAC secret, and is none.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_jose::{Algorithm, KeyId, SigningKey, VerifyingKey, base64url};
use serde_json::json;

use crate::{
    fixtures::{EC_CERTIFICATE, EC_OPENSSH, EC_SPKI_PEM, RSA_PKCS1_PEM, RSA_SPKI_PEM},
    kit::*,
};

/// Every constructor that takes a secret must refuse it.
fn assert_refused(secret: &[u8]) {
    let id = || KeyId::new(KID).unwrap();
    let refusals = [
        SigningKey::from_secret(secret.to_vec(), id()).map(drop).unwrap_err(),
        VerifyingKey::from_secret(secret.to_vec(), id()).map(drop).unwrap_err(),
        SigningKey::from_stored(Algorithm::Hs256, id(), secret).map(drop).unwrap_err(),
        SigningKey::from_jwk(
            json!({ "kty": "oct", "kid": KID, "k": base64url::encode(secret) }).to_string().as_bytes(),
        )
        .map(drop)
        .unwrap_err(),
    ];
    for error in refusals {
        assert_eq!(error.code(), "key_unusable", "{:?}", String::from_utf8_lossy(secret));
    }
}

#[test]
fn a06_a_public_key_passed_as_a_secret_is_refused() {
    for pem in [EC_SPKI_PEM, RSA_SPKI_PEM, RSA_PKCS1_PEM] {
        for before in ["", " ", "\n", "\t", "\u{feff}", "\u{200b}", "# comment\n", "Bag Attributes\n", "\u{0}"] {
            assert_refused(format!("{before}{pem}").as_bytes());
            assert_refused(format!("{before}{}", pem.replace('\n', "\r\n")).as_bytes());
            assert_refused(format!("{before}{}", pem.trim_end()).as_bytes());
        }
    }
    let private = new_key(Algorithm::Es256, KID).to_pkcs8_pem().unwrap();
    assert_refused(private.as_bytes());
}

#[test]
fn a06_a_key_in_any_other_form_passed_as_a_secret_is_refused() {
    let body = |pem: &str| -> Vec<u8> {
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(base64).unwrap()
    };
    for pem in [EC_SPKI_PEM, RSA_SPKI_PEM, RSA_PKCS1_PEM] {
        assert_refused(&body(pem));
    }
    assert_refused(&STANDARD.decode(EC_CERTIFICATE).unwrap());
    assert_refused(EC_OPENSSH.as_bytes());
    assert_refused(&serde_json::to_vec(&es256().verifying_key().to_jwk()).unwrap());
    assert_refused(&es256().to_stored());
    assert_refused(&key(Algorithm::EdDsa).to_stored());
    assert_refused(&es256().to_sec1_der().unwrap());
    assert_refused(&key(Algorithm::Rs256).to_pkcs1_der().unwrap());
}

#[test]
fn a52_a_weak_secret_is_refused() {
    for length in [0, 1, 16, 31] {
        assert_refused(&(0..length).collect::<Vec<u8>>());
    }
    assert_refused(&[0; 32]);
    assert_refused(&[b'a'; 64]);
    assert_refused(&b"0123456789abcdef".repeat(65));
    assert!(SigningKey::from_secret((0..32).collect::<Vec<u8>>(), KeyId::new(KID).unwrap()).is_ok());
}

#[test]
fn a52_a_secret_is_as_long_as_its_hash() {
    for (algorithm, shortest) in [(Algorithm::Hs256, 32_u8), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        let secret = |bytes: u8| (0..bytes).collect::<Vec<u8>>();
        let id = || KeyId::new(KID).unwrap();
        let jwk = |bytes| {
            let k = base64url::encode(&secret(bytes));
            SigningKey::from_jwk(json!({ "kty": "oct", "kid": KID, "alg": algorithm, "k": k }).to_string().as_bytes())
        };
        for shorter in [0, shortest - 1] {
            let refused = [
                SigningKey::from_hmac_secret(algorithm, secret(shorter), id()).map(drop),
                VerifyingKey::from_hmac_secret(algorithm, secret(shorter), id()).map(drop),
                SigningKey::from_stored(algorithm, id(), &secret(shorter)).map(drop),
                jwk(shorter).map(drop),
            ];
            refused
                .into_iter()
                .for_each(|refused| assert_eq!(refused.unwrap_err().code(), "key_unusable", "{algorithm} {shorter}"));
        }
        assert_eq!(jwk(shortest).unwrap().algorithm(), algorithm);
        SigningKey::from_hmac_secret(algorithm, secret(shortest), id()).unwrap();
    }
    let id = KeyId::new(KID).unwrap();
    assert_eq!(
        SigningKey::from_hmac_secret(Algorithm::Es256, [7; 64].to_vec(), id).unwrap_err().code(),
        "key_unusable"
    );
}
