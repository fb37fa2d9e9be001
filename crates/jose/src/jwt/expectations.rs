//! What a token must say before it is believed: asked for, never defaulted away.

use super::{Timestamp, TokenType, claims::ClaimsSet};
use crate::{Header, VerifyError, limits::LEEWAY_SECONDS_MAX};

/// How far two clocks may differ: 0 to 60 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leeway(u64);

/// A leeway of more than 60 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("leeway of more than {LEEWAY_SECONDS_MAX} s: set the clocks instead")]
pub struct LeewayTooLong;

impl Leeway {
    /// Clocks that never differ.
    pub const ZERO: Self = Self(0);

    /// That many seconds.
    ///
    /// # Errors
    /// [`LeewayTooLong`] if there are more than 60.
    pub const fn seconds(seconds: u64) -> Result<Self, LeewayTooLong> {
        if seconds > LEEWAY_SECONDS_MAX { Err(LeewayTooLong) } else { Ok(Self(seconds)) }
    }

    /// The seconds.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }
}

/// What a token must say: from whom, for whom, of which kind, and how exact clocks are.
///
/// ```
/// use countersign_jose::{Expectations, Leeway, TokenType};
///
/// let leeway = Leeway::seconds(10)?;
/// let expect =
///     Expectations::new("https://issuer.example", "https://api.example", TokenType::AccessToken, leeway);
/// # Ok::<(), countersign_jose::LeewayTooLong>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectations {
    issuer: String,
    audience: String,
    typ: TokenType,
    leeway: Leeway,
}

impl Expectations {
    /// One issuer, one audience, one kind. An empty issuer or audience matches no token.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, typ: TokenType, leeway: Leeway) -> Self {
        Self { issuer: issuer.into(), audience: audience.into(), typ, leeway }
    }

    /// The issuer that is asked for.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The audience that is asked for.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The kind of token that is asked for.
    #[must_use]
    pub const fn typ(&self) -> &TokenType {
        &self.typ
    }

    /// How far clocks may differ.
    #[must_use]
    pub const fn leeway(&self) -> Leeway {
        self.leeway
    }

    pub(crate) fn check_type(&self, header: &Header) -> Result<(), VerifyError> {
        if header.typ().map_or_else(|| self.typ.may_be_unnamed(), |typ| self.typ.matches(typ)) {
            return Ok(());
        }
        Err(VerifyError::WrongType { expected: self.typ.as_str().to_owned() })
    }

    /// Time, issuer, audience, in this order. Strings are compared byte for byte (RFC 7519 §4.1.1, RFC 3986 §6.2.1).
    pub(crate) fn check_claims(&self, claims: &ClaimsSet<'_>, now: Timestamp) -> Result<(), VerifyError> {
        let leeway_seconds = self.leeway.as_seconds();
        if claims.expires_at.plus_seconds(leeway_seconds) <= now {
            return Err(VerifyError::Expired { ago_seconds: now.seconds_since(claims.expires_at), leeway_seconds });
        }
        for begin in [claims.not_before, claims.issued_at].into_iter().flatten() {
            if begin > now.plus_seconds(leeway_seconds) {
                return Err(VerifyError::NotYetValid { in_seconds: begin.seconds_since(now), leeway_seconds });
            }
        }
        if self.issuer.is_empty() || claims.issuer != self.issuer {
            return Err(VerifyError::WrongIssuer);
        }
        if self.audience.is_empty() || !claims.audience.has(&self.audience) {
            return Err(VerifyError::WrongAudience);
        }
        Ok(())
    }
}
