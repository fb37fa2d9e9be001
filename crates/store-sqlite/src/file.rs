//! Whether the file at the path is still the one that is open. One that was deleted, or another put in its place, leaves
//! the open one working, and nobody would see from its answers that they are about nothing any more.

use countersign_core::store::StoreError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

/// The file as it was when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenFile(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    identity: Identity,
}

/// What two files never share while both are there.
#[derive(Debug, PartialEq, Eq)]
#[cfg(unix)]
struct Identity {
    device: u64,
    inode: u64,
}

/// Elsewhere an open file can't be replaced.
#[derive(Debug, PartialEq, Eq)]
#[cfg(not(unix))]
struct Identity;

impl OpenFile {
    pub(crate) fn at(path: &Path) -> Result<Self, StoreError> {
        let opened = || {
            let path = std::path::absolute(path)?;
            Ok(Self(Arc::new(Opened { identity: identity(&path)?, path })))
        };
        opened().map_err(|error: io::Error| StoreError::Unavailable {
            doing: "looking at the database's file",
            source: Box::new(error),
        })
    }

    /// Whether a new connection would find the same database.
    pub(crate) fn check(&self) -> io::Result<()> {
        if identity(&self.0.path)? == self.0.identity {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::NotFound, "another file is in the place of the open one"))
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).map(|file| Identity { device: file.dev(), inode: file.ino() })
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|_| Identity)
}
