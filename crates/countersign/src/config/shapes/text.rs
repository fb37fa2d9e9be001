//! Texts with a meaning of their own.

use super::{Describe, Faults, Raw, Shape};
use crate::config::error::Fault;

/// A text and the function that reads it.
pub(in crate::config) struct Text<T> {
    /// As a noun.
    pub(in crate::config) what: &'static str,
    /// What it means.
    pub(in crate::config) parse: fn(&str) -> Result<T, Fault>,
}

impl<T> Describe for Text<T> {
    fn describe(&self) -> String {
        self.what.to_owned()
    }
}

impl<T> Shape for Text<T> {
    type Value = T;

    fn read(&self, raw: &Raw) -> Result<T, Faults> {
        let text = raw.text()?;
        if text.is_empty() {
            return Err(Fault::new(format!("empty, expected {}", self.what))
                .hint("leave it out for the default")
                .into());
        }
        Ok((self.parse)(text)?)
    }
}
