//! Every form of a key leads back to the same key.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use countersign_jose::{
    Algorithm, Expectations, Jwk, KeyId, KeySet, Leeway, Secret, Signer, SigningKey, Timestamp, TokenType,
    UnverifiedToken, VerifyingKey,
};
use serde_json::{Value, json};

const ASYMMETRIC: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

/// What `signing` signs must verify under `verifying`.
fn assert_pair(signing: SigningKey, verifying: VerifyingKey) {
    let signer = Signer::new(Arc::new(signing), "at+jwt");
    let token = signer.sign(&json!({ "iss": "i", "aud": ["x", "a"], "sub": "s", "exp": 2_000, "jti": "j" })).unwrap();
    let expect = Expectations::new("i", "a", TokenType::AccessToken, Leeway::ZERO);
    let keys = KeySet::new([verifying]).unwrap();
    let verified = UnverifiedToken::parse(&token)
        .unwrap()
        .verify::<Value>(&keys, &expect, Timestamp::from_seconds(1_000))
        .unwrap();
    assert_eq!((verified.key_id(), verified.algorithm()), (signer.key().id(), signer.key().algorithm()));
    assert_eq!((verified.subject(), verified.id(), verified.issued_at()), (Some("s"), Some("j"), None));
    assert_eq!(verified.audience(), ["x", "a"]);
}

#[test]
fn stored_bytes_lead_back_to_the_key() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let again = SigningKey::from_stored(algorithm, key.id().clone(), &key.to_stored()).unwrap();
        assert_eq!(again.to_stored(), key.to_stored());
        assert_pair(again, key.verifying_key());
    }
}

#[test]
fn a_private_jwk_leads_back_to_the_key() {
    for algorithm in Algorithm::ALL {
        let id = KeyId::new(r#"odd"kid\1"#).unwrap();
        let key = SigningKey::generate(algorithm).unwrap().with_id(id.clone());
        let again = SigningKey::from_jwk(key.to_private_jwk().unwrap().as_bytes()).unwrap();
        assert_eq!((again.id(), again.algorithm()), (&id, algorithm));
        assert_pair(again, key.verifying_key());
    }
}

#[test]
fn a_public_jwk_leads_back_to_the_key() {
    for algorithm in ASYMMETRIC {
        let key = SigningKey::generate(algorithm).unwrap();
        let json = serde_json::to_vec(&key.verifying_key().to_jwk().unwrap()).unwrap();
        let again = VerifyingKey::from_jwk(&Jwk::parse(&json).unwrap()).unwrap();
        assert_eq!(again.thumbprint(), key.verifying_key().thumbprint());
        assert_pair(key, again);
    }
}

#[test]
fn a_pem_block_leads_back_to_the_key() {
    for algorithm in ASYMMETRIC {
        let key = SigningKey::generate(algorithm).unwrap();
        let pem = key.to_pkcs8_pem().unwrap();
        assert!(pem.lines().all(|line| line.len() <= 64), "{algorithm}");
        let again = SigningKey::from_pkcs8_pem(algorithm, &pem.replace('\n', "\r\n")).unwrap();
        assert_eq!(again.id(), key.id());
        assert_pair(again, key.verifying_key());
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert_eq!(SigningKey::from_pkcs8_pem(other, &pem).unwrap_err().code(), "key_unusable");
        }
        for broken in [pem.replace("PRIVATE", "PUBLIC"), format!("x{}", *pem), pem.replace("M", ""), pem[..80].into()] {
            assert_eq!(SigningKey::from_pkcs8_pem(algorithm, &broken).unwrap_err().code(), "key_unusable");
        }
    }
}

#[test]
fn an_hmac_key_is_never_exported_as_public() {
    let key = SigningKey::generate(Algorithm::Hs256).unwrap();
    assert_eq!(key.verifying_key().to_jwk(), None);
    assert_eq!(key.to_pkcs8_pem(), None);
    assert_ne!(key.id().as_str(), key.verifying_key().thumbprint().to_string());
    assert_eq!(key.to_stored().len(), 32);
}

#[test]
fn nothing_secret_is_printed() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap().with_id(KeyId::new("k").unwrap());
        let expected = |name| format!("{name} {{ id: KeyId(\"k\"), algorithm: {algorithm:?}, .. }}");
        assert_eq!(format!("{key:?}"), expected("SigningKey"));
        assert_eq!(format!("{:?}", key.verifying_key()), expected("VerifyingKey"));
    }
    assert_eq!(format!("{:?}", Secret::new([1_u8; 4])), "[redacted]");
    assert!(Secret::new([1_u8; 4]) != Secret::new([2_u8; 4]));
}

#[test]
fn key_ids_are_visible_ascii_of_1_to_256_bytes() {
    for id in ["a".to_owned(), "~!\"#\\/".to_owned(), "k".repeat(256)] {
        assert_eq!(KeyId::new(id.clone()).unwrap().as_str(), id);
    }
    for id in [String::new(), "k".repeat(257), "a b".into(), "a\n".into(), "é".into(), "\u{7f}".into()] {
        assert_eq!(KeyId::new(id).unwrap_err().code(), "key_unusable");
    }
    assert!(serde_json::from_str::<KeyId>(r#""a b""#).is_err());
}

#[test]
fn timestamps_and_algorithms_travel_as_json() {
    let time = Timestamp::from_seconds(1_750_000_000);
    assert_eq!(serde_json::to_string(&time).unwrap(), "1750000000");
    assert_eq!(serde_json::from_str::<Timestamp>("1750000000.9").unwrap(), time);
    for refused in ["-1", "\"1\"", "1e300", "null"] {
        assert!(serde_json::from_str::<Timestamp>(refused).is_err(), "{refused}");
    }
    assert_eq!(serde_json::to_string(&Algorithm::EdDsa).unwrap(), r#""EdDSA""#);
    assert_eq!(serde_json::from_str::<Algorithm>(r#""Ed25519""#).unwrap(), Algorithm::EdDsa);
    assert!(serde_json::from_str::<Algorithm>(r#""none""#).is_err());
}
