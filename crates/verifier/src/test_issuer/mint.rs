//! Tokens as a test describes them.

use std::{sync::Arc, time::Duration};

use countersign_jose::{Signer, SigningKey, base64url};
use serde_json::{Map, Value, json};

use crate::random;

/// A token to be minted.
///
/// ```
/// use std::time::Duration;
/// use countersign_verifier::Mint;
///
/// let mint = Mint::new("https://api.example").subject("ana").scope("orders:read").role("clerk")
///     .lifetime(Duration::from_secs(60)).claim("tenant", "blue");
/// # let _ = mint;
/// ```
#[derive(Debug, Clone)]
pub struct Mint {
    lifetime: Duration,
    scopes: Vec<String>,
    roles: Vec<String>,
    claims: Map<String, Value>,
}

/// A token that was minted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Minted {
    /// The compact JWS.
    pub token: String,
    /// Its `sid`.
    pub session: String,
    /// Its `jti`.
    pub id: String,
    /// All of its claims.
    pub claims: Value,
}

impl Mint {
    /// A token for that audience, of a new session, good for ten minutes.
    #[must_use]
    pub fn new(audience: &str) -> Self {
        let mut claims = Map::new();
        claims.insert("aud".to_owned(), audience.into());
        claims.insert("sub".to_owned(), id().into());
        claims.insert("sid".to_owned(), id().into());
        claims.insert("client_id".to_owned(), "web".into());
        Self { lifetime: Duration::from_secs(600), scopes: Vec::new(), roles: Vec::new(), claims }
    }

    /// `sub`.
    #[must_use]
    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", subject)
    }

    /// `sid`: of a session that there is.
    #[must_use]
    pub fn session(self, session: &str) -> Self {
        self.claim("sid", session)
    }

    /// One more scope.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        self.scopes.push(scope.to_owned());
        self
    }

    /// One more role.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        self.roles.push(role.to_owned());
        self
    }

    /// `exp` that long after `iat`.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// `cnf.jkt`: bound to that key.
    #[must_use]
    pub fn bound_to(self, key: &SigningKey) -> Self {
        self.claim("cnf", json!({ "jkt": key.verifying_key().thumbprint().to_string() }))
    }

    /// Any claim, in place of what it would be; `null` leaves it out.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    #[expect(clippy::expect_used, reason = "a test kit: a test fails by panicking")]
    pub(super) fn sign(&self, key: &Arc<SigningKey>, issuer: &str, typ: &str, now: u64) -> Minted {
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), issuer.into());
        claims.insert("iat".to_owned(), now.into());
        claims.insert("exp".to_owned(), (now + self.lifetime.as_secs()).into());
        claims.insert("jti".to_owned(), id().into());
        claims.insert("scope".to_owned(), self.scopes.join(" ").into());
        if !self.roles.is_empty() {
            claims.insert("roles".to_owned(), self.roles.clone().into());
        }
        claims.extend(self.claims.clone());
        claims.retain(|_, value| !value.is_null());
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (session, id) = (text("sid"), text("jti"));
        let claims = Value::Object(claims);
        let token = Signer::new(key.clone(), typ).sign(&claims).expect("claims of a test");
        Minted { token, session, id, claims }
    }
}

/// 128 bits in base64url.
pub(super) fn id() -> String {
    let bits = (u128::from(random::bits()) << 64) | u128::from(random::bits());
    base64url::encode(&bits.to_be_bytes())
}
