//! Somebody else's verifier: it knows the issuer's URL and what the issuer serves there, nothing more.

use super::app::{ISSUER, TestApp};
use countersign_core::Source as _;
use countersign_jose::{Expectations, KeySet, Leeway, TokenType, UnverifiedToken, VerifiedToken, VerifyError};
use serde_json::Value;

impl TestApp {
    /// Fetches the published keys and verifies with them.
    pub(crate) async fn verify(&self, token: &str, audience: &str) -> Result<VerifiedToken<Value>, VerifyError> {
        let jwks = self.get("/.well-known/jwks.json").send().await;
        let keys = KeySet::from_json(&jwks.body).expect("a key set");
        let expect = Expectations::new(ISSUER, audience, TokenType::AccessToken, Leeway::ZERO);
        let now = self.clock().now().timestamp();
        UnverifiedToken::parse(token).expect("a token").verify(&keys, &expect, now)
    }
}
