//! The binary over TLS, its own and that of nginx before it, and clients that check certificates.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]

mod at_start;
mod behind_nginx;
#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "../../../server/tests/it/support/certificates.rs"]
mod certificates;
mod client;
mod outbound;
#[path = "../support/mod.rs"]
mod support;
mod under_load;

use certificates::Files;
use serde_json::json;

const PASSWORD: &str = "a long enough phrase";

/// What makes a server speak TLS with these files, and lets everybody have an account.
fn settings(files: &Files) -> [(&'static str, &str); 3] {
    [
        ("COUNTERSIGN_SERVER__TLS_CERT_FILE", files.certificate.to_str().unwrap()),
        ("COUNTERSIGN_SERVER__TLS_KEY_FILE", files.key.to_str().unwrap()),
        ("COUNTERSIGN_ACCOUNTS__SIGN_UP", "open"),
    ]
}

/// The body of a sign-up, and of a sign-in that wants its tokens in the body.
fn ana() -> String {
    json!({ "login": "ana", "password": PASSWORD }).to_string()
}
