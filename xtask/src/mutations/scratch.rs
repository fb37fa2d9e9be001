//! The scratch copy of the sources, and the one target folder that every trial builds into.
//!
//! Only what differs is written, so that cargo builds again only what a patch changed.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::MutationError;
use super::patch::Patch;
use crate::workspace::Workspace;

pub(super) struct Scratch {
    sources: PathBuf,
    target: PathBuf,
}

/// A patch that is applied: dropped, the sources are as they were.
pub(super) struct Patched {
    originals: Vec<(PathBuf, String)>,
}

impl Scratch {
    /// Brings the copy below `folder` to what the checkout at `root` holds.
    pub(super) fn copy(root: &Path, folder: &Path) -> Result<Self, MutationError> {
        let workspace = Workspace::read()?;
        let scratch = Self { sources: folder.join("sources"), target: folder.join("target") };
        scratch.forget_others(&scratch.sources, &workspace)?;
        for file in &workspace.files {
            let (original, copy) = (root.join(&file.path), scratch.sources.join(&file.path));
            let bytes = fs::read(&original).map_err(|source| failed(&original, source))?;
            if fs::read(&copy).is_ok_and(|copied| copied == bytes) {
                continue;
            }
            let written = copy.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&copy, bytes));
            written.map_err(|source| failed(&copy, source))?;
        }
        Ok(scratch)
    }

    pub(super) fn sources(&self) -> &Path {
        &self.sources
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Applies a patch until what this returns is dropped.
    pub(super) fn apply(&self, patch: &Patch) -> Result<Patched, MutationError> {
        let mut patched = Patched { originals: Vec::new() };
        for path in patch.paths() {
            let copy = self.sources.join(path);
            let text = fs::read_to_string(&copy).map_err(|source| failed(&copy, source))?;
            let changed = patch.applied(path, &text)?;
            patched.originals.push((copy.clone(), text));
            fs::write(&copy, changed).map_err(|source| failed(&copy, source))?;
        }
        Ok(patched)
    }

    /// Removes what the checkout has no more: a test or a module that is gone must not be built.
    fn forget_others(&self, folder: &Path, workspace: &Workspace) -> Result<(), MutationError> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.and_then(Iterator::collect::<io::Result<Vec<_>>>),
        };
        for entry in entries.map_err(|source| failed(folder, source))? {
            let path = entry.path();
            if path.is_dir() {
                self.forget_others(&path, workspace)?;
            } else if path
                .strip_prefix(&self.sources)
                .is_ok_and(|path| workspace.text(&path.to_string_lossy()).is_none())
            {
                fs::remove_file(&path).map_err(|source| failed(&path, source))?;
            }
        }
        Ok(())
    }
}

impl Drop for Patched {
    fn drop(&mut self) {
        for (path, text) in &self.originals {
            // The next copy compares, and writes what differs.
            let _ = fs::write(path, text);
        }
    }
}

fn failed(path: &Path, source: io::Error) -> MutationError {
    MutationError::File { path: path.display().to_string(), source }
}
