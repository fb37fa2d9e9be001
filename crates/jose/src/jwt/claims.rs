//! The registered claims (RFC 7519 §4.1), lent from checked JSON; types first, values later.

use std::borrow::Cow;

use super::Timestamp;
use crate::{
    ParseError, VerifyError,
    json::{Limits, Object, Value},
};

/// The registered claims of a token, each of its right type.
pub(crate) struct ClaimsSet<'a> {
    pub(crate) issuer: Cow<'a, str>,
    pub(crate) subject: Option<Cow<'a, str>>,
    pub(crate) audience: Audience<'a>,
    pub(crate) expires_at: Timestamp,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) id: Option<Cow<'a, str>>,
}

/// `aud`: one string or an array of strings and nothing else (RFC 7519 §4.1.3), unread.
#[derive(Clone, Copy)]
pub(crate) struct Audience<'a>(Value<'a>);

impl<'a> Audience<'a> {
    fn of(value: Value<'a>) -> Result<Self, VerifyError> {
        if value.is_string() || value.strings().is_some() {
            Ok(Self(value))
        } else {
            Err(VerifyError::ClaimType("aud"))
        }
    }

    /// Whether it names `audience`, compared byte for byte.
    pub(crate) fn has(self, audience: &str) -> bool {
        self.0.string().map_or_else(|| self.all().any(|one| one == audience), |single| single == audience)
    }

    /// In the order of the token.
    pub(crate) fn all(self) -> impl Iterator<Item = Cow<'a, str>> {
        let several = self.0.strings().unwrap_or_default();
        self.0.string().into_iter().chain(several)
    }
}

/// The registered claims as they stand in the text.
#[derive(Default)]
struct Found<'a> {
    iss: Option<Value<'a>>,
    sub: Option<Value<'a>>,
    aud: Option<Value<'a>>,
    exp: Option<Value<'a>>,
    nbf: Option<Value<'a>>,
    iat: Option<Value<'a>>,
    jti: Option<Value<'a>>,
}

impl<'a> ClaimsSet<'a> {
    /// Reads a claims set whose signature held, in one pass; `object` is then all of its members.
    pub(crate) fn read(payload: &'a [u8], object: &mut Object<'a>) -> Result<Self, VerifyError> {
        object.read(payload, Limits::CLAIMS).map_err(|error| ParseError::claims(&error))?;
        let found = Found::of(object);
        let subject = string(found.sub, "sub")?;
        if subject.as_ref().is_some_and(|subject| subject.is_empty()) {
            return Err(VerifyError::ClaimType("sub"));
        }
        Ok(Self {
            expires_at: time(found.exp, "exp")?.ok_or(VerifyError::MissingClaim("exp"))?,
            not_before: time(found.nbf, "nbf")?,
            issued_at: time(found.iat, "iat")?,
            issuer: string(found.iss, "iss")?.ok_or(VerifyError::MissingClaim("iss"))?,
            audience: Audience::of(found.aud.ok_or(VerifyError::MissingClaim("aud"))?)?,
            subject,
            id: string(found.jti, "jti")?,
        })
    }
}

impl<'a> Found<'a> {
    #[inline]
    fn of(object: &Object<'a>) -> Self {
        let mut found = Self::default();
        object.for_each(|name, value| match name {
            "iss" => found.iss = Some(value),
            "sub" => found.sub = Some(value),
            "aud" => found.aud = Some(value),
            "exp" => found.exp = Some(value),
            "nbf" => found.nbf = Some(value),
            "iat" => found.iat = Some(value),
            "jti" => found.jti = Some(value),
            _ => {}
        });
        found
    }
}

#[inline]
fn string<'a>(value: Option<Value<'a>>, name: &'static str) -> Result<Option<Cow<'a, str>>, VerifyError> {
    let Some(value) = value else { return Ok(None) };
    value.string().map(Some).ok_or(VerifyError::ClaimType(name))
}

#[inline]
fn time(value: Option<Value<'_>>, name: &'static str) -> Result<Option<Timestamp>, VerifyError> {
    let Some(value) = value else { return Ok(None) };
    value.number().and_then(Timestamp::from_json_number).map(Some).ok_or(VerifyError::ClaimType(name))
}
