//! What this crate reads of every token, beside the claims that a handler asks for.

use countersign_jose::{Timestamp, VerifyError as TokenError, base64url};
use countersign_revocation::{Subjects, client_key};
use serde::Deserialize;
use serde_json::Value;

use crate::error::VerifyError;

/// Claims for handlers that need none beyond what every token has: see the methods of
/// [`VerifiedToken`](crate::VerifiedToken).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Registered {}

/// What was read of a token that holds.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) subject: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) expires_at: Timestamp,
    pub(crate) key_id: String,
    /// The key that the token is bound to (RFC 9449 §6.1).
    pub(crate) jkt: Option<String>,
    /// What it is looked up by among what is revoked.
    pub(crate) subjects: Subjects,
}

/// As on the wire; types are looked at later, by the rules of the issuer.
#[derive(Deserialize)]
pub(crate) struct Wire {
    sid: Option<Value>,
    client_id: Option<Value>,
    azp: Option<Value>,
    scope: Option<Value>,
    scp: Option<Value>,
    roles: Option<Value>,
    cnf: Option<Value>,
}

/// What the signature and the registered claims said.
pub(crate) struct Signed<'a> {
    pub(crate) subject: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
    pub(crate) key_id: &'a str,
}

impl Wire {
    /// By the rules for a Countersign issuer: `sid`, `jti` and `client_id` must be there, since revocations are looked up
    /// by them, and the token must not live longer than revocations are remembered.
    pub(crate) fn countersign(self, signed: &Signed<'_>, seconds_max: u64) -> Result<Common, VerifyError> {
        let issued_at = signed.issued_at.ok_or(TokenError::MissingClaim("iat"))?;
        check_life(issued_at, signed.expires_at, seconds_max)?;
        let session = string(self.sid, "sid")?.ok_or(TokenError::MissingClaim("sid"))?;
        let id = signed.id.ok_or(TokenError::MissingClaim("jti"))?;
        let client_id = string(self.client_id, "client_id")?.ok_or(TokenError::MissingClaim("client_id"))?;
        let subjects = Subjects {
            session: Some(bits(&session).ok_or(TokenError::ClaimType("sid"))?),
            token: Some(bits(id).ok_or(TokenError::ClaimType("jti"))?),
            client: Some(client_key(&client_id)),
        };
        let roles = match self.roles {
            None => Vec::new(),
            Some(roles) => strings(&roles).ok_or(TokenError::ClaimType("roles"))?,
        };
        Ok(Common {
            session: Some(session),
            client_id: Some(client_id),
            scopes: words(&string(self.scope, "scope")?.unwrap_or_default()),
            roles,
            jkt: bound_to(self.cnf)?,
            subjects,
            ..Common::of(signed)
        })
    }

    /// By the rules for any other issuer: what is not there, or of another shape, is not there.
    pub(crate) fn foreign(self, signed: &Signed<'_>, seconds_max: u64) -> Result<Common, VerifyError> {
        if let Some(issued_at) = signed.issued_at {
            check_life(issued_at, signed.expires_at, seconds_max)?;
        }
        let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let scopes = match self.scope.or(self.scp) {
            Some(Value::String(scopes)) => words(&scopes),
            Some(scopes) => strings(&scopes).unwrap_or_default(),
            None => Vec::new(),
        };
        Ok(Common {
            session: text(self.sid),
            client_id: text(self.client_id).or(text(self.azp)),
            scopes,
            roles: self.roles.as_ref().and_then(strings).unwrap_or_default(),
            jkt: bound_to(self.cnf)?,
            ..Common::of(signed)
        })
    }
}

impl Common {
    fn of(signed: &Signed<'_>) -> Self {
        Self {
            subject: signed.subject.map(str::to_owned),
            session: None,
            id: signed.id.map(str::to_owned),
            client_id: None,
            scopes: Vec::new(),
            roles: Vec::new(),
            expires_at: signed.expires_at,
            key_id: signed.key_id.to_owned(),
            jkt: None,
            subjects: Subjects::default(),
        }
    }
}

fn check_life(issued_at: Timestamp, expires_at: Timestamp, seconds_max: u64) -> Result<(), TokenError> {
    let life = expires_at.seconds_since(issued_at);
    if life > seconds_max { Err(TokenError::ClaimType("exp")) } else { Ok(()) }
}

/// The key that a token is bound to. Another binding than to a DPoP key is one that we cannot check: to take such a
/// token as a plain one would be a downgrade.
fn bound_to(cnf: Option<Value>) -> Result<Option<String>, VerifyError> {
    let Some(cnf) = cnf else { return Ok(None) };
    let members = cnf.as_object().ok_or(TokenError::ClaimType("cnf"))?;
    match members.get("jkt") {
        Some(Value::String(jkt)) => Ok(Some(jkt.clone())),
        Some(_) => Err(TokenError::ClaimType("cnf").into()),
        None => Err(VerifyError::Bound),
    }
}

fn string(value: Option<Value>, name: &'static str) -> Result<Option<String>, TokenError> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::ClaimType(name)),
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

/// The scopes of a space-separated list (RFC 6749 §3.3).
fn words(scope: &str) -> Vec<String> {
    scope.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The 128 bits that 22 characters of canonical base64url stand for.
fn bits(text: &str) -> Option<[u8; 16]> {
    if text.len() != 22 {
        return None;
    }
    base64url::decode(text).ok()?.try_into().ok()
}
