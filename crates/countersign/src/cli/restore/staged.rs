//! A copy of a backup beside the database: what is done to it happens there, and only when all is done it takes the
//! database's place, by one rename. Killed at any moment, either the old database is there or the new one.

use crate::cli::new_file::{sync_folder, with_suffix};
use crate::failure::Failure;
use countersign_core::Time;
use countersign_core::store::StoreError;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The copy, in a folder of its own. Removed when dropped.
pub(super) struct Staged {
    folder: PathBuf,
    path: PathBuf,
}

/// What became of the database that was there.
pub(super) enum Kept {
    /// It has this name now.
    At(PathBuf),
    /// There was none.
    NothingWas,
}

impl Staged {
    /// Copies the backup at `file` beside `database`.
    pub(super) fn copy(file: &Path, database: &Path) -> Result<Self, Failure> {
        let folder = with_suffix(database, ".restoring");
        let staged = Self { path: folder.join("countersign.db"), folder };
        staged.fill(file).map_err(|error| {
            let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            let failure = if full { Failure::from(StoreError::Full) } else { Failure::storage(error) };
            failure.hint(format!("it is copied to {} first", staged.folder.display()))
        })?;
        Ok(staged)
    }

    /// Where the copy is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the copy, closed, in the place of `database`, which keeps another name.
    pub(super) fn take_the_place_of(self, database: &Path, now: Time) -> Result<Kept, Failure> {
        if fs::metadata(with_suffix(&self.path, "-wal")).is_ok_and(|log| log.len() > 0) {
            return Err(Failure::storage("the restored copy could not be closed"));
        }
        let kept = free_name(&with_suffix(database, &format!(".before-restore-{}", super::in_a_name(now))));
        let there = database.symlink_metadata().is_ok();
        if there {
            self.release(database)?;
        }
        let place = || {
            File::open(&self.path)?.sync_all()?;
            // What did not go into the file, or was left of one that is gone: no other database may find it.
            set_aside(&with_suffix(database, "-wal"), &with_suffix(&kept, "-wal"))?;
            match fs::remove_file(with_suffix(database, "-shm")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            if there {
                also_name(database, &kept)?;
            }
            fs::rename(&self.path, database)?;
            sync_folder(database)
        };
        place().map_err(|error| Failure::storage(error).about("the database could not be replaced"))?;
        Ok(if there { Kept::At(kept) } else { Kept::NothingWas })
    }

    /// What does not open is replaced all the same; what somebody else has open is not.
    fn release(&self, database: &Path) -> Result<(), Failure> {
        match countersign_store_sqlite::release(database) {
            Err(error @ StoreError::Unavailable { .. }) => {
                Err(Failure::from(error).hint("end every other command that works on it, then run this again"))
            }
            Err(_) | Ok(()) => Ok(()),
        }
    }

    fn fill(&self, file: &Path) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            // What a restore left that was killed.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&self.folder)?;
        copy_private(file, &self.path)?;
        // A file that was copied by hand may have its newest pages beside it.
        match copy_private(&with_suffix(file, "-wal"), &with_suffix(&self.path, "-wal")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            copied => copied,
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What stays is removed by the next restore.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The name, or the first one like it that nothing has: of two restores in one second both keep what they replaced.
fn free_name(name: &Path) -> PathBuf {
    let names = std::iter::once(name.to_owned()).chain((2..).map(|count| with_suffix(name, &format!("-{count}"))));
    names.into_iter().find(|name| name.symlink_metadata().is_err()).unwrap_or_else(|| name.to_owned())
}

fn copy_private(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::copy(&mut from, &mut options.open(to)?).map(|_| ())
}

/// Another name for the same file; where the file system has no such thing, a copy.
fn also_name(file: &Path, name: &Path) -> io::Result<()> {
    match fs::hard_link(file, name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => copy_private(file, name),
        linked => linked,
    }
}

fn set_aside(file: &Path, name: &Path) -> io::Result<()> {
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(found) if found.len() == 0 => fs::remove_file(file),
        _ => fs::rename(file, name),
    }
}
