//! Client assertions (`private_key_jwt`, RFC 7523 §3, OpenID Connect Core §9): a JWT that a client signs for each request.

use super::ClientId;
use crate::limits::ASSERTION_LIFETIME_MAX;
use crate::time::Time;
use countersign_jose::{Expectations, JwkSet, KeySet, Leeway, Secret, TokenType, UnverifiedToken, VerifiedToken};
use serde::Deserialize;

/// An assertion as it was sent. Nothing about it is known yet.
#[derive(Debug, Clone)]
pub struct ClientAssertion(Secret<String>);

/// An assertion that holds: it is good once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionUse {
    /// `jti`.
    pub id: String,
    /// When it is over, leeway included: until then it must be remembered.
    pub expires_at: Time,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// One text: an array could name others beside the issuer, and readers differ on which of them counts.
    aud: String,
}

impl ClientAssertion {
    /// What was sent, whatever its form.
    #[must_use]
    pub const fn presented(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The client that it claims to be of: to be looked up, and not to be believed.
    #[must_use]
    pub fn claimed(&self) -> Option<ClientId> {
        let claims = UnverifiedToken::parse(self.0.expose()).ok()?.claims_json_unverified().ok()?;
        ClientId::parse(claims.get("sub")?.as_str()?).ok()
    }

    /// Whether `client` signed it with one of `keys`, for `issuer` alone, lately.
    pub(super) fn holds(&self, client: &ClientId, keys: &JwkSet, issuer: &str, now: Time) -> Option<AssertionUse> {
        let leeway = Leeway::seconds(LEEWAY_SECONDS).ok()?;
        let expect = Expectations::new(client.as_str(), issuer, TokenType::ClientAssertion, leeway);
        let keys = KeySet::from_jwks(keys).ok()?;
        let token: VerifiedToken<Claims> =
            UnverifiedToken::parse(self.0.expose()).ok()?.verify(&keys, &expect, now.timestamp()).ok()?;
        // One that is good elsewhere too could have come from there.
        let alone = token.claims().aud == issuer;
        let expires_at = Time::from_timestamp(token.expires_at());
        let short = expires_at.since(now) <= ASSERTION_LIFETIME_MAX;
        let own = token.claims().sub == client.as_str();
        let id = token.id()?.to_owned();
        (alone && short && own).then(|| AssertionUse { id, expires_at: expires_at + LEEWAY })
    }
}

const LEEWAY_SECONDS: u64 = 10;
const LEEWAY: crate::time::Span = crate::time::Span::from_seconds(LEEWAY_SECONDS + 1);

#[cfg(test)]
mod tests {
    use super::{AssertionUse, ClientAssertion};
    use crate::client::ClientId;
    use crate::time::Time;
    use countersign_jose::{Algorithm, JwkSet, Signer, SigningKey};
    use serde_json::{Value, json};
    use std::sync::Arc;

    const ISSUER: &str = "https://issuer.example";

    fn judged(typ: &str, claims: &Value) -> Option<AssertionUse> {
        let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let keys = JwkSet { keys: vec![key.verifying_key().to_jwk().unwrap()] };
        let text = Signer::new(key, typ).sign(claims).unwrap();
        let id = ClientId::parse("worker").unwrap();
        let assertion = ClientAssertion::presented(text);
        assertion.holds(&id, &keys, ISSUER, Time::from_millis(1_000_000))
    }

    fn claims() -> Value {
        json!({ "iss": "worker", "sub": "worker", "aud": ISSUER, "exp": 1_060, "iat": 1_000, "jti": "once" })
    }

    #[test]
    fn an_assertion_for_this_issuer_alone_holds() {
        let held = Some(AssertionUse { id: "once".to_owned(), expires_at: Time::from_millis(1_071_000) });
        for typ in ["JWT", "client-authentication+jwt"] {
            assert_eq!(judged(typ, &claims()), held, "{typ}");
        }
        assert_eq!(judged("at+jwt", &claims()), None);
        for (name, value) in [
            ("iss", json!("other")),
            ("sub", json!("other")),
            ("aud", json!(format!("{ISSUER}/oauth2/token"))),
            ("aud", json!([ISSUER])),
            ("aud", json!([ISSUER, "https://other.example"])),
            ("exp", json!(980)),
            ("exp", json!(1_000 + 3_601)),
            ("jti", Value::Null),
        ] {
            let mut wrong = claims();
            wrong[name] = value.clone();
            if value.is_null() {
                wrong.as_object_mut().unwrap().remove(name);
            }
            assert_eq!(judged("JWT", &wrong), None, "{name} {value}");
        }
    }
}
