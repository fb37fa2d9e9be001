//! Secrets that stand in a file of their own.

use super::{error::Fault, raw::Raw};
use std::{fs, io::Read as _, path::Path};
use zeroize::Zeroizing;

const SECRET_BYTES_MAX: usize = 64 << 10;

/// Who may be able to read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    OwnerAlone,
    Anybody,
}

/// The text in the file at `path`, without the newline that editors put at the end; nobody else may be able to read it.
pub(super) fn read(path: &Path) -> Result<Raw, Fault> {
    read_by(path, Readers::OwnerAlone)
}

/// The same of a file that a flag names: as with other commands, who may read it is for whoever typed that.
pub(super) fn read_named(path: &Path) -> Result<Raw, Fault> {
    read_by(path, Readers::Anybody)
}

fn read_by(path: &Path, readers: Readers) -> Result<Raw, Fault> {
    let unreadable = |error| Fault::new(format!("the file cannot be read: {error}"));
    let file = fs::File::open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    if found.is_dir() {
        return Err(Fault::new("a folder, not a file"));
    }
    if readers == Readers::OwnerAlone && is_open_to_others(&found) {
        return Err(Fault::new("others can read the file").hint(format!("chmod 600 {}", path.display())));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_BYTES_MAX + 1)); // grown, it would leave copies behind
    file.take(SECRET_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > SECRET_BYTES_MAX {
        return Err(Fault::new("the file is larger than 64 KiB: is it the right one?"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Fault::new("what stands in the file is not UTF-8"))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    Ok(Raw::untyped(text.strip_suffix('\r').unwrap_or(text)))
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
