//! A file that gets its name only once it is whole. Until then it stands beside, under another one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A file that is being written; removed when it is dropped without having been placed.
pub(super) struct Draft {
    path: PathBuf,
}

impl Draft {
    /// A draft of `file`, in the same folder so that it can be renamed.
    pub(super) fn beside(file: &Path) -> io::Result<Self> {
        let mut name = OsString::from(".");
        name.push(file.file_name().ok_or(io::ErrorKind::InvalidFilename)?);
        name.push(format!(".{}.partial", std::process::id()));
        let path = file.with_file_name(name);
        // What is left of a process of the same number that was killed.
        let _ = fs::remove_file(&path);
        Ok(Self { path })
    }

    /// Where it is written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, unless something has that.
    pub(super) fn place(self, file: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, file) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // A file system without links: the name was free a moment ago.
            Err(_) if file.symlink_metadata().is_err() => self.replace(file),
            placed => placed.and_then(|()| sync_folder(file)),
        }
    }

    /// Gives it its name, whatever had that.
    pub(super) fn replace(self, file: &Path) -> io::Result<()> {
        fs::rename(&self.path, file)?;
        sync_folder(file)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Not there if it was renamed.
        let _ = fs::remove_file(&self.path);
    }
}

/// Names are durable once their folder is.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// The path with something after its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
