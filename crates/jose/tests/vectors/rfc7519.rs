//! RFC 7519, JSON Web Token.

use countersign_jose::{
    Expectations, KeyId, KeySet, Leeway, Timestamp, TokenType, UnverifiedToken, VerifyError, VerifyingKey, base64url,
};
use serde_json::Value;

fn verify(token: &str, typ: TokenType, now: u64) -> Result<(), VerifyError> {
    let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let key = VerifyingKey::from_secret(base64url::decode(secret).unwrap(), KeyId::new("1").unwrap()).unwrap();
    let expect = Expectations::new("joe", "https://api.example", typ, Leeway::ZERO);
    let token = UnverifiedToken::parse(token)?;
    token.verify::<Value>(&KeySet::new([key]).unwrap(), &expect, Timestamp::from_seconds(now)).map(drop)
}

/// The signature holds; what is missing is an audience, which the strict verifier asks for.
#[test]
fn section_3_1_the_example_is_signed_but_for_nobody() {
    let token = concat!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.",
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    );
    assert_eq!(verify(token, TokenType::IdToken, 1_300_819_379), Err(VerifyError::MissingClaim("aud")));
    assert_eq!(verify(token, TokenType::AccessToken, 1_300_819_379).unwrap_err().code(), "wrong_type");
    let claims = UnverifiedToken::parse(token).unwrap().claims_json_unverified().unwrap();
    assert_eq!(claims["http://example.com/is_root"], true);
}

#[test]
fn section_6_1_the_unsecured_example_is_refused() {
    let token = concat!(
        "eyJhbGciOiJub25lIn0.",
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    );
    assert_eq!(verify(token, TokenType::IdToken, 1_300_819_379).unwrap_err().code(), "wrong_type"); // it has none
    let typed = token.replace("eyJhbGciOiJub25lIn0", &base64url::encode(br#"{"alg":"none","typ":"JWT"}"#));
    assert_eq!(verify(&typed, TokenType::IdToken, 1_300_819_379).unwrap_err().code(), "alg_not_allowed");
}
