//! What holds for any input.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, LazyLock};

use countersign_jose::{
    Algorithm, Expectations, Jwk, JwkSet, KeyId, KeySet, Leeway, Signer, SigningKey, Timestamp, TokenType,
    UnverifiedToken, VerifiedToken, VerifyError, VerifyingKey, base64url, json,
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

static SIGNERS: LazyLock<[Signer; 13]> = LazyLock::new(|| {
    Algorithm::ALL.map(|algorithm| Signer::new(Arc::new(SigningKey::generate(algorithm).unwrap()), "at+jwt"))
});

fn verify(signer: &Signer, token: &str) -> Result<VerifiedToken<Value>, VerifyError> {
    verify_as(signer, token)
}

fn verify_as<C: DeserializeOwned>(signer: &Signer, token: &str) -> Result<VerifiedToken<C>, VerifyError> {
    let keys = KeySet::new([signer.key().verifying_key()]).unwrap();
    let expect = Expectations::new("i", "a", TokenType::AccessToken, Leeway::ZERO);
    UnverifiedToken::parse(token)?.verify(&keys, &expect, Timestamp::from_seconds(1_000))
}

/// Any JSON value: nested, with any text in it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_claims() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-z]{4,8}|.{5,9}", any_json(), 0..5).prop_map(|map| {
        let mut claims = Value::Object(map.into_iter().collect());
        (claims["iss"], claims["aud"], claims["exp"]) = ("i".into(), "a".into(), 2_000.into());
        claims
    })
}

/// Text near JSON: what a mutation of honest text looks like.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let fragments = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"\\u0061\"",
        "\"\\ud800\"",
        "\"",
        "\\",
        "1",
        "-0",
        "1e5",
        "1e308",
        "9e307",
        "0.1",
        "01",
        ".",
        "true",
        "null",
        "nul",
        " ",
        "\n",
        "\u{0}",
        "\"é\"",
        "/*",
        "NaN",
        "\u{feff}",
        "\"\t\"",
    ]);
    prop::collection::vec(fragments, 0..12).prop_map(|parts| parts.concat().into_bytes())
}

/// The one text that is JSON here and not for serde, found by chance: RFC 8259 section 6 sets no range. Whoever reads
/// such a number gets an error, never infinity.
#[test]
fn a_number_beyond_the_doubles_is_json_that_no_claim_can_hold() {
    #[derive(Debug, serde::Deserialize)]
    struct Limit {
        #[serde(rename = "limit")]
        _limit: Option<f64>,
    }
    for number in ["1e501", "-2E+308", "1e99999999999", &"9".repeat(400)] {
        assert_eq!(json::check(number.as_bytes(), json::Limits::CLAIMS), Ok(()), "{number}");
        assert!(out_of_range(&serde_json::from_str::<Value>(number).unwrap_err()), "{number}");

        let signer = &SIGNERS[0];
        let claims = format!(r#"{{"iss":"i","aud":"a","exp":2000,"limit":{number}}}"#);
        let token = signer.sign_payload(claims.as_bytes(), 1_024).unwrap();
        assert_eq!(verify_as::<Limit>(signer, &token).unwrap_err().code(), "claim_type", "{number}");
        assert_eq!(verify(signer, &token).unwrap_err().code(), "claim_type", "{number}");
    }
}

fn out_of_range(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

proptest! {
    #[test]
    fn what_is_signed_verifies_to_the_same_claims(claims in any_claims()) {
        for signer in SIGNERS.iter() {
            let verified = verify(signer, &signer.sign(&claims).unwrap()).unwrap();
            let written: Value = serde_json::from_slice(&serde_json::to_vec(&claims).unwrap()).unwrap();
            prop_assert_eq!(verified.into_claims(), written);
        }
    }

    #[test]
    fn no_change_of_one_byte_verifies(at in any::<prop::sample::Index>(), byte in 0_u8..128) {
        let claims = serde_json::json!({ "iss": "i", "aud": "a", "sub": "s", "exp": 2_000 });
        for signer in SIGNERS.iter() {
            let token = signer.sign(&claims).unwrap();
            let mut changed = token.clone().into_bytes();
            changed[at.index(token.len())] = byte;
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(verify(signer, &changed).is_ok(), changed == token);
        }
    }

    #[test]
    fn no_cut_or_joined_token_verifies(at in any::<prop::sample::Index>(), more in "[A-Za-z0-9_.-]{1,8}") {
        let claims = serde_json::json!({ "iss": "i", "aud": "a", "sub": "s", "exp": 2_000 });
        for signer in SIGNERS.iter() {
            let token = signer.sign(&claims).unwrap();
            let at = at.index(token.len());
            prop_assert!(verify(signer, &token[..at]).is_err());
            prop_assert!(verify(signer, &token[at + 1..]).is_err());
            let joined = format!("{}{more}{}", &token[..at], &token[at..]);
            prop_assert!(verify(signer, &joined).is_err());
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "(\\PC|[A-Za-z0-9_.-]|\\s){0,200}") {
        if let Ok(token) = UnverifiedToken::parse(&text) {
            let _ = (token.header_json(), token.claims_json_unverified());
        }
        let _ = Jwk::parse(text.as_bytes());
        let _ = SigningKey::from_pkcs8_pem(Algorithm::Es256, &text);
        let _ = VerifyingKey::from_spki_pem(Algorithm::Rs256, &format!("-----BEGIN PUBLIC KEY-----{text}-----END PUBLIC KEY-----"));
    }

    #[test]
    fn any_header_and_claims_are_read_without_a_panic(
        header in prop_oneof![nearly_json(), prop::collection::vec(any::<u8>(), 1..64)],
        claims in prop_oneof![nearly_json(), prop::collection::vec(any::<u8>(), 1..64)],
    ) {
        let text = format!("{}.{}.", base64url::encode(&header), base64url::encode(&claims));
        if let Ok(token) = UnverifiedToken::parse(&text) {
            let _ = (token.header_json(), token.claims_json_unverified());
        }
        let _ = JwkSet::parse(&claims);
        let _ = SigningKey::from_jwk(&header);
    }

    #[test]
    fn any_bytes_as_a_key_are_refused_or_taken_without_a_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        for algorithm in Algorithm::ALL {
            let _ = SigningKey::from_stored(algorithm, KeyId::new("k").unwrap(), &bytes);
        }
        // A real key with one byte changed goes deeper.
        for signer in SIGNERS.iter() {
            bytes = signer.key().to_stored().to_vec();
            let index = at.index(bytes.len());
            bytes[index] = byte;
            let _ = SigningKey::from_stored(signer.key().algorithm(), signer.key().id().clone(), &bytes);
        }
    }

    #[test]
    fn what_we_take_for_json_serde_takes_for_the_same(text in nearly_json()) {
        if json::check(&text, json::Limits::CLAIMS).is_ok()
            && let Err(error) = serde_json::from_slice::<Value>(&text)
        {
            prop_assert!(out_of_range(&error), "{error}: {}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn what_serde_writes_is_strict_json(value in any_json()) {
        let text = serde_json::to_vec(&value).unwrap();
        prop_assert_eq!(json::check(&text, json::Limits::CLAIMS), Ok(()));
        prop_assert_eq!(json::check(&serde_json::to_vec_pretty(&value).unwrap(), json::Limits::CLAIMS), Ok(()));
    }

    #[test]
    fn base64url_has_one_text_for_each_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64), text in "[A-Za-z0-9_=+/-]{0,12}") {
        prop_assert_eq!(base64url::decode(&base64url::encode(&bytes)).unwrap(), bytes);
        if let Ok(decoded) = base64url::decode(&text) {
            prop_assert_eq!(base64url::encode(&decoded), text);
        }
    }
}
