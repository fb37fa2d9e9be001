//! The data folder: `countersign.db`, `master.key`, `lock`. What only its owner may read is made so, and checked.

use crate::failure::{Exit, Failure};
use countersign_core::Source;
use countersign_jose::base64url;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A master key's bytes, wiped when dropped.
pub(crate) type MasterKeyBytes = Zeroizing<[u8; MASTER_KEY_BYTES]>;

const MASTER_KEY_BYTES: usize = 32;
// 43 characters and a newline; a few more, so that an overlong file is told from a right one.
const MASTER_KEY_FILE_BYTES_MAX: u64 = 64;

// What a start writes at the least: the log's index alone has 32 KiB.
const ROOM_BYTES_MIN: usize = 64 << 10;

/// The folder of one deployment.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder {
    path: PathBuf,
}

/// Held while a server runs on the folder. The operating system lets go of it however the server ends.
#[derive(Debug)]
pub(crate) struct ServeLock {
    file: File,
}

impl DataFolder {
    /// The folder at `path`, whether it is there or not.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that holds the master key, where the configuration names no other.
    pub(crate) fn master_key_file(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// Makes the folder, for its owner alone, unless it is there.
    pub(crate) fn create(&self) -> Result<(), Failure> {
        if self.path.is_dir() {
            return Ok(());
        }
        let above = self.path.ancestors().find(|path| path.exists()).unwrap_or(&self.path);
        let cannot = format!("the data folder {} can't be made", self.path.display());
        if !above.is_dir() {
            return Err(Failure::usage(format!("{} is a file, not a folder", above.display()))
                .about(cannot)
                .hint("name another folder with `--data DIR`"));
        }
        let failed = |error| Failure::unwritable(Exit::Usage, error, above).about(&*cannot);
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&self.path) {
            // Of two first starts at once, one makes it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.path.is_dir() => Ok(()),
            made => made.map_err(failed),
        }
    }

    /// Takes the folder for a server; a second one is refused with the first one's process id.
    pub(crate) fn lock(&self) -> Result<ServeLock, Failure> {
        let path = self.path.join("lock");
        let failed = |error| {
            let failure = Failure::unwritable(Exit::Storage, error, &self.path);
            failure.about(format!("the data folder can't be taken: {} can't be locked", path.display()))
        };
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = private(&mut options).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.held_by(&mut file)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(ServeLock { file })
    }

    /// Whether there is room to begin with: a log that an earlier server left may have some to go on in for a while, and
    /// then nobody could sign in any more.
    pub(crate) fn check_room(&self) -> Result<(), Failure> {
        let draft = self.path.join(format!("room.{}", std::process::id()));
        let written = write_private(&draft, &vec![0x5a; ROOM_BYTES_MIN]);
        let _ = fs::remove_file(&draft);
        written.map_err(|error| {
            let failure = Failure::unwritable(Exit::Storage, error, &self.path);
            failure.about(format!("nothing can be written to the data folder {}", self.path.display()))
        })
    }

    /// The master key in the folder; `None` where there is no such file.
    pub(crate) fn read_master_key(&self) -> Result<Option<MasterKeyBytes>, Failure> {
        let path = self.master_key_file();
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => read_master_key(&path).map(Some),
        }
    }

    /// Makes a master key in the folder, or reads the one that somebody else made a moment ago.
    pub(crate) fn make_master_key(&self, source: &dyn Source) -> Result<MasterKeyBytes, Failure> {
        let path = self.master_key_file();
        let mut key = Zeroizing::new([0; MASTER_KEY_BYTES]);
        source.fill(&mut *key);
        // Written whole before it has its name: a start that is killed here leaves no half a key behind.
        let draft = self.path.join(format!("master.key.{}", std::process::id()));
        let made = write_master_key(&draft, &key).and_then(|()| fs::hard_link(&draft, &path));
        let _ = fs::remove_file(&draft);
        match made {
            Ok(()) => {
                self.sync().map_err(|error| unmade(&path, error))?;
                Ok(key)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_master_key(&path),
            Err(error) => Err(unmade(&path, error)),
        }
    }

    /// Writes `key` beside the master key, to be put in its place by [`replace_master_key`](Self::replace_master_key).
    pub(crate) fn draft_master_key(&self, key: &MasterKeyBytes) -> Result<PathBuf, Failure> {
        let draft = self.path.join("master.key.new");
        write_master_key(&draft, key).map_err(|error| {
            unmade(&draft, error)
                .hint("if an earlier `key reseal` was interrupted, see which of both keys opens the data")
        })?;
        Ok(draft)
    }

    /// Puts the drafted master key in the place of the one before.
    pub(crate) fn replace_master_key(&self, draft: &Path) -> Result<(), Failure> {
        let path = self.master_key_file();
        fs::rename(draft, &path).and_then(|()| self.sync()).map_err(|error| unmade(&path, error))
    }

    fn held_by(&self, file: &mut File) -> Failure {
        let mut process = String::new();
        let _ = file.take(16).read_to_string(&mut process);
        let process = process.trim();
        let who = if process.is_empty() { "another process".to_owned() } else { format!("process {process}") };
        Failure::storage(format!("{who} already serves {}", self.path.display()))
            .hint("stop it first, or name another folder with `--data DIR`")
    }

    /// Names are durable once their folder is.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl Drop for ServeLock {
    fn drop(&mut self) {
        // A server that stopped leaves no process id behind; the lock itself goes with the file.
        let _ = self.file.set_len(0);
    }
}

/// Reads a master key from a file that its owner alone can read.
pub(crate) fn read_master_key(path: &Path) -> Result<MasterKeyBytes, Failure> {
    let failed = |error| Failure::usage(error).about(format!("the master key {} can't be read", path.display()));
    let file = File::open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    if found.is_dir() {
        return Err(Failure::usage(format!("the master key {} is a folder, not a file", path.display()))
            .hint("put back the file that belongs to this data"));
    }
    if is_open_to_others(&found) {
        return Err(Failure::usage(format!("others can read the master key {}", path.display()))
            .hint(format!("chmod 600 {}", path.display())));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(MASTER_KEY_FILE_BYTES_MAX as usize));
    file.take(MASTER_KEY_FILE_BYTES_MAX).read_to_end(&mut text).map_err(failed)?;
    parse_master_key(&text).ok_or_else(|| {
        Failure::usage(format!("{} holds no master key: expected 43 characters of base64url", path.display()))
            .hint("put back the file that belongs to this data")
    })
}

/// 32 bytes in base64url, with or without the newline that ends a line.
pub(crate) fn parse_master_key(text: &[u8]) -> Option<MasterKeyBytes> {
    let text = std::str::from_utf8(text).ok()?.trim_end_matches(['\n', '\r']);
    let bytes = Zeroizing::new(base64url::decode(text).ok()?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

/// Writes a file that its owner alone can read, and that is not there yet.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(File::options().write(true).create_new(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn write_master_key(path: &Path, key: &MasterKeyBytes) -> io::Result<()> {
    let mut text = Zeroizing::new(base64url::encode(&**key));
    text.push('\n');
    write_private(path, text.as_bytes())
}

fn unmade(path: &Path, error: io::Error) -> Failure {
    let folder = path.parent().unwrap_or(path);
    Failure::unwritable(Exit::Storage, error, folder).about(format!("{} can't be made", path.display()))
}

#[cfg(unix)]
fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    options
}

#[cfg(unix)]
fn is_open_to_others(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::{DataFolder, parse_master_key, read_master_key, write_private};

    #[test]
    fn a_master_key_is_43_characters_and_perhaps_a_newline() {
        let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        assert!(parse_master_key(text.as_bytes()).is_some());
        assert!(parse_master_key(format!("{text}\n").as_bytes()).is_some());
        for refused in [&text[1..], "", "\n", "AAEC", &format!("{text}A"), &format!(" {text}")] {
            assert!(parse_master_key(refused.as_bytes()).is_none(), "{refused}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_master_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        write_private(&path, b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n").unwrap();
        assert!(read_master_key(&path).is_ok());
        for mode in [0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(read_master_key(&path).is_err(), "{mode:o}");
        }
    }

    #[test]
    fn a_folder_is_locked_once() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path());
        let first = data.lock().unwrap();
        assert!(data.lock().is_err());
        drop(first);
        assert!(data.lock().is_ok());
    }
}
