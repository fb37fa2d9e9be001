//! The examples of the RFCs, one module each; and Project Wycheproof's signatures.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod rfc7515;
mod rfc7517;
mod rfc7518;
mod rfc7519;
mod rfc7520;
mod rfc7638;
mod rfc8037;
mod wycheproof;

use countersign_jose::{KeyError, SigningKey, VerifyError, VerifyingKey, base64url};

/// Checks the signature of a compact text; the payload may be anything.
fn check(key: &VerifyingKey, compact: &str) -> Result<(), VerifyError> {
    let (input, signature) = compact.rsplit_once('.').unwrap();
    key.check(input.as_bytes(), &base64url::decode(signature).unwrap())
}

/// The payload of a compact text, as UTF-8.
fn payload(compact: &str) -> String {
    String::from_utf8(base64url::decode(compact.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn private_key(json: &str) -> Result<SigningKey, KeyError> {
    SigningKey::from_jwk(json.as_bytes())
}
