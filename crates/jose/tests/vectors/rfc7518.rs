//! RFC 7518, JSON Web Algorithms: what its tables ask for. Its appendix C is about encryption, which is not spoken here.

use countersign_jose::{Algorithm, KeyId, SigningKey};

/// Section 3.1: the names, without `none`.
#[test]
fn section_3_1_every_signature_algorithm_is_spoken_but_none() {
    for name in
        ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"]
    {
        assert_eq!(name.parse::<Algorithm>().unwrap().as_str(), name);
    }
    assert!("none".parse::<Algorithm>().is_err());
}

/// Section 3.2: a secret as long as the hash. Sections 3.3 and 3.5: 2048 bits. Section 3.4: the length of `r | s`.
#[test]
fn sections_3_2_to_3_5_the_lengths_of_keys_and_signatures() {
    for (algorithm, bytes) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
        (Algorithm::Es256, 64),
        (Algorithm::Es384, 96),
        (Algorithm::Es512, 132),
        (Algorithm::Rs256, 256),
        (Algorithm::Ps512, 256),
    ] {
        assert_eq!(SigningKey::generate(algorithm).unwrap().verifying_key().signature_bytes(), bytes, "{algorithm}");
    }
    let short = SigningKey::from_hmac_secret(Algorithm::Hs512, (0..63).collect::<Vec<u8>>(), KeyId::new("1").unwrap());
    assert_eq!(short.unwrap_err().code(), "key_unusable");
}

/// Section 6.2.1.2: a coordinate has the full length of its curve, leading zeros included.
#[test]
fn section_6_2_1_2_coordinates_have_their_full_length() {
    for (algorithm, characters) in [(Algorithm::Es256, 43), (Algorithm::Es384, 64), (Algorithm::Es512, 88)] {
        let jwk = serde_json::to_value(SigningKey::generate(algorithm).unwrap().verifying_key().to_jwk()).unwrap();
        assert_eq!(jwk["x"].as_str().unwrap().len(), characters);
        assert_eq!(jwk["y"].as_str().unwrap().len(), characters);
    }
}
