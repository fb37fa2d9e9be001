//! A token taken apart, to be looked at: anybody who holds one can read it. Nothing here is a check.

use super::interrupted::Interrupted;
use countersign_jose::{UnverifiedToken, base64url};
use serde::Serialize;
use serde_json::Value;

/// The three parts of a token and what each weighs on the wire.
#[derive(Serialize)]
pub(super) struct DecodedToken {
    pub(super) bytes: usize,
    pub(super) header_bytes: usize,
    pub(super) claims_bytes: usize,
    pub(super) signature_bytes: usize,
    pub(super) header: Value,
    pub(super) claims: Value,
    /// Header and claims in the order of the token, for people.
    #[serde(skip)]
    pub(super) header_text: String,
    #[serde(skip)]
    pub(super) claims_text: String,
}

impl DecodedToken {
    pub(super) fn of(token: &str) -> Result<Self, Interrupted> {
        let parsed = UnverifiedToken::parse(token)?;
        let [header, claims, signature] = segments(token);
        Ok(Self {
            bytes: token.len(),
            header_bytes: header.len(),
            claims_bytes: claims.len(),
            signature_bytes: signature.len(),
            header: parsed.header_json()?,
            claims: parsed.claims_json_unverified()?,
            header_text: text(header),
            claims_text: text(claims),
        })
    }

    /// A claim that is a string or a number, as text.
    pub(super) fn claim(&self, name: &str) -> String {
        match &self.claims[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// The token with its claims changed and everything else as it was, the signature too.
pub(super) fn with_claims_changed(token: &str, change: impl FnOnce(&mut Value)) -> Result<String, Interrupted> {
    let mut claims = UnverifiedToken::parse(token)?.claims_json_unverified()?;
    change(&mut claims);
    let [header, _, signature] = segments(token);
    Ok(format!("{header}.{}.{signature}", base64url::encode(claims.to_string().as_bytes())))
}

/// The three segments of what was parsed, so that there are three.
fn segments(token: &str) -> [&str; 3] {
    let mut segments = token.split('.');
    std::array::from_fn(|_| segments.next().unwrap_or_default())
}

fn text(segment: &str) -> String {
    String::from_utf8_lossy(&base64url::decode(segment).unwrap_or_default()).into_owned()
}
