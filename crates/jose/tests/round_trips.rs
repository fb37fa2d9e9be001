//! Every form of a key leads back to the same key.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use countersign_jose::{
    Algorithm, Expectations, Jwk, KeyId, KeySet, Leeway, Secret, Signer, SigningKey, Timestamp, TokenType,
    UnverifiedToken, VerifyingKey,
};
use serde_json::{Value, json};

fn asymmetric() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric())
}

fn is_rsa(algorithm: Algorithm) -> bool {
    algorithm.as_str().starts_with(['R', 'P'])
}

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
    for algorithm in asymmetric() {
        let key = SigningKey::generate(algorithm).unwrap();
        let json = serde_json::to_vec(&key.verifying_key().to_jwk().unwrap()).unwrap();
        let again = VerifyingKey::from_jwk(&Jwk::parse(&json).unwrap()).unwrap();
        assert_eq!(again.thumbprint(), key.verifying_key().thumbprint());
        assert_pair(key, again);
    }
}

#[test]
fn a_pem_block_leads_back_to_the_key() {
    for algorithm in asymmetric() {
        let key = SigningKey::generate(algorithm).unwrap();
        let pem = key.to_pkcs8_pem().unwrap();
        assert!(pem.lines().all(|line| line.len() <= 64), "{algorithm}");
        let again = SigningKey::from_pkcs8_pem(algorithm, &pem.replace('\n', "\r\n")).unwrap();
        assert_eq!(again.id(), key.id());
        assert_pair(again, key.verifying_key());
        for other in Algorithm::ALL.into_iter().filter(|other| !is_rsa(algorithm) || !is_rsa(*other)) {
            let read = SigningKey::from_pkcs8_pem(other, &pem).map_err(|error| error.code());
            assert_eq!(read.map(drop), if other == algorithm { Ok(()) } else { Err("key_unusable") });
        }
        for broken in [pem.replace("PRIVATE", "PUBLIC"), format!("x{}", *pem), pem.replace("M", ""), pem[..80].into()] {
            assert_eq!(SigningKey::from_pkcs8_pem(algorithm, &broken).unwrap_err().code(), "key_unusable");
        }
    }
}

#[test]
fn an_hmac_key_is_never_exported_as_public() {
    for (algorithm, bytes) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        let key = SigningKey::generate(algorithm).unwrap();
        let public = key.verifying_key();
        assert_eq!((public.to_jwk(), key.to_pkcs8_pem()), (None, None));
        assert_eq!((public.to_spki_der(), public.to_pkcs1_der()), (None, None));
        assert_eq!((key.to_pkcs1_der(), key.to_sec1_der()), (None, None));
        assert_ne!(key.id().as_str(), public.thumbprint().to_string());
        assert_eq!(key.to_stored().len(), bytes);
    }
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

/// The forms of a private key in which other software writes it.
#[test]
fn pkcs1_and_sec1_lead_back_to_the_key() {
    for algorithm in asymmetric() {
        let key = SigningKey::generate(algorithm).unwrap();
        let (pkcs1, sec1) = (key.to_pkcs1_pem(), key.to_sec1_pem());
        assert_eq!(pkcs1.is_some(), is_rsa(algorithm), "{algorithm}");
        assert_eq!(sec1.is_some(), algorithm.as_str().starts_with("ES"), "{algorithm}");
        let again = [
            key.to_pkcs8_der().map(|der| SigningKey::from_pkcs8_der(algorithm, &der)),
            pkcs1.map(|pem| SigningKey::from_pkcs1_pem(algorithm, &pem)),
            sec1.map(|pem| SigningKey::from_sec1_pem(algorithm, &pem)),
        ];
        for again in again.into_iter().flatten() {
            assert_pair(again.unwrap(), key.verifying_key());
        }
    }
}

#[test]
fn public_der_leads_back_to_the_key() {
    for algorithm in asymmetric() {
        let key = SigningKey::generate(algorithm).unwrap();
        let public = key.verifying_key();
        let spki = VerifyingKey::from_spki_pem(algorithm, &public.to_spki_pem().unwrap()).unwrap();
        assert_eq!(spki.to_spki_der(), public.to_spki_der());
        if is_rsa(algorithm) {
            let pkcs1 = VerifyingKey::from_pkcs1_pem(algorithm, &public.to_pkcs1_pem().unwrap()).unwrap();
            assert_eq!(pkcs1.thumbprint(), public.thumbprint());
        } else {
            assert_eq!(public.to_pkcs1_pem(), None);
        }
        assert_pair(key, spki);
    }
}

/// No constructor takes another form than its own, and none takes more than one key's bytes.
#[test]
fn no_constructor_guesses_a_format() {
    let (rsa, ec) = (SigningKey::generate(Algorithm::Ps256).unwrap(), SigningKey::generate(Algorithm::Es384).unwrap());
    let rsa_forms = [rsa.to_pkcs8_der().unwrap(), rsa.to_pkcs1_der().unwrap()];
    let ec_forms = [ec.to_pkcs8_der().unwrap(), ec.to_sec1_der().unwrap()];
    assert!(SigningKey::from_pkcs8_der(Algorithm::Ps256, &rsa_forms[1]).is_err());
    assert!(SigningKey::from_pkcs1_der(Algorithm::Ps256, &rsa_forms[0]).is_err());
    assert!(SigningKey::from_pkcs8_der(Algorithm::Es384, &ec_forms[1]).is_err());
    assert!(SigningKey::from_sec1_der(Algorithm::Es384, &ec_forms[0]).is_err());
    assert!(SigningKey::from_sec1_der(Algorithm::Es256, &ec_forms[1]).is_err());
    assert!(SigningKey::from_sec1_der(Algorithm::Rs256, &ec_forms[1]).is_err());
    assert!(SigningKey::from_pkcs1_der(Algorithm::Es256, &rsa_forms[1]).is_err());
    let longer = |der: &[u8]| [der, &[0]].concat();
    assert!(SigningKey::from_pkcs8_der(Algorithm::Ps256, &longer(&rsa_forms[0])).is_err());
    assert!(SigningKey::from_pkcs1_der(Algorithm::Ps256, &longer(&rsa_forms[1])).is_err());
    assert!(SigningKey::from_pkcs8_der(Algorithm::Es384, &longer(&ec_forms[0])).is_err());
    assert!(SigningKey::from_sec1_der(Algorithm::Es384, &longer(&ec_forms[1])).is_err());
    let public = rsa.verifying_key();
    let (spki, pkcs1) = (public.to_spki_der().unwrap(), public.to_pkcs1_der().unwrap());
    assert!(VerifyingKey::from_spki_der(Algorithm::Ps256, &pkcs1).is_err());
    assert!(VerifyingKey::from_pkcs1_der(Algorithm::Ps256, &spki).is_err());
    assert!(VerifyingKey::from_spki_der(Algorithm::Ps256, &longer(&spki)).is_err());
    assert!(VerifyingKey::from_pkcs1_der(Algorithm::Ps256, &longer(&pkcs1)).is_err());
    assert!(VerifyingKey::from_spki_der(Algorithm::Es256, &spki).is_err());
}
