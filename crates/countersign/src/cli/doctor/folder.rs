//! The data folder: who may read it, how much room is left, how fast the disk is.

use super::findings::Findings;
use crate::cli::Context;
use crate::cli::backup::size;
use crate::config::Config;
use countersign_core::Time;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

const FOLDER: &str = "data folder";
const DISK: &str = "disk";
const FREE_BYTES_WANTED: u64 = 256 << 20;
const FREE_BYTES_NEEDED: u64 = 16 << 20;
const WRITES: u32 = 8;
// A refresh waits for one of these; several share one.
const SLOW_WRITE_MILLIS: u64 = 50;

/// Whether there is something more to look at.
pub(super) fn look(context: &Context, config: &Config, findings: &mut Findings) -> bool {
    let folder = &config.server.data_dir;
    if !folder.is_dir() {
        let remedy = "countersign serve makes it; or name the right one with `--data DIR`";
        findings.problem(FOLDER, format!("{} is not there", folder.display()), remedy);
        return false;
    }
    access(folder, findings);
    leftovers(folder, &config.database(), findings);
    if findings.all_ok(FOLDER) {
        findings.ok(FOLDER, format!("{}: nobody else may read it", folder.display()));
    }
    room(folder, &config.database(), findings);
    speed(context, folder, findings);
    true
}

#[cfg(unix)]
fn access(folder: &Path, findings: &mut Findings) {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(of_folder) = fs::metadata(folder) else { return };
    if of_folder.mode() & 0o077 != 0 {
        let what = format!("others may enter {} (mode {:o})", folder.display(), of_folder.mode() & 0o777);
        findings.problem(FOLDER, what, format!("chmod 700 {}", folder.display()));
    }
    let mine = rustix::process::geteuid();
    if !mine.is_root() && mine.as_raw() != of_folder.uid() {
        let what = format!("{} belongs to user {}, you are {}", folder.display(), of_folder.uid(), mine.as_raw());
        findings.warning(FOLDER, what, "run this as the user that the server runs as");
    }
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, Ok(found)) = (file.path(), file.metadata()) else { continue };
        let name = file.file_name();
        let name = name.to_string_lossy();
        let secret = name.starts_with("countersign.db") || name.starts_with("master.key");
        if secret && found.mode() & 0o077 != 0 {
            let what = format!("others may read {} (mode {:o})", path.display(), found.mode() & 0o777);
            findings.problem(FOLDER, what, format!("chmod 600 {}", path.display()));
        }
        if found.uid() != of_folder.uid() {
            let what = format!("{} belongs to user {}, its folder to {}", path.display(), found.uid(), of_folder.uid());
            findings.warning(FOLDER, what, format!("chown {} {}", of_folder.uid(), path.display()));
        }
    }
}

#[cfg(not(unix))]
fn access(_: &Path, _: &mut Findings) {}

fn leftovers(folder: &Path, database: &Path, findings: &mut Findings) {
    let restoring = crate::cli::new_file::with_suffix(database, ".restoring");
    if restoring.exists() {
        let what = format!("{} was left by a restore that did not end", restoring.display());
        findings.note(FOLDER, what, "restore again, or remove it: it holds a copy of a backup");
    }
    if folder.join("master.key.new").exists() {
        findings.warning(
            FOLDER,
            "a `key reseal` was interrupted: master.key.new is there",
            "see which of both keys opens the data, and keep that as master.key",
        );
    }
}

#[cfg(unix)]
fn room(folder: &Path, database: &Path, findings: &mut Findings) {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    // A migration and a restore copy the database.
    let wanted = FREE_BYTES_WANTED.max(fs::metadata(database).map_or(0, |found| 2 * found.len()));
    let what = format!("{} free", size(free));
    let remedy = "make room: without it nobody can sign in or refresh";
    if free < FREE_BYTES_NEEDED {
        findings.problem(DISK, what, remedy);
    } else if free < wanted {
        findings.warning(
            DISK,
            what,
            format!("make room: {} are wanted, enough for a copy of the database", size(wanted)),
        );
    } else if disk.f_files > 0 && disk.f_favail == 0 {
        findings.problem(DISK, format!("{what}, but no file can be made"), remedy);
    } else {
        findings.ok(DISK, what);
    }
}

#[cfg(not(unix))]
fn room(_: &Path, _: &Path, _: &mut Findings) {}

/// How long a small write takes until it is on disk: every commit waits for one.
fn speed(context: &Context, folder: &Path, findings: &mut Findings) {
    let path = folder.join(format!(".doctor.{}", std::process::id()));
    let measured = measure(&path, || context.wall());
    let _ = fs::remove_file(&path);
    match measured {
        Ok(millis) if millis > SLOW_WRITE_MILLIS => findings.warning(
            DISK,
            format!("a write takes {millis} ms until it is on disk"),
            "put the data folder on a faster disk: each refresh waits that long",
        ),
        Ok(millis) => findings.ok(DISK, format!("a write takes {millis} ms until it is on disk")),
        Err(error) => findings.problem(
            DISK,
            format!("nothing can be written to {}: {error}", folder.display()),
            "see who owns the folder, and whether the disk is full or read-only",
        ),
    }
}

fn measure(path: &Path, now: impl Fn() -> Time) -> io::Result<u64> {
    crate::data::write_private(path, &[])?;
    let mut file = File::options().append(true).open(path)?;
    let began = now();
    for _ in 0..WRITES {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
    }
    Ok(now().since(began).as_millis() / u64::from(WRITES))
}
