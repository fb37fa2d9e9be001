//! Secrets: never shown, and readable from a file.

use super::{Describe, Faults, Raw, Shape, Text};

/// A text that is never shown. A key of this shape has a companion `KEY_file`.
pub(in crate::config) struct Secret<T>(pub(in crate::config) Text<T>);

impl<T> Describe for Secret<T> {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn is_secret(&self) -> bool {
        true
    }
}

impl<T> Shape for Secret<T> {
    type Value = T;

    fn read(&self, raw: &Raw) -> Result<T, Faults> {
        self.0.read(raw)
    }
}
