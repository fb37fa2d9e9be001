//! Texts that are not three segments.

use countersign_jose::UnverifiedToken;
use serde_json::json;

use crate::kit::*;

#[test]
fn a39_anything_but_three_segments_is_malformed() {
    let token = claiming(claims());
    let parts: Vec<&str> = token.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    for text in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        "....".into(),
        header.into(),
        format!("{header}.{payload}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{token}.{payload}.{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("..{signature}"),
        format!("{header}.."),
    ] {
        assert_eq!(code(&text), "malformed", "{text}");
    }
}

#[test]
fn a40_a_flood_is_refused_by_its_length() {
    assert_eq!(code(&".".repeat(1_000_000)), "too_large");
    assert_eq!(code(&"a".repeat(8_193)), "too_large");
    assert_eq!(code(&".".repeat(8_192)), "malformed");
    assert_eq!(code(&"a".repeat(8_192)), "malformed");
    assert_eq!(code(&format!("{}.e30.", "a".repeat(8_000))), "too_large");
}

#[test]
fn a43_the_json_serializations_are_malformed() {
    let token = claiming(claims());
    let parts: Vec<&str> = token.split('.').collect();
    let flattened = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
    let signatures = json!([{ "protected": parts[0], "signature": parts[2] }]);
    let general = json!({ "payload": parts[1], "signatures": signatures });
    for text in [flattened.to_string(), general.to_string(), format!(" {flattened}"), format!("[{flattened}]")] {
        assert_eq!(code(&text), "malformed");
    }
}

#[test]
fn a44_a_text_that_is_json_and_compact_at_once_is_malformed() {
    let token = claiming(claims());
    let parts: Vec<&str> = token.split('.').collect();
    for text in [
        format!(r#"{{"  {}.{}.{}":"","payload":"x"}}"#, parts[0], parts[1], parts[2]),
        format!(r#"{{"token":"{token}"}}"#),
        format!(r#""{token}""#),
        format!(r#"["{token}"]"#),
        format!("\n{{\"{token}\":1}}"),
    ] {
        assert_eq!(code(&text), "malformed", "{text}");
    }
}

#[test]
fn a44_what_is_returned_is_what_was_verified() {
    let odd = with(claims(), "n", json!(12_345_678_901_234_567_890_u64));
    let verified = verify(&claiming(&odd), &key_set([es256().verifying_key()]), NOW).unwrap();
    assert_eq!(verified.claims(), &odd);
    assert_eq!(verified.issuer(), odd["iss"]);
    assert_eq!(verified.audience(), [AUDIENCE]);
    assert_eq!(verified.expires_at().as_seconds(), NOW + 600);
}

#[test]
fn a45_an_encrypted_token_is_malformed() {
    let header = with(header("RSA-OAEP-256"), "enc", json!("A256GCM"));
    let five = format!("{}.AAAA.AAAA.AAAA", signing_input(&header, claims()));
    assert_eq!(five.split('.').count(), 5);
    assert_eq!(code(&five), "malformed");
    assert_eq!(code(&headed(header)), "alg_not_allowed");
}

#[test]
fn a50_a_token_of_several_signatures_is_malformed() {
    let token = claiming(claims());
    let parts: Vec<&str> = token.split('.').collect();
    let one = json!({ "protected": parts[0], "signature": parts[2] });
    let wrong = json!({ "protected": parts[0], "signature": "AAAA" });
    for signatures in [json!([one, wrong]), json!([wrong, one]), json!([one, one])] {
        assert_eq!(code(&json!({ "payload": parts[1], "signatures": signatures }).to_string()), "malformed");
    }
}

/// That claims can't be had without verification is shown when this is compiled: `UnverifiedToken` and its `claims()`
/// are a `compile_fail` example in its documentation. Here: what tools get instead is plain JSON and no claims type.
#[test]
fn a74_decoding_without_verification_gives_no_claims_that_a_handler_takes() {
    fn handler_takes(_: &countersign_jose::VerifiedToken<serde_json::Value>) {}
    let token = claiming(claims());
    let shown: serde_json::Value = UnverifiedToken::parse(&token).unwrap().claims_json_unverified().unwrap();
    assert_eq!(shown, claims());
    handler_takes(&verify(&token, &key_set([es256().verifying_key()]), NOW).unwrap());
}

#[test]
fn a75_no_error_repeats_what_it_was_given() {
    let marked = |header: &str, claims: &str| sign(es256(), header, claims);
    let texts = [
        "MARKED".repeat(2_000),
        "MARKED.MARKED".into(),
        "MARKED!.MARKED.MARKED".into(),
        marked("MARKED", "{}"),
        marked(r#"{"alg":"MARKED","kid":"k1","typ":"at+jwt"}"#, "{}"),
        marked(r#"{"alg":"ES256","kid":"MARKED","typ":"at+jwt"}"#, "{}"),
        marked(r#"{"alg":"ES256","kid":"k1","typ":"MARKED"}"#, "{}"),
        marked(r#"{"alg":"ES256","MARKED":1,"crit":["MARKED"]}"#, "{}"),
        marked(r#"{"alg":"ES256","MARKED":1,"MARKED":2}"#, "{}"),
        claiming("MARKED"),
        claiming(r#"{"MARKED":1,"MARKED":2}"#),
        claiming(with(claims(), "exp", json!("MARKED"))),
        claiming(with(claims(), "iss", json!("MARKED"))),
        claiming(with(claims(), "aud", json!("MARKED"))),
        claiming(with(claims(), "sub", json!(["MARKED"]))),
    ];
    let keys = key_set([es256().verifying_key()]);
    for text in texts {
        let error = verify(&text, &keys, NOW).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("MARKED") && !shown.contains(&text), "{shown}");
    }
    let token = claiming(with(claims(), "sub", json!("MARKED")));
    let unverified = UnverifiedToken::parse(&token).unwrap();
    assert!(!format!("{unverified:?}").contains(&token[token.len() - 80..]));
    let verified = verify(&token, &keys, NOW).unwrap();
    assert!(!format!("{verified:?}").contains("MARKED"));
}
