//! The parameter `claims` (OpenID Connect Core §5.5): single claims that are asked for, and of whom.

use crate::scope::{Scope, ScopeSet};
use crate::token::IdentityClaim;
use countersign_jose::json::{self, Limits};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What is asked for by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestedClaims {
    /// At either place.
    pub any: BTreeSet<IdentityClaim>,
    /// In the ID token.
    pub id_token: BTreeSet<IdentityClaim>,
    /// `sub`: nobody else will do (§3.1.2.2).
    pub subject: Option<String>,
    /// A class of authentication without which there is to be no answer (§5.5.1.1).
    pub essential_acr: bool,
}

/// Not an object of the shape of §5.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl RequestedClaims {
    pub(super) fn read(text: &str) -> Result<Self, Malformed> {
        json::check(text.as_bytes(), Limits::CLAIMS).map_err(|_| Malformed)?;
        let all: Map<String, Value> = serde_json::from_str(text).map_err(|_| Malformed)?;
        let mut requested = Self::default();
        for place in ["userinfo", "id_token"] {
            let members = match all.get(place) {
                None | Some(Value::Null) => continue,
                Some(Value::Object(members)) => members,
                Some(_) => return Err(Malformed),
            };
            for (name, how) in members {
                requested.add(place, name, how)?;
            }
        }
        Ok(requested)
    }

    /// The scopes that grant what is asked for.
    pub(super) fn scopes(&self) -> ScopeSet {
        // Names of scopes are scopes.
        self.any.iter().filter_map(|claim| Scope::parse(claim.scope()).ok()).collect()
    }

    fn add(&mut self, place: &str, name: &str, how: &Value) -> Result<(), Malformed> {
        // §5.5.1: null, or an object with `essential`, `value`, `values`, of which what is not understood is ignored.
        let Some(how) = Some(how).filter(|how| how.is_null() || how.is_object()) else { return Err(Malformed) };
        match name {
            "sub" => {
                let Some(value) = how.get("value") else { return Ok(()) };
                let subject = value.as_str().ok_or(Malformed)?;
                if self.subject.as_ref().is_some_and(|other| other != subject) {
                    return Err(Malformed);
                }
                self.subject = Some(subject.to_owned());
            }
            "acr" => {
                let of_some = how.get("value").is_some() || how.get("values").is_some();
                self.essential_acr |= of_some && how.get("essential") == Some(&Value::Bool(true));
            }
            _ => {
                // Others are ignored, as §5.5 wants.
                let Some(claim) = IdentityClaim::from_code(name) else { return Ok(()) };
                self.any.insert(claim);
                if place == "id_token" {
                    self.id_token.insert(claim);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, RequestedClaims};
    use crate::token::IdentityClaim::{Email, Name};

    #[test]
    fn what_is_known_is_read_and_the_rest_ignored() {
        let text = r#"{"userinfo":{"name":{"essential":true},"picture":null},"other":3,
            "id_token":{"email":null,"auth_time":{"essential":true},"sub":{"value":"ana"},"acr":{"values":["1"]}}}"#;
        let read = RequestedClaims::read(text).unwrap();
        assert_eq!((read.any, read.id_token), ([Name, Email].into(), [Email].into()));
        assert_eq!((read.subject.as_deref(), read.essential_acr), (Some("ana"), false));
        let acr = RequestedClaims::read(r#"{"id_token":{"acr":{"essential":true,"value":"1"}}}"#).unwrap();
        assert!(acr.essential_acr);
        assert_eq!(RequestedClaims::read(r#"{"userinfo":null}"#), Ok(RequestedClaims::default()));
    }

    #[test]
    fn another_shape_is_refused() {
        let two = r#"{"userinfo":{"sub":{"value":"a"}},"id_token":{"sub":{"value":"b"}}}"#;
        let deep = format!(r#"{{"userinfo":{}{}}}"#, "[".repeat(40), "]".repeat(40));
        for text in [
            "",
            "[]",
            "null",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"name":true}}"#,
            r#"{"userinfo":{"sub":{"value":1}}}"#,
            r#"{"userinfo":{},"userinfo":{}}"#,
            two,
            &deep,
        ] {
            assert_eq!(RequestedClaims::read(text), Err(Malformed), "{text}");
        }
    }
}
