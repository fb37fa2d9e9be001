//! What the gates judge: every file of the checkout and every package of the workspace, read once. The gates are
//! functions of this value, so a test gives them a workspace of three lines and needs no disk.

mod ignored;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use serde::Deserialize;

use crate::exceptions::{self, Exceptions};
use ignored::Ignored;

#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// Sorted by path.
    pub(crate) files: Vec<SourceFile>,
    pub(crate) packages: Vec<Package>,
    pub(crate) exceptions: Exceptions,
}

#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Below the root of the checkout, with `/` between the parts.
    pub(crate) path: String,
    /// Bytes that are not UTF-8 are replaced: a gate looks for text.
    pub(crate) text: String,
}

/// A package as `cargo metadata` tells it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Absolute as read, below the root once the workspace holds it.
    #[serde(rename = "manifest_path")]
    pub(crate) manifest: String,
    pub(crate) license: Option<String>,
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: Option<DependencyKind>,
}

/// Cargo leaves the kind out for a normal dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DependencyKind {
    Dev,
    Build,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cannot read {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot start `cargo metadata`: {0}")]
    CargoStart(io::Error),
    #[error("`cargo metadata` failed: {0}")]
    Cargo(String),
    #[error("cannot read what `cargo metadata` printed: {0}")]
    Metadata(#[from] serde_json::Error),
    #[error("{path}: {source}", path = exceptions::PATH)]
    Exceptions { source: toml::de::Error },
    #[error(".gitignore: cannot follow `{0}`")]
    Ignored(String),
}

impl ReadError {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::File { .. } => {
                "the gates read every file of the checkout: make it readable, or name it in .gitignore"
            }
            Self::CargoStart(_) => "run `cargo xtask gates`, which tells where cargo is",
            Self::Cargo(_) | Self::Metadata(_) => "run `cargo metadata --no-deps --offline` and mend what it names",
            Self::Exceptions { .. } => "an entry has path, reason, adr, and for a function its name",
            Self::Ignored(_) => "write a name, a path from the root (`/target`) or an ending (`*.log`)",
        }
    }
}

impl Workspace {
    /// Reads the workspace that the current directory belongs to.
    pub(crate) fn read() -> Result<Self, ReadError> {
        let Metadata { mut packages, workspace_root: root } = metadata()?;
        for package in &mut packages {
            package.manifest = below(&root, Path::new(&package.manifest));
        }
        let files = files_below(&root)?;
        let exceptions = match files.iter().find(|file| file.path == exceptions::PATH) {
            Some(file) => Exceptions::parse(&file.text).map_err(|source| ReadError::Exceptions { source })?,
            None => Exceptions::default(),
        };
        Ok(Self { files, packages, exceptions })
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }
}

impl SourceFile {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Integration tests and fuzz targets: lists of cases, which the size gates leave alone.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "fuzz")
    }
}

fn metadata() -> Result<Metadata, ReadError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .output()
        .map_err(ReadError::CargoStart)?;
    if !output.status.success() {
        return Err(ReadError::Cargo(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Every file that is committed or would be: what is on disk, without `.git` and what `.gitignore` names. No call of
/// git, so that the gates also run in an unpacked archive.
fn files_below(root: &Path) -> Result<Vec<SourceFile>, ReadError> {
    let ignored = match fs::read_to_string(root.join(".gitignore")) {
        Ok(text) => Ignored::parse(&text).map_err(ReadError::Ignored)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ignored::default(),
        Err(source) => return Err(ReadError::File { path: root.join(".gitignore"), source }),
    };
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let at = |source| ReadError::File { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(at)? {
            let entry = entry.map_err(at)?;
            let kind = entry.file_type().map_err(at)?;
            let path = below(root, &entry.path());
            if path == ".git" || ignored.matches(&path) {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = fs::read(entry.path()).map_err(|source| ReadError::File { path: entry.path(), source })?;
                files.push(SourceFile { path, text: String::from_utf8_lossy(&bytes).into_owned() });
            }
        }
    }
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn below(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
impl Workspace {
    /// A workspace of these files, for the tests of the gates.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|&(path, text)| SourceFile { path: path.to_owned(), text: text.to_owned() });
        Self { files: files.collect(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_not_ignored_and_sorts_it() {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            (".gitignore", "/target\n*.log\n"),
            ("b.rs", "b"),
            ("a/c.rs", "c"),
            ("target/built.rs", ""),
            ("a/run.log", ""),
            (".git/HEAD", ""),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        let files = files_below(root.path()).unwrap();

        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [".gitignore", "a/c.rs", "b.rs"]);
    }

    #[test]
    fn reads_this_workspace() {
        let workspace = Workspace::read().unwrap();

        let own = workspace.packages.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(own.manifest, "xtask/Cargo.toml");
        assert!(workspace.text("xtask/src/main.rs").unwrap().contains("fn main()"));
    }
}
