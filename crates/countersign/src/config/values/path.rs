//! Paths.

use crate::config::shapes::Text;
use std::path::{Path, PathBuf};

/// A path, as it was given.
pub(in crate::config) const PATH: Text<PathBuf> = Text { what: "a path", parse: |text| Ok(PathBuf::from(text)) };

/// `path` seen from `cwd`, without the dots that mean nothing.
pub(in crate::config) fn absolute(cwd: &Path, path: &Path) -> PathBuf {
    cwd.join(path).components().collect()
}
