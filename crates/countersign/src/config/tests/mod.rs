//! The configuration from outside: layers in, configuration or report out.

mod bad_files;
mod bad_values;
mod good_values;
mod guard;
mod layering;
mod reference;
mod report;
mod secrets;
mod tls;

use super::{Config, ConfigErrors, Environment, Flags, load};
use std::path::Path;

/// A current directory and the layers above the defaults.
pub(super) struct Setup {
    folder: tempfile::TempDir,
    flags: Flags,
    variables: Vec<(String, String)>,
}

impl Setup {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), flags: Flags::default(), variables: Vec::new() }
    }

    /// With this `countersign.toml` in the current directory.
    pub(super) fn of_file(text: &str) -> Self {
        Self::new().file("countersign.toml", text)
    }

    pub(super) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    pub(super) fn cwd(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn load(&self) -> Result<Config, ConfigErrors> {
        load(&self.flags, &self.variables.iter().cloned().collect::<Environment>(), self.cwd())
    }

    pub(super) fn config(&self) -> Config {
        self.load().unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// The report, without the path of this test's folder.
    pub(super) fn report(&self) -> String {
        self.load().expect_err("a report").to_string().replace(&*self.cwd().to_string_lossy(), "CWD")
    }

    /// Sets who can read a file.
    #[cfg(unix)]
    pub(super) fn mode(self, name: &str, mode: u32) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(self.cwd().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        self
    }
}
