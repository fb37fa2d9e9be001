//! RFC 7638, JWK Thumbprint, section 3.1.

use countersign_jose::{Jwk, VerifyingKey};

const JWK: &str = concat!(
    r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"#,
    "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8",
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0L",
    r#"s1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
);

#[test]
fn section_3_1_the_thumbprint_is_that_of_the_required_members() {
    let key = VerifyingKey::from_jwk(&Jwk::parse(JWK.as_bytes()).unwrap()).unwrap();
    assert_eq!(key.thumbprint().to_string(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(key.thumbprint().as_bytes()[..4], [55, 54, 203, 177]);
}

#[test]
fn a_key_without_kid_is_named_after_its_thumbprint() {
    let unnamed = JWK.replace(r#","kid":"2011-04-29""#, "");
    let key = VerifyingKey::from_jwk(&Jwk::parse(unnamed.as_bytes()).unwrap()).unwrap();
    assert_eq!(key.id().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}
