//! One kind of token is never taken for another (RFC 8725 section 3.11).

use countersign_jose::{Timestamp, TokenType, UnverifiedToken};
use serde_json::{Value, json};

use crate::kit::*;

fn typed(typ: Value) -> String {
    headed(with(header("ES256"), "typ", typ))
}

#[test]
fn a30_other_kinds_of_token_are_no_access_tokens() {
    for typ in ["JWT", "logout+jwt", "dpop+jwt", "refresh+jwt", "secevent+jwt", "at+jwt2", "x/at+jwt", "at+jwt;v=1", ""]
    {
        assert_eq!(code(&typed(json!(typ))), "wrong_type", "{typ}");
    }
    let code_as = |typ, token: &str| {
        let keys = key_set([es256().verifying_key()]);
        let now = Timestamp::from_seconds(NOW);
        let verified = UnverifiedToken::parse(token).unwrap().verify::<Value>(&keys, &expectations(typ), now);
        verified.map_or_else(|error| error.code(), |_| "accepted")
    };
    assert_eq!(code_as(TokenType::IdToken, &typed(json!("at+jwt"))), "wrong_type");
    assert_eq!(code_as(TokenType::IdToken, &typed(json!("JWT"))), "accepted");
    assert_eq!(code_as(TokenType::named("logout+jwt"), &typed(json!("JWT"))), "wrong_type");
    assert_eq!(code_as(TokenType::named("logout+jwt"), &typed(json!("logout+jwt"))), "accepted");
    assert_eq!(code_as(TokenType::named(""), &typed(json!(""))), "wrong_type");
}

#[test]
fn a31_typ_is_a_media_type() {
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert_eq!(code(&typed(json!(typ))), "accepted", "{typ}");
    }
    for typ in ["jwt", "application/jwt", "application/application/at+jwt", "at", " at+jwt", "at+jwt "] {
        assert_eq!(code(&typed(json!(typ))), "wrong_type", "{typ}");
    }
    assert_eq!(code(&headed(without(header("ES256"), "typ"))), "wrong_type");
    assert_eq!(code(&typed(json!(null))), "header");
    assert_eq!(code(&typed(json!(["at+jwt"]))), "header");
}
