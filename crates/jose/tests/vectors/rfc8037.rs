//! RFC 8037, CFRG curves in JOSE, appendix A.

use countersign_jose::{Algorithm, Jwk, VerifyingKey};

use super::{check, payload, private_key};

const A1: &str = concat!(
    r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","#,
    r#""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
);
const A4: &str = concat!(
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
);

#[test]
fn a_1_and_a_2_the_public_half_is_derived() {
    let key = private_key(A1).unwrap();
    assert_eq!(key.algorithm(), Algorithm::EdDsa);
    let public = serde_json::to_value(key.verifying_key().to_jwk()).unwrap();
    assert_eq!(public["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(public.get("d"), None);
}

#[test]
fn a_3_the_thumbprint() {
    let thumbprint = private_key(A1).unwrap().verifying_key().thumbprint();
    assert_eq!(thumbprint.to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_4_and_a_5_the_signature_holds() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key = VerifyingKey::from_jwk(&Jwk::parse(jwk.as_bytes()).unwrap()).unwrap();
    assert_eq!(payload(A4), "Example of Ed25519 signing");
    check(&key, A4).unwrap();
    assert_eq!(check(&key, &A4.replace("Z25pbmc", "Z25pbmd")).unwrap_err().code(), "bad_signature");
}
