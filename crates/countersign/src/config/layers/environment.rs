//! The variables that begin with `COUNTERSIGN_`.

use super::{Layer, Problem};
use crate::config::{
    error::Fault,
    names::{self, PREFIX},
    origin::Origin,
    raw::{Given, Raw},
};
use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
};

/// Our variables: collect it from `std::env::vars_os()` at the top, or from pairs in a test.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, OsString>);

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        // A name that is not UTF-8 stays recognisable, and is refused as unknown.
        let named =
            variables.into_iter().map(|(name, value)| (name.into().to_string_lossy().into_owned(), value.into()));
        Self(named.filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }
}

impl Environment {
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str)
    }

    /// The layer of the variables.
    pub(in crate::config) fn layer(&self, problems: &mut Vec<Problem>) -> Layer {
        let known: BTreeMap<String, String> = names::all().map(|key| (names::variable(&key), key)).collect();
        let mut layer = Layer::new();
        for (name, value) in &self.0 {
            let origin = Origin::Variable(name.escape_debug().to_string());
            match (known.get(name), value.to_str()) {
                (Some(key), Some(text)) => {
                    layer.insert(key.clone(), Given { raw: Raw::untyped(text), origin });
                }
                (Some(key), None) => problems.push(Problem::of_key(origin, key, Fault::new("not UTF-8"))),
                (None, _) => problems.push(Problem::of_place(origin, names::refuse_variable(name))),
            }
        }
        layer
    }
}

impl fmt::Debug for Environment {
    /// Names only: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
