//! The two files: who may read them, and whether they changed.

use crate::limits::TLS_FILE_BYTES_MAX;
use crate::tls::problem::TlsFault;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where certificate and key are.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// PEM: the server's own certificate first, then the chain up to the root.
    pub certificate: PathBuf,
    /// PEM: its private key, as PKCS#8, SEC1 or PKCS#1.
    pub key: PathBuf,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFile {
    /// The certificate and its chain.
    Certificate,
    /// The private key.
    Key,
}

/// How both files look from outside; `None`: it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamps([Option<Stamp>; 2]);

#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    /// Moves with every change, a restored modification time included.
    changed: (i64, i64),
}

#[cfg(not(unix))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
}

impl TlsFiles {
    /// Where one of them is.
    #[must_use]
    pub fn path(&self, file: TlsFile) -> &Path {
        match file {
            TlsFile::Certificate => &self.certificate,
            TlsFile::Key => &self.key,
        }
    }

    pub(super) fn stamps(&self) -> Stamps {
        let of = |path: &Path| std::fs::metadata(path).ok().map(|found| Stamp::of(&found));
        Stamps([of(&self.certificate), of(&self.key)])
    }

    /// The bytes of the certificate file; nothing secret is in them.
    pub(super) fn read_certificate(&self) -> Result<Vec<u8>, TlsFault> {
        let (file, _) = open(&self.certificate)?;
        let mut bytes = Vec::new();
        read(file, &mut bytes)?;
        Ok(bytes)
    }

    /// The bytes of the key file, if nobody else can read them.
    pub(super) fn read_key(&self) -> Result<Zeroizing<Vec<u8>>, TlsFault> {
        let (file, found) = open(&self.key)?;
        if let Some(mode) = open_to_others(&found) {
            return Err(TlsFault::OpenToOthers { mode, path: self.key.clone() });
        }
        // Grown, it would leave copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(found.len().min(TLS_FILE_BYTES_MAX) as usize + 1));
        read(file, &mut bytes)?;
        Ok(bytes)
    }
}

fn open(path: &Path) -> Result<(File, Metadata), TlsFault> {
    let file = File::open(path).map_err(TlsFault::Unreadable)?;
    let found = file.metadata().map_err(TlsFault::Unreadable)?;
    if found.is_file() { Ok((file, found)) } else { Err(TlsFault::NotAFile) }
}

fn read(file: File, bytes: &mut Vec<u8>) -> Result<(), TlsFault> {
    let read = file.take(TLS_FILE_BYTES_MAX + 1).read_to_end(bytes).map_err(TlsFault::Unreadable)?;
    if read as u64 > TLS_FILE_BYTES_MAX { Err(TlsFault::TooLarge) } else { Ok(()) }
}

/// The mode, if it lets others in. A key of root may be shared with a group, as certificate tools do (the rule of
/// PostgreSQL's `ssl_key_file`).
#[cfg(unix)]
fn open_to_others(found: &Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let barred = if found.uid() == 0 { 0o037 } else { 0o077 };
    (found.mode() & barred != 0).then_some(found.mode() & 0o777)
}

#[cfg(not(unix))]
fn open_to_others(_: &Metadata) -> Option<u32> {
    None
}

impl Stamp {
    #[cfg(unix)]
    fn of(found: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }

    #[cfg(not(unix))]
    fn of(found: &Metadata) -> Self {
        Self { bytes: found.len(), modified: found.modified().ok() }
    }
}
