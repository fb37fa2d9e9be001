//! Every fuzz target for a while, by cargo-fuzz. It runs on the pinned toolchain: the sanitizer flags of cargo-fuzz are
//! nightly's, and RUSTC_BOOTSTRAP lets them through.

use std::{
    fs, io,
    path::Path,
    process::{Command, ExitStatus},
};

use crate::output;

const TARGETS: &str = "fuzz/fuzz_targets";
const COMMITTED: &str = "fuzz/corpus";
/// What the fuzzers find on their own is kept beside the build, not in the tree.
const FOUND: &str = "fuzz/target/corpus";

/// Why the fuzzers did not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FuzzError {
    #[error("{0} can't be read or made")]
    Folder(&'static str, #[source] io::Error),
    #[error("cargo can't be run")]
    Cargo(#[source] io::Error),
}

impl FuzzError {
    pub(crate) const fn hint(&self) -> &'static str {
        match self {
            Self::Folder(..) => "run it from the root of the repository",
            Self::Cargo(_) => "cargo install cargo-fuzz",
        }
    }
}

/// Runs each target for an equal part of `minutes`; `false` if one found something.
pub(crate) fn run(minutes: u64) -> Result<bool, FuzzError> {
    let targets = targets(Path::new(TARGETS))?;
    let seconds = seconds_each(minutes, targets.len());
    let mut findings = Vec::new();
    for target in &targets {
        output::line(&format!("{target}: {seconds} s"));
        if !fuzz(target, seconds)?.success() {
            findings.push(target.as_str());
        }
    }
    output::line(&match findings.as_slice() {
        [] => format!("{} targets, nothing found", targets.len()),
        found => format!("found something: {} (the inputs are in fuzz/artifacts)", found.join(", ")),
    });
    Ok(findings.is_empty())
}

fn fuzz(target: &str, seconds: u64) -> Result<ExitStatus, FuzzError> {
    let found = format!("{FOUND}/{target}");
    fs::create_dir_all(&found).map_err(|error| FuzzError::Folder(FOUND, error))?;
    // All of our code is safe Rust: without a sanitizer it runs several times as often.
    Command::new(env!("CARGO"))
        .args(["fuzz", "run", "--sanitizer", "none", target, &found, &format!("{COMMITTED}/{target}"), "--"])
        .args([format!("-max_total_time={seconds}"), "-max_len=16384".to_owned(), "-verbosity=0".to_owned()])
        .env("RUSTC_BOOTSTRAP", "1")
        .status()
        .map_err(FuzzError::Cargo)
}

fn targets(folder: &Path) -> Result<Vec<String>, FuzzError> {
    let failed = |error| FuzzError::Folder(TARGETS, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

/// At least ten seconds: a fuzzer reads its corpus first.
fn seconds_each(minutes: u64, targets: usize) -> u64 {
    (minutes.saturating_mul(60) / u64::try_from(targets).unwrap_or(1).max(1)).max(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_shared_and_no_target_gets_none() {
        assert_eq!(seconds_each(10, 10), 60);
        assert_eq!(seconds_each(1, 100), 10);
        assert_eq!(seconds_each(1, 0), 60);
        assert_eq!(seconds_each(u64::MAX, 1), u64::MAX);
    }

    #[test]
    fn targets_are_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["pem.rs", "jwk.rs"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(targets(folder.path()).unwrap(), ["jwk", "pem"]);
        assert!(targets(&folder.path().join("absent")).is_err());
    }
}
