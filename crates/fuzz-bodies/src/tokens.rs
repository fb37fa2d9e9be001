//! Tokens and their parts.

use std::sync::LazyLock;

use countersign_jose::{
    Algorithm, Expectations, KeyId, KeySet, Leeway, Signer, SigningKey, Timestamp, TokenType, UnverifiedToken,
    VerifiedToken, VerifyError, base64url, json,
};
use serde_json::Value;

pub(crate) const SECRET: &[u8] = b"a secret for fuzzing only, of 48 bytes in length";
pub(crate) const ISSUER: &str = "i";
pub(crate) const AUDIENCE: &str = "a";
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(2_000_000_000);

pub(crate) static KEY: LazyLock<std::sync::Arc<SigningKey>> = LazyLock::new(|| {
    let id = KeyId::new("k").unwrap();
    std::sync::Arc::new(SigningKey::from_hmac_secret(Algorithm::Hs256, SECRET.to_vec(), id).unwrap())
});
pub(crate) static KEYS: LazyLock<KeySet> = LazyLock::new(|| KeySet::new([KEY.verifying_key()]).unwrap());
static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::new(KEY.clone(), "at+jwt"));

pub(crate) fn expectations() -> Expectations {
    Expectations::new(ISSUER, AUDIENCE, TokenType::AccessToken, Leeway::ZERO)
}

pub(crate) fn verify(token: &str) -> Result<VerifiedToken<Value>, VerifyError> {
    UnverifiedToken::parse(token)?.verify(&KEYS, &expectations(), NOW)
}

/// A token with any bytes for header and claims, whose HS256 signature holds under the key of the targets.
///
/// # Panics
/// If it can't be signed.
#[must_use]
pub fn signed(header: &[u8], claims: &[u8]) -> String {
    let input = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET);
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
    format!("{input}.{signature}")
}

/// Any text as a token.
pub(crate) fn compact_jws(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(token) = UnverifiedToken::parse(text) else {
        assert!(verify(text).is_err());
        return;
    };
    let _ = (token.header_json(), token.claims_json_unverified());
    // One text for each token: its segments, decoded and encoded again, are the text.
    let parts: Vec<Vec<u8>> = text.split('.').map(|part| base64url::decode(part).unwrap()).collect();
    let again: Vec<String> = parts.iter().map(|part| base64url::encode(part)).collect();
    assert_eq!(again.join("."), text);
    if let Ok(verified) = verify(text) {
        assert_eq!((verified.issuer(), verified.audience().contains(&AUDIENCE.to_owned())), (ISSUER, true));
    }
}

/// Any bytes as a header.
pub(crate) fn header(data: &[u8]) {
    let text = format!("{}.e30.AA", base64url::encode(data));
    let Ok(token) = UnverifiedToken::parse(&text) else { return };
    // What we read is what another parser reads.
    let Ok(json) = serde_json::from_slice::<Value>(data) else {
        // Numbers out of range are none there; we read no numbers in headers.
        assert!(json::check(data, json::Limits::HEADER).is_ok());
        return;
    };
    let header = token.header();
    assert_eq!(json["alg"].as_str(), Some(header.algorithm_name()));
    assert_eq!(json.get("kid").and_then(Value::as_str), header.key_id());
    assert_eq!(json.get("typ").and_then(Value::as_str), header.typ());
    assert!(json.get("crit").is_none() && json.get("b64").is_none());
}

/// Any bytes as the claims of a token whose signature holds.
pub(crate) fn claims(data: &[u8]) {
    let Ok(token) = SIGNER.sign_payload(data, 64 * 1024) else { return };
    let strict = json::check(data, json::Limits::CLAIMS);
    match verify(&token) {
        Ok(verified) => {
            strict.unwrap();
            let other: Value = serde_json::from_slice(data).unwrap();
            assert_eq!(verified.claims(), &other);
            assert_eq!(other["iss"], ISSUER);
            assert_eq!(verified.subject(), other.get("sub").and_then(Value::as_str));
            // What verified can be signed again, and says the same. (`serde_json` reads a long fraction as a neighbour of
            // the number that it then writes.)
            let written: Value = serde_json::from_slice(&serde_json::to_vec(&other).unwrap()).unwrap();
            let again = verify(&SIGNER.sign(&other).unwrap()).unwrap();
            assert_eq!(again.into_claims(), written);
        }
        Err(error) => assert!(!matches!(error, VerifyError::BadSignature)),
    }
}
