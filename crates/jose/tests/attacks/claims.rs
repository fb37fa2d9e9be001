//! Claims: types first, then time, issuer and audience.

use countersign_jose::{Algorithm, Expectations, Leeway, Signer, Timestamp, TokenType, UnverifiedToken};
use serde_json::{Value, json};

use crate::kit::*;

/// The claims as text, with `member` added.
fn claims_text(member: &str) -> String {
    claims().to_string().replace('}', &format!(",{member}}}"))
}

fn code_at(claims: impl ToString, now: u64) -> &'static str {
    let keys = key_set([es256().verifying_key()]);
    verify(&claiming(claims), &keys, now).map_or_else(|error| error.code(), |_| "accepted")
}

#[test]
fn a20_a_claim_that_comes_twice_is_refused() {
    for member in [
        r#""exp":9999999999"#,
        r#""sub":"eve""#,
        r#""aud":"https://api.example""#,
        r#""\u0065xp":9999999999"#,
        r#""e\u0078p":9999999999"#,
        r#""x":1,"y":2,"x":1"#,
        r#""act":{"sub":"a","s\u0075b":"b"}"#,
        r#""list":[{"a":1,"a":1}]"#,
    ] {
        assert_eq!(code(&claiming(claims_text(member))), "duplicate_member", "{member}");
    }
    // The same names on different levels, and names that differ in case, are different members.
    assert_eq!(code(&claiming(claims_text(r#""EXP":1,"act":{"exp":1,"act":{"exp":2}}"#))), "accepted");
}

#[test]
fn a21_a_time_of_the_wrong_type_is_not_an_absent_one() {
    for name in ["exp", "nbf", "iat"] {
        for value in [json!("1750000600"), json!(true), json!(null), json!([NOW + 600]), json!({ "s": 1 }), json!("")] {
            assert_eq!(code(&claiming(with(claims(), name, value.clone()))), "claim_type", "{name} {value}");
        }
    }
}

#[test]
fn a22_a_time_out_of_range_does_not_mean_never() {
    let exp = |number: &str| code(&claiming(claims().to_string().replace("1750000600", number)));
    for number in [
        "1e400",
        "1e308",
        "-1",
        "-0.5",
        "-1e400",
        "9223372036854775808",
        "18446744073709551616",
        "253402300800",
        "253402300799.5e1",
    ] {
        assert_eq!(exp(number), "claim_type", "{number}");
    }
    for number in ["NaN", "Infinity", "-Infinity", "0x7fffffff", "+1", "01", ".5", "5."] {
        assert_eq!(exp(number), "malformed", "{number}");
    }
    for number in ["0.5", "0", "-0", "-0.0", "1e-400"] {
        assert_eq!(exp(number), "expired", "{number}");
    }
    for number in ["1750000600.5", "1e10", "1.75e+10", "253402300799"] {
        assert_eq!(exp(number), "accepted", "{number}");
    }
    // Floored, not rounded: one second of leeway beyond `exp` is the whole second.
    let floored = claims().to_string().replace("1750000600", "1749999990.9999999999999");
    assert_eq!(code_at(floored, NOW), "expired");
}

#[test]
fn a23_a_token_without_exp_is_refused() {
    assert_eq!(code(&claiming(without(claims(), "exp"))), "missing_claim");
    assert_eq!(code(&claiming(without(claims(), "iss"))), "missing_claim");
    assert_eq!(code(&claiming("{}")), "missing_claim");
}

#[test]
fn a24_time_is_exact_to_the_second() {
    let exp = NOW + 600;
    assert_eq!(code_at(claims(), exp + LEEWAY - 1), "accepted");
    assert_eq!(code_at(claims(), exp + LEEWAY), "expired");
    assert_eq!(code_at(claims(), u64::MAX), "expired");
    for name in ["nbf", "iat"] {
        assert_eq!(code_at(with(claims(), name, json!(NOW + LEEWAY)), NOW), "accepted");
        assert_eq!(code_at(with(claims(), name, json!(NOW + LEEWAY + 1)), NOW), "not_yet_valid");
    }
    assert_eq!(Leeway::seconds(61), Err(countersign_jose::LeewayTooLong));
}

#[test]
fn a25_an_audience_that_only_looks_alike_is_refused() {
    for aud in [
        "https://api.example/",
        "https://api.example.evil",
        "https://api.exampl",
        "HTTPS://api.example",
        " https://api.example",
        "https://api.example https://other.example",
        "https://api.example\u{0}",
    ] {
        assert_eq!(code(&claiming(with(claims(), "aud", json!(aud)))), "wrong_audience", "{aud:?}");
        assert_eq!(code(&claiming(with(claims(), "aud", json!([aud])))), "wrong_audience", "{aud:?}");
    }
}

#[test]
fn a26_an_audience_of_the_wrong_shape_is_refused() {
    for aud in [json!([]), json!([""]), json!(""), json!(["x", "y"])] {
        assert_eq!(code(&claiming(with(claims(), "aud", aud.clone()))), "wrong_audience", "{aud}");
    }
    for aud in
        [json!(["x", 5]), json!([AUDIENCE, null]), json!(null), json!(5), json!({ AUDIENCE: 1 }), json!([[AUDIENCE]])]
    {
        assert_eq!(code(&claiming(with(claims(), "aud", aud.clone()))), "claim_type", "{aud}");
    }
    assert_eq!(code(&claiming(with(claims(), "aud", json!(["x", AUDIENCE])))), "accepted");
}

#[test]
fn a27_an_audience_is_always_asked_for() {
    assert_eq!(code(&claiming(without(claims(), "aud"))), "missing_claim");
    // There is no way to configure none: the empty one matches nothing.
    let expect = Expectations::new(ISSUER, "", TokenType::AccessToken, Leeway::ZERO);
    let keys = key_set([es256().verifying_key()]);
    for aud in [json!(AUDIENCE), json!(""), json!([""])] {
        let token = claiming(with(claims(), "aud", aud));
        let token = UnverifiedToken::parse(&token).unwrap();
        let error = token.verify::<Value>(&keys, &expect, Timestamp::from_seconds(NOW)).unwrap_err();
        assert_eq!(error.code(), "wrong_audience");
    }
}

#[test]
fn a28_the_issuer_is_one_string_compared_byte_for_byte() {
    for iss in [json!([ISSUER]), json!([ISSUER, "x"]), json!(null), json!(1), json!({})] {
        assert_eq!(code(&claiming(with(claims(), "iss", iss.clone()))), "claim_type", "{iss}");
    }
    for iss in [
        "https://issuer.exampl",
        "https://issuer.example/",
        "https://issuer.example.evil",
        "HTTPS://ISSUER.EXAMPLE",
        "",
    ] {
        assert_eq!(code(&claiming(with(claims(), "iss", json!(iss)))), "wrong_issuer", "{iss}");
    }
}

#[test]
fn a29_a_subject_is_a_string_that_is_not_empty() {
    for sub in [json!(5), json!(""), json!(null), json!(["ana"]), json!(true)] {
        assert_eq!(code(&claiming(with(claims(), "sub", sub.clone()))), "claim_type", "{sub}");
    }
    assert_eq!(code(&claiming(with(claims(), "jti", json!(5)))), "claim_type");
    assert_eq!(code(&claiming(without(claims(), "sub"))), "accepted");
}

#[test]
fn a41_claims_nested_too_deep_are_refused() {
    let nested = |depth: usize| claims_text(&format!(r#""x":{}{}"#, "[".repeat(depth - 1), "]".repeat(depth - 1)));
    assert_eq!(code(&claiming(nested(16))), "accepted");
    assert_eq!(code(&claiming(nested(17))), "malformed");
    assert_eq!(code(&claiming(r#"{"a":["#.repeat(600))), "malformed");
}

#[test]
fn a42_claims_too_large_are_refused() {
    let padded = |bytes: usize| {
        let claims = claims().to_string();
        format!("{}{}", claims, " ".repeat(bytes - claims.len()))
    };
    assert_eq!(code(&claiming(padded(4_096))), "accepted");
    assert_eq!(code(&claiming(padded(4_097))), "too_large");
    let crowded = |members: usize| {
        let mut claims = claims();
        (6..members).for_each(|n| claims[format!("m{n}")] = json!(n));
        claims
    };
    assert_eq!(code(&claiming(crowded(256))), "accepted");
    assert_eq!(code(&claiming(crowded(257))), "too_large");
}

#[test]
fn a42_the_signer_makes_nothing_that_the_verifier_refuses() {
    let signer = Signer::new(std::sync::Arc::new(new_key(Algorithm::EdDsa, KID)), "at+jwt");
    assert_eq!(signer.sign(&json!({ "x": "x".repeat(4_096) })).unwrap_err().code(), "too_large");
    assert_eq!(signer.sign(&json!([1])).unwrap_err().code(), "malformed");
    assert_eq!(signer.sign(&"text").unwrap_err().code(), "malformed");

    #[derive(serde::Serialize)]
    struct Flattened {
        sub: &'static str,
        #[serde(flatten)]
        rest: Value,
    }
    let twice = Flattened { sub: "ana", rest: json!({ "sub": "eve" }) };
    assert_eq!(signer.sign(&twice).unwrap_err().code(), "malformed");
}

#[test]
fn a70_claims_that_parsers_read_differently_are_refused() {
    let good = claims().to_string();
    let texts: [Vec<u8>; 10] = [
        [b"\xef\xbb\xbf", good.as_bytes()].concat(),
        format!("{good}{good}").into_bytes(),
        format!("{good}x").into_bytes(),
        format!("{good}\u{0}").into_bytes(),
        format!("{good}//").into_bytes(),
        good.replace("ana", r"\udc00").into_bytes(),
        good.replace("ana", r"\ud83d\u0041").into_bytes(),
        good.replace("ana", r"\x61na").into_bytes(),
        [good.trim_end_matches('}').as_bytes(), b",\"x\":\"\xc0\xaf\"}"].concat(),
        good.replace('}', ",}").into_bytes(),
    ];
    for text in texts {
        let token = sign_bytes(es256(), header("ES256").to_string().as_bytes(), &text);
        assert_eq!(code(&token), "malformed", "{}", String::from_utf8_lossy(&text));
    }
    for text in ["null", "[]", "1", "\"{}\"", "{"] {
        assert_eq!(code(&claiming(text)), "malformed", "{text}");
    }
    assert_eq!(code(&claiming(good.replace("ana", r"\ud83d\ude00"))), "accepted");
}

#[test]
fn a71_unusual_names_are_opaque() {
    let composed = "\u{e9}";
    let decomposed = "e\u{301}";
    let mut odd = claims();
    for (n, name) in [composed, decomposed, "__proto__", "constructor", "", "SUB", "ſub"].into_iter().enumerate() {
        odd[name] = json!(n);
    }
    let verified = verify(&claiming(&odd), &key_set([es256().verifying_key()]), NOW).unwrap();
    assert_eq!(verified.subject(), Some("ana"));
    assert_eq!(verified.into_claims(), odd);
}

#[test]
fn claims_that_do_not_fit_the_callers_type_are_refused() {
    #[derive(Debug, serde::Deserialize)]
    struct Scoped {
        scope: String,
    }
    let verify = |claims: Value| {
        let (token, keys) = (claiming(claims), key_set([es256().verifying_key()]));
        let expect = expectations(TokenType::AccessToken);
        let token = UnverifiedToken::parse(&token).unwrap();
        token.verify::<Scoped>(&keys, &expect, Timestamp::from_seconds(NOW))
    };
    assert_eq!(verify(with(claims(), "scope", json!("orders"))).unwrap().into_claims().scope, "orders");
    assert_eq!(verify(claims()).unwrap_err().code(), "claim_type");
    assert_eq!(verify(with(claims(), "scope", json!(1))).unwrap_err().code(), "claim_type");
}
