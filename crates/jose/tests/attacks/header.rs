//! Header members that change the meaning of a token.

use serde_json::{Value, json};

use crate::kit::*;

#[test]
fn a17_an_unknown_critical_extension_is_refused() {
    let extended = |names: Value| with(with(header("ES256"), "crit", names), "urn:x", json!(1));
    assert_eq!(code(&headed(extended(json!(["urn:x"])))), "unknown_critical");
    let two = with(extended(json!(["urn:x", "http://openid.net/x"])), "http://openid.net/x", json!({}));
    assert_eq!(code(&headed(two)), "unknown_critical");
    // Not critical: ignored (RFC 7515 section 4).
    assert_eq!(code(&headed(with(header("ES256"), "urn:x", json!(1)))), "accepted");
}

#[test]
fn a18_a_malformed_crit_is_refused() {
    let header = with(header("ES256"), "urn:x", json!(1));
    let malformed = [
        json!([]),
        json!("urn:x"),
        json!({ "urn:x": 1 }),
        json!(null),
        json!(1),
        json!(["urn:x", "urn:x"]),
        json!(["urn:x", 5]),
        json!([""]),
        json!(["alg"]),
        json!(["kid"]),
        json!(["crit"]),
        json!(["urn:x", "typ"]),
        json!(["absent"]),
        json!(["URN:X"]),
    ];
    for crit in malformed {
        assert_eq!(code(&headed(with(header.clone(), "crit", crit.clone()))), "header", "{crit}");
    }
}

#[test]
fn a19_an_unencoded_payload_is_refused() {
    let with_b64 = |b64: bool| with(header("ES256"), "b64", json!(b64));
    assert_eq!(code(&headed(with(with_b64(false), "crit", json!(["b64"])))), "unknown_critical");
    assert_eq!(code(&headed(with(with_b64(true), "crit", json!(["b64"])))), "unknown_critical");
    assert_eq!(code(&headed(with_b64(false))), "header");
    assert_eq!(code(&headed(with_b64(true))), "header");
}

#[test]
fn a20_a_header_member_that_comes_twice_is_refused() {
    for header in [
        r#"{"alg":"ES256","kid":"k1","typ":"at+jwt","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256","kid":"k1","typ":"at+jwt"}"#,
        r#"{"alg":"ES256","kid":"k1","typ":"at+jwt","kid":"k2"}"#,
        r#"{"alg":"ES256","kid":"k1","typ":"at+jwt","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","kid":"k1","typ":"at+jwt","x":1,"x":1}"#,
        r#"{"alg":"ES256","kid":"k1","typ":"at+jwt","jwk":{"kty":"EC","k\u0074y":"EC"}}"#,
    ] {
        assert_eq!(code(&headed(header)), "duplicate_member", "{header}");
    }
}

#[test]
fn a41_a_header_nested_too_deep_is_refused() {
    let nested = |depth: usize| {
        // The header itself is the first level.
        let arrays = format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        headed(format!(r#"{{"alg":"ES256","kid":"k1","typ":"at+jwt","x":{arrays}}}"#))
    };
    assert_eq!(code(&nested(16)), "accepted");
    assert_eq!(code(&nested(17)), "header");
    assert_eq!(code(&headed("[".repeat(2_000))), "header");
    assert_eq!(code(&headed(r#"{"a":"#.repeat(400))), "header");
}

#[test]
fn a42_a_header_too_large_is_refused() {
    let padded = |bytes: usize| {
        let header = header("ES256").to_string();
        format!("{}{}", header, " ".repeat(bytes - header.len()))
    };
    assert_eq!(code(&headed(padded(2_048))), "accepted");
    assert_eq!(code(&headed(padded(2_049))), "too_large");
    let crowded = |members: usize| {
        let mut header = header("ES256");
        (3..members).for_each(|n| header[format!("m{n}")] = json!(n));
        header
    };
    assert_eq!(code(&headed(crowded(16))), "accepted");
    assert_eq!(code(&headed(crowded(17))), "too_large");
}

#[test]
fn a46_password_based_encryption_is_not_spoken() {
    let pbes2 = with(with(header("PBES2-HS512+A256KW"), "enc", json!("A256GCM")), "p2c", json!(2_147_483_648_u32));
    assert_eq!(code(&headed(&pbes2)), "alg_not_allowed");
    assert_eq!(code(&format!("{}.a.a.a.a", signing_input(&pbes2, "{}"))), "malformed");
}

#[test]
fn a47_compression_is_refused() {
    let zipped = with(header("ES256"), "zip", json!("DEF"));
    assert_eq!(code(&headed(&zipped)), "header");
    assert_eq!(code(&format!("{}.AAAA.AAAA.AAAA", signing_input(&zipped, "{}"))), "malformed");
}

#[test]
fn a49_encryption_algorithms_are_not_spoken() {
    for alg in ["RSA1_5", "RSA-OAEP", "A128CBC-HS256", "dir", "ECDH-ES"] {
        let header = with(header(alg), "enc", json!("A128CBC-HS256"));
        assert_eq!(code(&headed(&header)), "alg_not_allowed", "{alg}");
        assert_eq!(code(&format!("{}.AAAA.AAAA.AAAA", signing_input(&header, "{}"))), "malformed", "{alg}");
    }
}

#[test]
fn a70_a_header_that_parsers_read_differently_is_refused() {
    let good = header("ES256").to_string();
    let texts: [Vec<u8>; 10] = [
        [b"\xef\xbb\xbf", good.as_bytes()].concat(),
        format!("{good}{good}").into_bytes(),
        format!("{good},").into_bytes(),
        format!("{good}\u{0}").into_bytes(),
        format!("/* */{good}").into_bytes(),
        good.replace('"', "'").into_bytes(),
        good.replace("k1", r"k1\ud800").into_bytes(),
        good.replace("k1", "k1\n").into_bytes(),
        [good.replace("k1\"", "k1").as_bytes(), b"\xff\"}"].concat(),
        good.replace('}', r#","x":NaN}"#).into_bytes(),
    ];
    for text in texts {
        let token = sign_bytes(es256(), &text, claims().to_string().as_bytes());
        assert_eq!(code(&token), "header", "{}", String::from_utf8_lossy(&text));
    }
    for text in ["null", "[]", "\"x\"", "1", "", "{", r#"{"alg":"ES256",}"#] {
        let input = signing_input(text, claims());
        let expected = if text.is_empty() { "malformed" } else { "header" };
        assert_eq!(code(&join(&input, &signature(es256(), &input))), expected, "{text}");
    }
    assert_eq!(code(&headed(without(header("ES256"), "alg"))), "header");
    assert_eq!(code(&headed(with(header("ES256"), "alg", json!(["ES256"])))), "header");
}

#[test]
fn a72_a_token_inside_a_token_is_refused() {
    for cty in ["JWT", "jwt", "application/jwt", "at+jwt"] {
        assert_eq!(code(&headed(with(header("ES256"), "cty", json!(cty)))), "header", "{cty}");
    }
    assert_eq!(code(&headed(with(header("ES256"), "cty", json!("json")))), "accepted");
    // As the value of a claim it is text, and stays text.
    let inner = claiming(claims());
    let token = claiming(with(claims(), "inner", json!(inner)));
    let verified = verify(&token, &key_set([es256().verifying_key()]), NOW).unwrap();
    assert_eq!(verified.claims()["inner"], json!(inner));
}
