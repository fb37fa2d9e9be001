//! Keys in every form.

use countersign_jose::{Algorithm, Jwk, JwkSet, KeySet, SigningKey, VerifyingKey, limits::KEYS_MAX};

/// Any bytes as a JWK, public or private.
pub(crate) fn jwk(data: &[u8]) {
    if let Ok(jwk) = Jwk::parse(data)
        && let Ok(key) = VerifyingKey::from_jwk(&jwk)
    {
        assert_eq!(key.algorithm(), jwk.algorithm());
        assert_public(&key);
    }
    if let Ok(key) = SigningKey::from_jwk(data) {
        assert_private(&key);
    }
}

/// Any bytes as a JWK Set.
pub(crate) fn jwk_set(data: &[u8]) {
    let Ok(keys) = KeySet::from_json(data) else { return };
    assert!(keys.len() + keys.refused().len() <= KEYS_MAX);
    for key in keys.iter() {
        assert!(!key.algorithm().is_symmetric(), "a secret in a published set");
        assert_eq!(keys.get(key.id().as_str()).map(VerifyingKey::thumbprint), Some(key.thumbprint()));
    }
    let published = serde_json::to_vec(&JwkSet { keys: keys.iter().filter_map(VerifyingKey::to_jwk).collect() });
    assert_eq!(KeySet::from_json(&published.unwrap()).unwrap().len(), keys.len());
}

/// Any text as a PEM block of every kind, and the bytes in it as DER.
pub(crate) fn pem(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    for algorithm in Algorithm::ALL {
        let private = [
            SigningKey::from_pkcs8_pem(algorithm, text),
            SigningKey::from_pkcs1_pem(algorithm, text),
            SigningKey::from_sec1_pem(algorithm, text),
        ];
        assert!(private.iter().flatten().count() <= 1, "two forms at once");
        private.iter().flatten().for_each(assert_private);
        let public = [VerifyingKey::from_spki_pem(algorithm, text), VerifyingKey::from_pkcs1_pem(algorithm, text)];
        assert!(public.iter().flatten().count() <= 1, "two forms at once");
        public.iter().flatten().for_each(assert_public);
    }
}

/// A public key that was taken leads back to itself.
fn assert_public(key: &VerifyingKey) {
    let json = serde_json::to_vec(&key.to_jwk()).unwrap();
    let again = VerifyingKey::from_jwk(&Jwk::parse(&json).unwrap()).unwrap();
    assert_eq!((again.thumbprint(), again.id()), (key.thumbprint(), key.id()));
    let spki = VerifyingKey::from_spki_der(key.algorithm(), &key.to_spki_der().unwrap()).unwrap();
    assert_eq!(spki.thumbprint(), key.thumbprint());
    assert!(key.check(b"input", &[]).is_err());
}

/// A private key that was taken leads back to itself.
fn assert_private(key: &SigningKey) {
    let again = SigningKey::from_stored(key.algorithm(), key.id().clone(), &key.to_stored()).unwrap();
    assert_eq!(again.verifying_key().thumbprint(), key.verifying_key().thumbprint());
    let again = SigningKey::from_jwk(key.to_private_jwk().unwrap().as_bytes()).unwrap();
    assert_eq!(again.verifying_key().thumbprint(), key.verifying_key().thumbprint());
}
