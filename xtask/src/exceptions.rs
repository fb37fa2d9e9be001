//! `xtask/exceptions.toml`: where a size gate does not hold, each entry with a reason and the ADR that argues it.

use serde::Deserialize;

/// Path of the list below the root of the checkout.
pub(crate) const PATH: &str = "xtask/exceptions.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Exceptions {
    pub(crate) file: Vec<FileException>,
    pub(crate) function: Vec<FunctionException>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileException {
    pub(crate) path: String,
    pub(crate) reason: String,
    pub(crate) adr: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunctionException {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) reason: String,
    pub(crate) adr: String,
}

impl Exceptions {
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.file.iter().any(|entry| entry.path == path)
    }

    pub(crate) fn has_function(&self, path: &str, name: &str) -> bool {
        self.function.iter().any(|entry| entry.path == path && entry.name == name)
    }

    /// What each entry excepts, its reason and its ADR.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (String, &str, &str)> {
        let files = self.file.iter().map(|entry| (entry.path.clone(), entry.reason.as_str(), entry.adr.as_str()));
        let functions = self
            .function
            .iter()
            .map(|entry| (format!("{}: {}", entry.path, entry.name), entry.reason.as_str(), entry.adr.as_str()));
        files.chain(functions)
    }
}
