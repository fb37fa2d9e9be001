//! RFC 7517, JSON Web Key, appendix A.

use countersign_jose::{Algorithm, JwkSet, KeySet};

use super::private_key;

const A1: &str = concat!(
    r#"{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","#,
    r#""y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},"#,
    r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"#,
    "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8",
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0L",
    r#"s1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]}"#,
);

#[test]
fn a_1_the_key_for_encryption_is_left_out() {
    let keys = KeySet::from_json(A1.as_bytes()).unwrap();
    assert_eq!(keys.get("2011-04-29").unwrap().algorithm(), Algorithm::Rs256);
    assert!(keys.get("1").is_none());
    assert_eq!(keys.refused()[0].error.code(), "key_unusable");
    assert_eq!(JwkSet::parse(A1.as_bytes()).unwrap().keys.len(), 1);
}

#[test]
fn a_1_a_set_is_written_as_it_was_read() {
    let jwks = JwkSet::parse(A1.as_bytes()).unwrap();
    let written = serde_json::to_string(&jwks).unwrap();
    let names: Vec<usize> =
        ["kty", "\"n\"", "\"e\"", "kid", "alg", "use"].map(|name| written.find(name).unwrap()).into();
    assert!(names.is_sorted(), "{written}");
    assert_eq!(JwkSet::parse(written.as_bytes()).unwrap(), jwks);
}

#[test]
fn a_2_the_private_key_belongs_to_its_public_half() {
    let jwk = concat!(
        r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","#,
        r#""y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","#,
        r#""use":"enc","kid":"1"}"#,
    );
    assert_eq!(private_key(jwk).unwrap_err().code(), "key_unusable"); // for encryption
    let key = private_key(&jwk.replace("enc", "sig")).unwrap();
    assert_eq!((key.id().as_str(), key.algorithm()), ("1", Algorithm::Es256));
}

#[test]
fn a_3_the_secret_is_read_under_a_name_that_can_be_printed() {
    let jwk = concat!(
        r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow","#,
        r#""kid":"HMAC key used in JWS spec Appendix A.1 example"}"#,
    );
    assert_eq!(private_key(jwk).unwrap_err().code(), "key_unusable"); // white space in `kid`
    assert_eq!(private_key(&jwk.replace(' ', "-")).unwrap().algorithm(), Algorithm::Hs256);
}
