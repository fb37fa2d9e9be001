//! Tokens made, checked and explained without any server.

use crate::kit::Place;
use crate::support::ServerProcess;
use countersign_jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

const ISSUER: &str = "https://auth.example.com";
const AUDIENCE: &str = "https://api.example.com";
const NOW: &str = "2026-01-31T12:00:00Z";

fn signed(place: &Place, more: &[&str]) -> String {
    place.write("secret.txt", "correct horse battery staple, and more of it\n");
    let args =
        ["token", "sign", "--secret-file", "secret.txt", "--issuer", ISSUER, "--audience", AUDIENCE, "--at", NOW];
    place.json(&[&args, more].concat())["token"].as_str().unwrap().to_owned()
}

fn verify(place: &Place, token: &str, more: &[&str]) -> (i32, Value) {
    let args = ["token", "verify", "--secret-file", "secret.txt", "--at", NOW, "--json"];
    let ran = place.run_with(&[&args, more].concat(), token, &[]);
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}")))
}

#[test]
fn a_signed_token_verifies_and_each_expectation_counts() {
    let place = Place::new();
    let token = signed(&place, &["--subject", "ana", "--claim", "level=3"]);
    let (code, verdict) = verify(&place, &token, &["--issuer", ISSUER, "--audience", AUDIENCE]);
    assert_eq!((code, &verdict["valid"]), (0, &json!(true)));
    assert_eq!(verdict["claims"]["sub"], "ana");
    assert_eq!(verdict["claims"]["level"], 3);
    assert_eq!(verdict["not_checked"], json!(["revocation"]));
    assert_eq!(verify(&place, &token, &[]).1["not_checked"], json!(["issuer", "audience", "revocation"]));
    for (more, expected) in [
        (["--issuer", "https://other.example"], "wrong_issuer"),
        (["--audience", "https://other.example"], "wrong_audience"),
        (["--typ", "JWT"], "wrong_type"),
        (["--at", "2026-01-31T12:10:10Z"], "expired"),
        (["--at", "2026-01-31T11:59:00Z"], "not_yet_valid"),
    ] {
        let args = ["token", "verify", "--secret-file", "secret.txt", "--json"];
        let at: &[&str] = if more[0] == "--at" { &[] } else { &["--at", NOW] };
        let ran = place.run_with(&[&args, at, &more].concat(), &token, &[]);
        let verdict: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((ran.code, verdict["code"].as_str().unwrap()), (1, expected), "{more:?}");
        assert!(!verdict["message"].as_str().unwrap().is_empty());
    }
    let (payload, signature) = token.rsplit_once('.').unwrap();
    let (code, verdict) = verify(&place, &format!("{payload}.{}", "A".repeat(signature.len())), &[]);
    assert_eq!((code, &verdict["code"]), (1, &json!("bad_signature")));
    assert_eq!(verify(&place, "nonsense", &[]).1["code"], "malformed");
    let human = place.run_with(&["token", "verify", "--secret-file", "secret.txt"], "nonsense", &[]);
    assert_eq!((human.code, human.out.lines().next()), (1, Some("refused: malformed")));
    assert_eq!(human.err, "");
}

#[test]
fn a_refusal_tells_what_was_found_and_what_was_expected() {
    let place = Place::new();
    let token = signed(&place, &["--subject", "ana"]);
    let (_, verdict) = verify(&place, &token, &["--audience", "https://other.example"]);
    assert_eq!(verdict["check"], "audience: `aud`");
    assert_eq!(
        (&verdict["found"], &verdict["expected"]),
        (&json!(AUDIENCE), &json!("`https://other.example` among them"))
    );
    let late = ["token", "verify", "--secret-file", "secret.txt", "--at", "2026-01-31T12:13:00Z"];
    let shown = place.run_with(&late, &token, &[]);
    assert_eq!(shown.code, 1);
    for told in ["refused: expired", "2026-01-31T12:10:00Z (3 minutes ago)", "later than 2026-01-31T12:13:00Z", "hint:"]
    {
        assert!(shown.out.contains(told), "{told}: {shown:?}");
    }
    let (_, verdict) = verify(&place, &token.replace('.', "!"), &[]);
    assert_eq!((&verdict["code"], &verdict["check"]), (&json!("malformed"), &json!("form")));
    assert_eq!(verdict["expected"], "header.payload.signature, three segments of base64url");
}

/// Every algorithm, with keys in the forms in which `openssl` writes them.
#[test]
fn tokens_of_every_algorithm_are_signed_and_verified() {
    let place = Place::new();
    place.write("secret.txt", "correct horse battery staple, and quite a lot more of it than that\n");
    for algorithm in Algorithm::ALL {
        let (private, public): (&str, &str) = if algorithm.is_symmetric() {
            ("--secret-file", "--secret-file")
        } else {
            let key = SigningKey::generate(algorithm).unwrap();
            let pem = key.to_pkcs1_pem().or_else(|| key.to_sec1_pem()).or_else(|| key.to_pkcs8_pem()).unwrap();
            place.write("private.pem", &pem);
            place.write("public.pem", key.verifying_key().to_spki_pem().unwrap());
            ("--key", "--key")
        };
        let file = |asymmetric| if algorithm.is_symmetric() { "secret.txt" } else { asymmetric };
        let named = ["--algorithm", algorithm.as_str()];
        let sign = ["token", "sign", private, file("private.pem"), "--audience", AUDIENCE, "--issuer", ISSUER];
        let token = place.json(&[&sign[..], &named].concat())["token"].as_str().unwrap().to_owned();
        assert_eq!(place.json(&["token", "decode", &token])["header"]["alg"], algorithm.as_str());
        let verify = ["token", "verify", public, file("public.pem"), "--audience", AUDIENCE, "--json"];
        let ran = place.run_with(&[&verify[..], &named].concat(), &token, &[]);
        assert_eq!(ran.code, 0, "{algorithm}: {ran:?}");
        let other = if algorithm == Algorithm::Ps384 { "PS512" } else { "PS384" };
        let refused = place.run_with(&[&verify[..], &["--algorithm", other]].concat(), &token, &[]);
        assert_ne!(refused.code, 0, "{algorithm}: {refused:?}");
    }
}

#[test]
fn claims_come_as_json_and_flags_win() {
    let place = Place::new();
    let claims = r#"{"sub":"ben","iat":1000,"exp":2000,"roles":["ops"]}"#;
    let token = signed(&place, &["--subject", "ana", claims]);
    let decoded = place.json(&["token", "decode", &token]);
    assert_eq!(decoded["verified"], false);
    assert_eq!(decoded["header"]["alg"], "HS256");
    let claims = &decoded["claims"];
    assert_eq!((&claims["sub"], &claims["iat"], &claims["exp"]), (&json!("ana"), &json!(1000), &json!(2000)));
    assert_eq!((&claims["roles"], &claims["iss"]), (&json!(["ops"]), &json!(ISSUER)));
    place.run(&["token", "sign", "--secret-file", "secret.txt", "[]"]).assert_failed(2, &["JSON object"]);
}

#[test]
fn the_servers_tokens_verify_by_its_published_keys() {
    let place = Place::new();
    place.account("ana", "a phrase of several words");
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    let request = json!({ "login": "ana", "password": "a phrase of several words" });
    let answer = crate::support::Connection::open(server.address).unwrap().post("/api/v1/sign-in", &request).unwrap();
    let token = answer.1["access_token"].as_str().unwrap();
    let jwks = format!("http://{}/.well-known/jwks.json", server.address);
    for source in [jwks.as_str(), place.write("jwks.json", place.run(&["key", "export"]).out).to_str().unwrap()] {
        let ran = place.run_with(&["token", "verify", "--jwks", source, "--json"], token, &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let other = format!("http://{}/healthz", server.address);
    place.run_with(&["token", "verify", "--jwks", &other], token, &[]).assert_failed(2, &["no set of keys"]);
    let https = place.run_with(&["token", "verify", "--jwks", "https://auth.example.com/jwks"], token, &[]);
    https.assert_failed(2, &["not in this version yet", "hint:"]);
    let decoded = place.json(&["token", "decode", answer.1["refresh_token"].as_str().unwrap()]);
    assert_eq!((&decoded["session_id"], &decoded["generation"]), (&answer.1["session_id"], &json!(0)));
}

#[test]
fn a_token_that_moves_the_cursor_can_not() {
    let place = Place::new();
    let token = signed(&place, &["--claim", "note=\"\u{1b}[2J\""]);
    let shown = place.run(&["token", "decode", &token]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(!shown.out.contains('\u{1b}'));
}

#[test]
fn weak_or_wrong_keys_are_refused() {
    let place = Place::new();
    let token = signed(&place, &[]);
    place.write("short.txt", "too short");
    place.write("nonsense.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    place.run(&["token", "sign", "--secret-file", "short.txt"]).assert_failed(2, &["9 bytes", "openssl rand"]);
    place.run(&["token", "sign", "--key", "nonsense.pem"]).assert_failed(2, &["nonsense.pem", "PKCS#8"]);
    place.run(&["token", "sign", "--key", "missing.pem"]).assert_failed(2, &["missing.pem"]);
    place.run(&["token", "sign"]).assert_failed(2, &["--key"]);
    place.run_with(&["token", "verify"], &token, &[]).assert_failed(2, &["--jwks"]);
    let leeway = ["token", "verify", "--secret-file", "secret.txt", "--leeway", "61s"];
    place.run_with(&leeway, &token, &[]).assert_failed(2, &["60 s"]);
    place.run(&["token", "verify", "--secret-file", "secret.txt"]).assert_failed(2, &["no token"]);
}
