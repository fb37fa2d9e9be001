//! From the layers to the configuration.

use super::{
    error::ConfigErrors,
    layers::{self, Environment, Flags, Layer},
    origin::Origin,
    reader::Reader,
    sections::{Accounts, Clients, Feed, Keys, Limits, Server, Sessions, Store, Telemetry, Tokens},
    show::Entry,
    values::StoreUrl,
};
use std::path::{Path, PathBuf};

/// What the operator decided. Every path in it is absolute.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) store: Store,
    pub(crate) feed: Feed,
    pub(crate) clients: Clients,
    pub(crate) telemetry: Telemetry,
    entries: Vec<Entry>,
    file: Option<PathBuf>,
}

/// What the configuration is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A command beside the server, which must not fail because of files that only the server opens.
    Command,
    /// The server: what it opens at its start is judged too.
    Serve,
}

/// Reads all layers.
///
/// # Errors
/// Every problem of every layer at once; if the file is no TOML, what depends on several keys is not judged.
pub(crate) fn load(flags: &Flags, environment: &Environment, cwd: &Path) -> Result<Config, ConfigErrors> {
    load_for(Purpose::Command, flags, environment, cwd)
}

/// Reads all layers for a purpose.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_for(
    purpose: Purpose,
    flags: &Flags,
    environment: &Environment,
    cwd: &Path,
) -> Result<Config, ConfigErrors> {
    let mut problems = Vec::new();
    let file = layers::find(flags, environment, cwd);
    let from_file = file.as_ref().map_or_else(|| Some(Layer::new()), |file| layers::read(file, &mut problems));
    let is_file_read = from_file.is_some();
    let mut given = from_file.unwrap_or_default();
    given.extend(environment.layer(&mut problems));
    given.extend(flags.layer(&mut problems));

    let mut reader = Reader::new(cwd, given, problems);
    let mut config = Config::read(&mut reader);
    if is_file_read {
        config.settle(&mut reader);
        if purpose == Purpose::Serve {
            config.server.open_files(&mut reader);
            config.accounts.open_files(&mut reader);
        }
    }
    config.entries = reader.finish()?;
    config.file = file.map(|file| file.shown.to_path_buf());
    Ok(config)
}

impl Config {
    /// Every key in the order of the reference page, with its value and where that came from.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Where the value of `key` came from.
    pub(crate) fn origin(&self, key: &str) -> Option<&Origin> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.origin)
    }

    /// The file that was read, as the operator would name it.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        match &self.store.url {
            StoreUrl::Sqlite(Some(path)) => path.clone(),
            StoreUrl::Sqlite(None) => self.server.data_dir.join("countersign.db"),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            server: Server::read(reader),
            accounts: Accounts::read(reader),
            tokens: Tokens::read(reader),
            sessions: Sessions::read(reader),
            keys: Keys::read(reader),
            limits: Limits::read(reader),
            store: Store::read(reader),
            feed: Feed::read(reader),
            clients: Clients::read(reader),
            telemetry: Telemetry::read(reader),
            entries: Vec::new(),
            file: None,
        }
    }

    /// What no key can say alone.
    fn settle(&mut self, reader: &mut Reader<'_>) {
        self.server.settle(reader);
        self.accounts.settle(reader);
        self.keys.settle(reader);
        self.store.settle(reader);
    }
}
