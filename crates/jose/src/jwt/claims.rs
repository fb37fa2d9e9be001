//! The registered claims (RFC 7519 §4.1), read from checked JSON; types first, values later.

use super::{Timestamp, audience};
use crate::{
    ParseError, VerifyError,
    json::{self, Limits, Object},
};

/// The registered claims of a token, each of its right type.
pub(crate) struct ClaimsSet {
    pub(crate) issuer: String,
    pub(crate) subject: Option<String>,
    pub(crate) audience: Vec<String>,
    pub(crate) expires_at: Timestamp,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) id: Option<String>,
}

impl ClaimsSet {
    /// Reads a claims set whose signature held.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, VerifyError> {
        let claims = json::object(payload, Limits::CLAIMS).map_err(|error| ParseError::claims(&error))?;
        let subject = string(&claims, "sub")?;
        if subject.as_ref().is_some_and(String::is_empty) {
            return Err(VerifyError::ClaimType("sub"));
        }
        Ok(Self {
            expires_at: time(&claims, "exp")?.ok_or(VerifyError::MissingClaim("exp"))?,
            not_before: time(&claims, "nbf")?,
            issued_at: time(&claims, "iat")?,
            issuer: string(&claims, "iss")?.ok_or(VerifyError::MissingClaim("iss"))?,
            audience: audience::parse(claims.get("aud").ok_or(VerifyError::MissingClaim("aud"))?)?,
            subject,
            id: string(&claims, "jti")?,
        })
    }
}

fn string(claims: &Object<'_>, name: &'static str) -> Result<Option<String>, VerifyError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let string = value.string().ok_or(VerifyError::ClaimType(name))?;
    Ok(Some(string.into_owned()))
}

fn time(claims: &Object<'_>, name: &'static str) -> Result<Option<Timestamp>, VerifyError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let time = value.number().and_then(Timestamp::from_json_number).ok_or(VerifyError::ClaimType(name))?;
    Ok(Some(time))
}
