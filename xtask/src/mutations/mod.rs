//! Whether the tour can fail: with any one of four checks removed by a patch, `countersign tour` must exit with 1 and
//! name the steps that this check holds up. Without a patch it must exit with 0.

mod patch;
mod scratch;
mod trial;

pub(crate) use trial::Verdict;

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::output;
use crate::workspace::ReadError;
use patch::Patch;
use scratch::Scratch;

/// What keeps a trial from being held: no verdict about the tour.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MutationError {
    #[error(transparent)]
    Workspace(#[from] ReadError),
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
    #[error("{patch}: {what}")]
    Patch { patch: String, what: String },
    #[error("cannot start cargo: {0}")]
    CargoStart(io::Error),
    #[error("the {what} sources do not build:\n{told}")]
    Build { what: String, told: String },
    #[error("the tour of the {what} sources ended without its document ({status}): {told}")]
    Tour { what: String, status: String, told: String },
}

impl MutationError {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Workspace(error) => error.hint(),
            Self::File { .. } => "trials are held in target/mutations: remove that folder and run again",
            Self::Patch { .. } => "the sources moved on: make the patch anew, so that it removes the same one check",
            Self::CargoStart(_) => "run `cargo xtask mutations`, which tells where cargo is",
            Self::Build { .. } | Self::Tour { .. } => {
                "a patch must leave a program that builds and runs, one check short"
            }
        }
    }
}

/// Holds a trial without a patch and one for each patch; `true` if all went as they should.
pub(crate) fn run() -> Result<bool, MutationError> {
    let root = root();
    let patches = read_patches(&root.join("xtask/mutations"))?;
    let scratch = Scratch::copy(&root, &root.join("target/mutations"))?;
    let mut as_expected = true;
    for patch in std::iter::once(None).chain(patches.iter().map(Some)) {
        let verdict = match patch {
            None => trial::hold(&scratch, "unpatched", &[])?,
            Some(patch) => {
                let _patched = scratch.apply(patch)?;
                trial::hold(&scratch, &patch.name, &patch.fails)?
            }
        };
        output::mutation(&verdict);
        as_expected &= verdict.as_expected;
    }
    Ok(as_expected)
}

/// The folder above this package's, wherever `cargo xtask` was called.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    package.and_then(|package| package.parent().map(Path::to_owned)).unwrap_or_else(|| PathBuf::from("."))
}

fn read_patches(folder: &Path) -> Result<Vec<Patch>, MutationError> {
    let failed = |source| MutationError::File { path: folder.display().to_string(), source };
    let entries = fs::read_dir(folder).map_err(failed)?.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    paths.sort_unstable();
    paths.iter().map(|path| Patch::read(path)).collect()
}
