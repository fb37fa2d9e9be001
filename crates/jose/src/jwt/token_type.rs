//! `typ`: what kind of token this is (RFC 7519 §5.1, RFC 8725 §3.11).

use std::borrow::Cow;

/// The kind of token that is asked for.
///
/// ```
/// use countersign_jose::TokenType;
///
/// assert!(TokenType::AccessToken.matches("application/AT+JWT"));
/// assert!(!TokenType::AccessToken.matches("JWT"));
/// assert!(TokenType::named("logout+jwt").matches("logout+jwt"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenType {
    /// `at+jwt` (RFC 9068 §2.1).
    AccessToken,
    /// `JWT`.
    IdToken,
    /// What a client authenticates by (RFC 7523 §3): `client-authentication+jwt`, `JWT`, or none at all, which is what most
    /// clients write. Asked for under keys that sign nothing else.
    ClientAssertion,
    /// Any other media type, with or without `application/`.
    Named(Cow<'static, str>),
}

impl TokenType {
    /// Any other media type.
    pub fn named(typ: impl Into<Cow<'static, str>>) -> Self {
        Self::Named(typ.into())
    }

    /// The media type, as written in a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::IdToken => "JWT",
            Self::ClientAssertion => "client-authentication+jwt",
            Self::Named(typ) => typ,
        }
    }

    /// Compares as media types: case does not count, `application/` may be left out (RFC 7515 §4.1.9).
    #[must_use]
    pub fn matches(&self, typ: &str) -> bool {
        let expected = subtype(self.as_str());
        let found = subtype(typ);
        let plain = *self == Self::ClientAssertion && found.eq_ignore_ascii_case("JWT");
        !expected.is_empty() && (found.eq_ignore_ascii_case(expected) || plain)
    }

    /// Whether a token without a `typ` is one.
    pub(crate) fn may_be_unnamed(&self) -> bool {
        *self == Self::ClientAssertion
    }
}

fn subtype(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => typ,
    }
}
