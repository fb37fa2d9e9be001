//! Scope: what an access token may be used for (RFC 6749 §3.3).

use crate::limits::{SCOPE_CHARACTERS_MAX, SCOPES_MAX};
use std::collections::BTreeSet;

/// The scope that reads the revocations at the issuer itself. Built in, for machine clients that were registered with it.
pub const FEED_READ: &str = "feed:read";
/// The scope that registers clients where that is not open to everybody. Built in, as [`FEED_READ`] is.
pub const CLIENTS_REGISTER: &str = "clients:register";
/// What the issuer itself serves to machines that an operator registered with it, and to nobody else.
pub const MACHINES_ONLY: [&str; 2] = [FEED_READ, CLIENTS_REGISTER];

/// Shows the account's id in an ID token (OpenID Connect Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// Sessions live on when the browser sign-in through which they came ends (OpenID Connect Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The scopes that say who somebody is, and for how long: built in at the issuer, for every client at which people sign
/// in (OpenID Connect Core §5.4, §11).
pub const IDENTITY: [&str; 4] = [OPENID, "profile", "email", OFFLINE_ACCESS];

/// One scope-token: printable ASCII without space, `"` and `\`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(String);

/// A set of scopes; the order in which they were asked for means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScopeSet(BTreeSet<Scope>);

/// Text that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// A scope has a character that RFC 6749 §3.3 does not allow, or too many.
    #[error(
        "not a scope: expected 1 to {SCOPE_CHARACTERS_MAX} printable ASCII characters without space, quote and backslash"
    )]
    Token,
    /// Too many at once.
    #[error("too many scopes: at most {SCOPES_MAX} at once")]
    TooMany,
}

impl Scope {
    /// Reads one scope.
    ///
    /// # Errors
    /// [`InvalidScope::Token`] where RFC 6749 §3.3 does not allow it, or it is too long.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if (1..=SCOPE_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidScope::Token)
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ScopeSet {
    /// Reads scopes separated by spaces; none at all is the empty set.
    ///
    /// # Errors
    /// [`InvalidScope`] where one is malformed, or there are too many.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let scopes = text.split(' ').filter(|part| !part.is_empty()).map(Scope::parse);
        let scopes = scopes.collect::<Result<BTreeSet<_>, _>>()?;
        if scopes.len() > SCOPES_MAX { Err(InvalidScope::TooMany) } else { Ok(Self(scopes)) }
    }

    /// Whether all of `other` is in this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.is_subset(&self.0)
    }

    /// Whether the scope of this name is in the set.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|scope| scope == name)
    }

    /// The scopes for which `keep` says yes.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Scope) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Their texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Scope::as_str)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl std::fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.iter().collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidScope, ScopeSet};

    #[test]
    fn order_and_repetition_mean_nothing() {
        assert_eq!(ScopeSet::parse("b a b").unwrap(), ScopeSet::parse("a b").unwrap());
        assert_eq!(ScopeSet::parse("b a").unwrap().to_string(), "a b");
        assert!(ScopeSet::parse("").unwrap().is_empty());
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        for text in ["a\"b", "a\\b", "a\tb", "é", "a\0"] {
            assert_eq!(ScopeSet::parse(text), Err(InvalidScope::Token), "{text:?}");
        }
        let many: Vec<String> = (0..65).map(|n| n.to_string()).collect();
        assert_eq!(ScopeSet::parse(&many.join(" ")), Err(InvalidScope::TooMany));
    }
}
