//! `id_token_hint` (OpenID Connect RP-Initiated Logout §2): which of our ID tokens a client shows.

use crate::ids::SessionId;
use crate::time::Time;
use countersign_jose::{Expectations, KeySet, Leeway, TokenType, UnverifiedToken, VerifiedToken};
use serde::Deserialize;

/// An ID token that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdTokenHint {
    /// We signed it, for this client, about this session.
    Ours {
        /// `aud`.
        client: String,
        /// `sid`.
        session: SessionId,
    },
    /// It says that we signed it, under a key that is gone by now: it is worth what `client_id` is, a name that anybody
    /// may write. Sessions outlive the keys of ID tokens.
    OfGoneKey {
        /// `aud`.
        client: String,
    },
}

#[derive(Deserialize)]
struct Claims {
    sid: String,
}

impl IdTokenHint {
    /// Reads a hint, however old it is: it was an ID token of `issuer` when it was made. `None` for anything else.
    #[must_use]
    pub fn read(text: &str, keys: &KeySet, issuer: &str, leeway: Leeway, now: Time) -> Option<Self> {
        let token = UnverifiedToken::parse(text).ok()?;
        // Read to be asked for: signature, issuer and type still decide.
        let said = token.claims_json_unverified().ok()?;
        let client = said.get("aud")?.as_str()?.to_owned();
        let known = token.header().key_id().is_some_and(|id| keys.get(id).is_some());
        if !known {
            let ours = said.get("iss")?.as_str()? == issuer && token.header().key_id().is_some();
            return ours.then_some(Self::OfGoneKey { client });
        }
        let expect = Expectations::new(issuer, client.as_str(), TokenType::IdToken, leeway);
        // An expired one is as good (§2), so it is judged at the time at which it was issued.
        let issued_at = Time::from_timestamp(countersign_jose::Timestamp::from_seconds(said.get("iat")?.as_u64()?));
        let token: VerifiedToken<Claims> = token.verify(keys, &expect, issued_at.min(now).timestamp()).ok()?;
        Some(Self::Ours { client, session: token.claims().sid.parse().ok()? })
    }

    /// For which client it was, as far as that can be known.
    #[must_use]
    pub fn client(&self) -> &str {
        match self {
            Self::Ours { client, .. } | Self::OfGoneKey { client } => client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IdTokenHint;
    use crate::ids::SessionId;
    use crate::time::Time;
    use countersign_jose::{Algorithm, KeySet, Leeway, Signer, SigningKey};
    use serde_json::{Value, json};
    use std::sync::Arc;

    const ISSUER: &str = "https://issuer.example";

    fn said() -> Value {
        json!({ "iss": ISSUER, "sub": "ana", "aud": "app", "iat": 1_000, "exp": 1_600,
                "sid": SessionId::from_bytes([1; 16]).to_string() })
    }

    fn read_under(
        signs: &Arc<SigningKey>,
        knows: &Arc<SigningKey>,
        typ: &str,
        claims: &Value,
        now: u64,
    ) -> Option<IdTokenHint> {
        let text = Signer::new(Arc::clone(signs), typ).sign(claims).unwrap();
        let keys = KeySet::new([knows.verifying_key()]).unwrap();
        IdTokenHint::read(&text, &keys, ISSUER, Leeway::ZERO, Time::from_millis(now * 1_000))
    }

    #[test]
    fn a_token_of_ours_holds_however_old() {
        let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let ours = IdTokenHint::Ours { client: "app".to_owned(), session: SessionId::from_bytes([1; 16]) };
        for now in [1_000, 1_599, 1_600, 99_000_000] {
            assert_eq!(read_under(&key, &key, "JWT", &said(), now), Some(ours.clone()), "{now}");
        }
        assert_eq!(read_under(&key, &key, "JWT", &said(), 999), None, "of the future");
        assert_eq!(read_under(&key, &key, "at+jwt", &said(), 1_000), None);
        for (name, value) in [
            ("iss", json!("https://other.example")),
            ("aud", json!(["app"])),
            ("aud", json!("")),
            ("sid", json!("x")),
            ("iat", json!("1000")),
            ("exp", json!(900)),
        ] {
            let mut other = said();
            other[name] = value;
            assert_eq!(read_under(&key, &key, "JWT", &other, 1_000), None, "{other}");
        }
    }

    #[test]
    fn a_key_that_is_gone_leaves_a_name_and_a_key_that_is_there_decides() {
        let key = || Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let (gone, known) = (key(), key());
        let name = IdTokenHint::OfGoneKey { client: "app".to_owned() };
        assert_eq!(read_under(&gone, &known, "JWT", &said(), 1_000), Some(name));
        let foreign = json!({ "iss": "https://other.example", "aud": "app", "iat": 1_000, "exp": 1_600 });
        assert_eq!(read_under(&gone, &known, "JWT", &foreign, 1_000), None);
        // The id of a known key over another's signature.
        let forged = Signer::new(Arc::clone(&gone), "JWT").sign(&said()).unwrap();
        let header = Signer::new(Arc::clone(&known), "JWT").sign(&said()).unwrap();
        let forged = format!("{}.{}", header.split('.').next().unwrap(), forged.split_once('.').unwrap().1);
        let keys = KeySet::new([known.verifying_key()]).unwrap();
        assert_eq!(IdTokenHint::read(&forged, &keys, ISSUER, Leeway::ZERO, Time::from_millis(1_000_000)), None);
        for text in ["", "a.b.c", &forged[1..]] {
            assert_eq!(IdTokenHint::read(text, &keys, ISSUER, Leeway::ZERO, Time::from_millis(1_000_000)), None);
        }
    }
}
