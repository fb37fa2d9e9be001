//! Values that may be left out.

use super::{Describe, Faults, Raw, Shape};

/// A key that can do without a value.
pub(in crate::config) struct Optional<S>(pub(in crate::config) S);

impl<S: Describe> Describe for Optional<S> {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn notation(&self, text: &str) -> String {
        self.0.notation(text)
    }

    fn is_secret(&self) -> bool {
        self.0.is_secret()
    }
}

impl<S: Shape> Shape for Optional<S> {
    type Value = Option<S::Value>;

    fn read(&self, raw: &Raw) -> Result<Self::Value, Faults> {
        self.0.read(raw).map(Some)
    }

    fn unset(&self) -> Option<Self::Value> {
        Some(None)
    }
}
