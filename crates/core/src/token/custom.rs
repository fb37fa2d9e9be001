//! Custom claims: what the operator adds to access tokens, taken from the attributes of accounts.

use super::registered::is_registered;
use crate::account::is_attribute_name;
use crate::limits::{CLAIM_NAME_BYTES_MAX, CLAIM_URI_BYTES_MAX, CUSTOM_CLAIMS_BYTES_MAX, CUSTOM_CLAIMS_MAX};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// What a source begins with: the only kind so far.
const ATTRIBUTE: &str = "attribute:";

/// The name of a custom claim: a word that is not registered, or a URI, which nobody else means otherwise
/// (RFC 7519 §4.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimName(String);

/// Which custom claims a token carries, and where each comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimMapping(BTreeMap<ClaimName, ClaimSource>);

/// Where a custom claim comes from: `attribute:NAME`, an attribute of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimSource {
    attribute: String,
}

/// The custom claims of one token. Without any it owns no memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomClaims(BTreeMap<ClaimName, String>);

/// Custom claims that are longer than a token may carry. All are left out, not some: a resource server never sees half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the custom claims have {bytes} bytes as JSON, more than {CUSTOM_CLAIMS_BYTES_MAX}: shorten the attributes that they come from"
)]
pub struct CustomClaimsTooLong {
    /// As a JSON object.
    pub bytes: usize,
}

/// What can't be a custom claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClaim {
    /// A name that means something already.
    #[error("`{0}` is a registered claim name, it means the same in every token: use a name of your own")]
    Registered(String),
    /// Not a name.
    #[error(
        "not a claim name: expected at most {CLAIM_NAME_BYTES_MAX} letters, digits, `.`, `_` and `-`, beginning with a letter, or a URI of at most {CLAIM_URI_BYTES_MAX} bytes"
    )]
    Name,
    /// Not a name and a source.
    #[error("not a claim: expected NAME=attribute:NAME, as in tenant=attribute:tenant")]
    Definition,
    /// Not a source.
    #[error("unknown source of a claim: expected \"attribute:NAME\", NAME of letters, digits, `-` and `_`")]
    Source,
    /// The same name again.
    #[error("claim `{0}` is given twice")]
    Twice(String),
    /// More claims than a token carries.
    #[error("too many custom claims: a token carries at most {CUSTOM_CLAIMS_MAX}")]
    TooMany,
    /// No values would be short enough.
    #[error(
        "the names of the custom claims alone are longer than a token carries: {CUSTOM_CLAIMS_BYTES_MAX} bytes, names and values together"
    )]
    NamesTooLong,
}

impl ClaimName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`InvalidClaim::Registered`] for a name that means something already, [`InvalidClaim::Name`] for what is none.
    pub fn parse(text: &str) -> Result<Self, InvalidClaim> {
        if is_registered(text) {
            return Err(InvalidClaim::Registered(text.to_owned()));
        }
        if is_word(text) || is_uri(text) { Ok(Self(text.to_owned())) } else { Err(InvalidClaim::Name) }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ClaimSource {
    /// Reads a source.
    ///
    /// # Errors
    /// [`InvalidClaim::Source`] for anything but `attribute:NAME`.
    pub fn parse(text: &str) -> Result<Self, InvalidClaim> {
        let attribute = text.strip_prefix(ATTRIBUTE).filter(|name| is_attribute_name(name));
        attribute.map(|name| Self { attribute: name.to_owned() }).ok_or(InvalidClaim::Source)
    }
}

impl std::fmt::Display for ClaimSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{ATTRIBUTE}{}", self.attribute)
    }
}

impl ClaimMapping {
    /// A mapping of these claims.
    ///
    /// # Errors
    /// [`InvalidClaim`] if one stands twice, if they are too many, or if no values could be short enough.
    pub fn of(claims: impl IntoIterator<Item = (ClaimName, ClaimSource)>) -> Result<Self, InvalidClaim> {
        let mut mapping = BTreeMap::new();
        for (name, source) in claims {
            if mapping.contains_key(&name) {
                return Err(InvalidClaim::Twice(name.0));
            }
            mapping.insert(name, source);
        }
        if mapping.len() > CUSTOM_CLAIMS_MAX {
            return Err(InvalidClaim::TooMany);
        }
        let names: usize = mapping.keys().map(|name| name.0.len() + r#""":"","#.len()).sum();
        if names > CUSTOM_CLAIMS_BYTES_MAX { Err(InvalidClaim::NamesTooLong) } else { Ok(Self(mapping)) }
    }

    /// Reads one claim as a flag or a variable gives it: `tenant=attribute:tenant`.
    ///
    /// # Errors
    /// [`InvalidClaim`] tells what is wrong with the name or the source.
    pub fn definition(text: &str) -> Result<(ClaimName, ClaimSource), InvalidClaim> {
        // A URI may hold the sign, a source does not.
        let (name, source) = text.rsplit_once('=').ok_or(InvalidClaim::Definition)?;
        Ok((ClaimName::parse(name)?, ClaimSource::parse(source)?))
    }

    /// Whether no token carries any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each claim and its source, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ClaimSource)> {
        self.0.iter().map(|(name, source)| (name.as_str(), source))
    }

    /// The claims of an account with these attributes: one for each attribute that it has.
    ///
    /// # Errors
    /// [`CustomClaimsTooLong`] where they are longer than a token may carry.
    pub fn claims(&self, attributes: &BTreeMap<String, String>) -> Result<CustomClaims, CustomClaimsTooLong> {
        let claim = |(name, source): (&ClaimName, &ClaimSource)| {
            attributes.get(&source.attribute).map(|value| (name.clone(), value.clone()))
        };
        let claims = CustomClaims(self.0.iter().filter_map(claim).collect());
        match claims.bytes() {
            bytes if bytes > CUSTOM_CLAIMS_BYTES_MAX => Err(CustomClaimsTooLong { bytes }),
            _ => Ok(claims),
        }
    }
}

impl CustomClaims {
    /// How long they are as a JSON object: what they add to a token.
    fn bytes(&self) -> usize {
        if self.0.is_empty() {
            return 0; // most accounts: nothing is written to be counted
        }
        serde_json::to_string(self).map_or(usize::MAX, |json| json.len())
    }
}

impl Serialize for CustomClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_str(), value)))
    }
}

fn is_word(text: &str) -> bool {
    text.len() <= CLAIM_NAME_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A URI that its writer and a reader spell alike, byte for byte.
fn is_uri(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\<>^`{|}".contains(&byte));
    text.len() <= CLAIM_URI_BYTES_MAX && plain && text.contains(':') && url::Url::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{ClaimMapping, ClaimName, ClaimSource, InvalidClaim};
    use std::collections::BTreeMap;

    fn mapping(claims: &[(&str, &str)]) -> Result<ClaimMapping, InvalidClaim> {
        let claims = claims.iter().map(|(name, source)| ClaimMapping::definition(&format!("{name}={source}")));
        ClaimMapping::of(claims.collect::<Result<Vec<_>, _>>()?)
    }

    fn attributes(attributes: &[(&str, &str)]) -> BTreeMap<String, String> {
        attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_name_is_a_word_of_ones_own_or_a_uri() {
        for name in
            ["tenant", "t", "com.example.tenant", "cost-centre_2", "https://example.com/sub", "urn:example:tenant"]
        {
            assert_eq!(ClaimName::parse(name).unwrap().as_str(), name);
        }
        for name in ["sub", "SUB", "Roles", "email", "cnf"] {
            assert_eq!(ClaimName::parse(name), Err(InvalidClaim::Registered(name.to_owned())));
        }
        let (long, long_uri) = ("a".repeat(65), format!("https://example.com/{}", "a".repeat(240)));
        for name in
            ["", "2nd", "_x", "a b", "größe", "a\"", "a\u{0}", "a/b", "://", "a:\"", "https://", &long, &long_uri]
        {
            assert_eq!(ClaimName::parse(name), Err(InvalidClaim::Name), "{name}");
        }
    }

    #[test]
    fn a_source_is_an_attribute() {
        assert_eq!(ClaimSource::parse("attribute:cost-centre").unwrap().to_string(), "attribute:cost-centre");
        for source in ["", "tenant", "attribute:", "attribute:a b", "attributes:tenant", "Attribute:tenant", "role:ops"]
        {
            assert_eq!(ClaimSource::parse(source), Err(InvalidClaim::Source), "{source}");
        }
    }

    #[test]
    fn a_definition_is_split_where_its_source_begins() {
        let (name, source) = ClaimMapping::definition("https://example.com/?x=y=attribute:unit").unwrap();
        assert_eq!((name.as_str(), source.to_string().as_str()), ("https://example.com/?x=y", "attribute:unit"));
        assert_eq!(ClaimMapping::definition("tenant"), Err(InvalidClaim::Definition));
        assert_eq!(ClaimMapping::definition("=attribute:a"), Err(InvalidClaim::Name));
        assert_eq!(ClaimMapping::definition("tenant="), Err(InvalidClaim::Source));
    }

    #[test]
    fn a_mapping_has_a_limit_and_each_name_once() {
        let source = || ClaimSource::parse("attribute:a").unwrap();
        let many = |count: usize, length: usize| {
            ClaimMapping::of((0..count).map(|n| (ClaimName::parse(&format!("c{n:0>length$}")).unwrap(), source())))
        };
        assert!(many(32, 4).is_ok());
        assert_eq!(many(33, 4), Err(InvalidClaim::TooMany));
        assert_eq!(many(20, 60), Err(InvalidClaim::NamesTooLong));
        assert_eq!(mapping(&[("a", "attribute:x"), ("a", "attribute:y")]), Err(InvalidClaim::Twice("a".to_owned())));
    }

    #[test]
    fn an_attribute_that_is_absent_is_no_claim() {
        let mapping = mapping(&[("tenant", "attribute:tenant"), ("urn:x:unit", "attribute:department")]).unwrap();
        let json = |held: &[(&str, &str)]| serde_json::to_string(&mapping.claims(&attributes(held)).unwrap()).unwrap();
        assert_eq!(json(&[("tenant", "acme"), ("floor", "3")]), r#"{"tenant":"acme"}"#);
        assert_eq!(json(&[("department", "a \"b\""), ("tenant", "3")]), r#"{"tenant":"3","urn:x:unit":"a \"b\""}"#);
        assert_eq!(json(&[]), "{}");
    }

    #[test]
    fn what_counts_is_the_length_as_json() {
        let mapping = mapping(&[("a", "attribute:a"), ("b", "attribute:b")]).unwrap();
        let bytes = |value: &str| mapping.claims(&attributes(&[("a", value)])).map_err(|long| long.bytes);
        let around = r#"{"a":""}"#.len();
        assert!(bytes(&"x".repeat(1024 - around)).is_ok());
        assert_eq!(bytes(&"x".repeat(1025 - around)), Err(1025));
        // A quotation mark is two bytes in a token.
        assert!(bytes(&"\"".repeat((1024 - around) / 2)).is_ok());
        assert_eq!(bytes(&"\"".repeat(1024 - around)), Err(2 * (1024 - around) + around));
    }
}
