//! Each value with where it came from, for `config show`.

use super::origin::Origin;

/// One key as it stands after all layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// `section.key`.
    pub(crate) key: String,
    /// In the notation of the file; `set` or `unset` for a secret, `unset` where there is none.
    pub(crate) value: String,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// The default in the notation of the file, or what happens without one.
    pub(crate) default: String,
}
