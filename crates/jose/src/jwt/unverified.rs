//! A token as it came in.

use std::fmt;

use serde::de::DeserializeOwned;

use super::{Expectations, Timestamp, VerifiedToken, claims::ClaimsSet};
use crate::{
    Header, KeySet, ParseError, VerifyError,
    json::{self, Limits, Object},
    jws::{CompactJws, CompactLimits, pick_key},
};

/// Parsed, not trusted: enough to pick a key, nothing about who is calling.
///
/// ```
/// use countersign_jose::{Algorithm, UnverifiedToken};
///
/// let token = UnverifiedToken::parse("eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.e30.c2ln")?;
/// assert_eq!(token.header().algorithm(), Some(Algorithm::Es256));
/// assert_eq!(token.header().key_id(), Some("1"));
/// # Ok::<(), countersign_jose::ParseError>(())
/// ```
///
/// It has no claims that a handler could take for true:
///
/// ```compile_fail
/// # use countersign_jose::UnverifiedToken;
/// let token = UnverifiedToken::parse("eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.e30.c2ln").unwrap();
/// token.claims();
/// ```
pub struct UnverifiedToken<'a> {
    header: Header,
    jws: CompactJws<'a>,
}

impl<'a> UnverifiedToken<'a> {
    /// Checks size, shape, base64 and header. No cryptography runs, the claims are not looked at.
    ///
    /// # Errors
    /// [`ParseError`] for anything that is not one strict compact JWS (RFC 7515 §7.1) with a header that we accept.
    pub fn parse(token: &'a str) -> Result<Self, ParseError> {
        let jws = CompactJws::parse(token, CompactLimits::TOKEN)?;
        Ok(Self { header: Header::parse(&jws.header)?, jws })
    }

    /// What the token says about itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The one way to a [`VerifiedToken`]: kind, algorithm and key, signature, then the claims, in this order; the first
    /// failure wins. No claim is read before the signature holds.
    ///
    /// # Errors
    /// [`VerifyError`] says which check failed.
    pub fn verify<C: DeserializeOwned>(
        self,
        keys: &KeySet,
        expect: &Expectations,
        now: Timestamp,
    ) -> Result<VerifiedToken<C>, VerifyError> {
        expect.check_type(&self.header)?;
        let key = pick_key(&self.header, keys)?;
        key.check(self.jws.signing_input.as_bytes(), &self.jws.signature)?;
        let mut object = Object::default();
        let claims = ClaimsSet::read(&self.jws.payload, &mut object)?;
        expect.check_claims(&claims, now)?;
        VerifiedToken::read(claims, &object, key)
    }

    /// The signing input and the encoded signature, as they were sent.
    pub(super) fn signed_parts(&self) -> (&'a str, &'a str) {
        (self.jws.signing_input, self.jws.signature_text)
    }

    /// The header as JSON, untrusted: for tools that show tokens.
    ///
    /// # Errors
    /// [`ParseError::Header`] for numbers out of range.
    pub fn header_json(&self) -> Result<serde_json::Value, ParseError> {
        serde_json::from_slice(&self.jws.header).map_err(|_| ParseError::Header("a number is out of range"))
    }

    /// The claims as JSON, **untrusted: anybody can write them**. For tools that show tokens, never for a decision.
    ///
    /// # Errors
    /// [`ParseError`] if they are not one strict JSON object.
    pub fn claims_json_unverified(&self) -> Result<serde_json::Value, ParseError> {
        json::object(&self.jws.payload, Limits::CLAIMS).map_err(|error| ParseError::claims(&error))?;
        serde_json::from_slice(&self.jws.payload).map_err(|_| ParseError::Malformed("a number is out of range"))
    }
}

/// Prints the header only: a token is a secret.
impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedToken").field("header", &self.header).finish_non_exhaustive()
    }
}
