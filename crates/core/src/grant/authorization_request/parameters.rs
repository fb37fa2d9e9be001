//! The parameters of an authorization request, as they came.

use super::Unanswerable;
use crate::form::decode;
use crate::limits::AUTHORIZATION_PARAMETERS_MAX;

/// The parameters, none of them twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(Vec<(String, String)>);

// RFC 8707 §2: a client may name several resource servers. It is told that it may not here.
const MAY_REPEAT: &str = "resource";

impl Parameters {
    /// Reads a query, or a form: they have one grammar.
    ///
    /// # Errors
    /// [`Unanswerable`] where it can't be read, or a parameter is there twice (RFC 6749 §3.1): which of two redirect URIs
    /// is meant is nothing to guess at.
    pub fn parse(query: &str) -> Result<Self, Unanswerable> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name.as_bytes()), decode(value.as_bytes())) else {
                return Err(Unanswerable::Encoding);
            };
            if parameters.len() == AUTHORIZATION_PARAMETERS_MAX {
                return Err(Unanswerable::TooMany);
            }
            if name != MAY_REPEAT && parameters.iter().any(|(known, _)| *known == name) {
                return Err(Unanswerable::Twice);
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// A parameter's value; one without a value counts as left out (RFC 6749 §3.1).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a parameter.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The same as a query.
    #[must_use]
    pub fn to_query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Parameters, Unanswerable};

    #[test]
    fn what_was_read_can_be_written_and_reads_the_same() {
        let read = Parameters::parse("a=b%20c&&d&resource=x&resource=y&e=%26%3D%2B").unwrap();
        assert_eq!((read.get("a"), read.get("d"), read.get("e")), (Some("b c"), None, Some("&=+")));
        assert_eq!(read.all("resource").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(Parameters::parse(&read.to_query()), Ok(read));
    }

    #[test]
    fn nothing_is_guessed_at() {
        assert_eq!(Parameters::parse("a=1&b=2&a=1"), Err(Unanswerable::Twice));
        assert_eq!(Parameters::parse("a=1&%61="), Err(Unanswerable::Twice));
        assert_eq!(Parameters::parse("a=%f"), Err(Unanswerable::Encoding));
        assert_eq!(Parameters::parse("a=%ff"), Err(Unanswerable::Encoding));
        let many: Vec<_> = (0..33).map(|n| format!("p{n}=")).collect();
        assert_eq!(Parameters::parse(&many.join("&")), Err(Unanswerable::TooMany));
    }
}
