//! What every command that works on a deployment begins with: data folder, store, master key. Shared by `serve` and
//! the commands beside it, so that both make the same things in the same way.

use crate::cli::Context;
use crate::config::Config;
use crate::data::{self, DataFolder, MasterKeyBytes};
use crate::failure::Failure;
use crate::policies;
use countersign_core::audit::Actor;
use countersign_core::key_ring::{KeyRing, KeyRingError, KeyState, MasterKey, Purpose, StorageKey};
use countersign_core::ops::{Found, Foundation, OnIssuerChange, Policies, RotateKeys};
use countersign_core::store::{Deployment as Founded, Store};
use countersign_core::{Draw, Source};
use countersign_server::{SystemSource, ring_policy};
use countersign_store_sqlite::{Options, SqliteStore};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// A deployment that is open to work on.
pub(crate) struct Deployment {
    /// What the operator decided.
    pub(crate) config: Config,
    /// Its folder.
    pub(crate) data: DataFolder,
    /// What it keeps.
    pub(crate) store: Arc<dyn Store>,
    /// Where time and randomness come from.
    pub(crate) source: Arc<dyn Source>,
}

/// The master key, and where it came from.
pub(crate) struct Master {
    /// Its bytes.
    pub(crate) bytes: MasterKeyBytes,
    /// Where it came from, as the operator knows it.
    pub(crate) origin: MasterOrigin,
}

/// Where a master key came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MasterOrigin {
    /// `master.key` in the data folder.
    DataFolder(String),
    /// The configuration: which key, from where.
    Configured(String),
}

impl Deployment {
    /// Opens the deployment, made if it is not there.
    pub(crate) fn open_or_make(config: Config) -> Result<Self, Failure> {
        let data = DataFolder::at(&config.server.data_dir);
        data.create()?;
        let store = SqliteStore::open(&Options::at(config.database()))
            .map_err(|error| Failure::from(error).about(format!("{} can't be opened", config.database().display())))?;
        Ok(Self { config, data, store: Arc::new(store), source: Arc::new(SystemSource::new()) })
    }

    /// Opens the deployment that is there.
    pub(crate) fn open(context: &Context) -> Result<Self, Failure> {
        let config = context.config()?;
        let database = config.database();
        if !database.is_file() {
            return Err(Failure::usage(format!("there is no deployment: {} is not there", database.display()))
                .hint("name its folder with `--data DIR`")
                .hint("`countersign serve` makes one"));
        }
        Self::open_or_make(config)
    }

    /// Opens the deployment, founded as `serve` would if it is new.
    pub(crate) async fn open_or_found(context: &Context) -> Result<Self, Failure> {
        let deployment = Self::open_or_make(context.config()?)?;
        let ring = deployment.store.key_ring().await?;
        let founded = deployment.store.deployment().await?.is_some();
        if !founded || ring.in_state(Purpose::AccessToken, KeyState::Active).is_none() {
            deployment.found().await?;
        }
        Ok(deployment)
    }

    /// One operation's share of time and randomness.
    pub(crate) fn draw(&self) -> Draw {
        Draw::from(&*self.source)
    }

    /// What the operator chose, under the issuer that storage knows.
    pub(crate) async fn policies(&self) -> Result<Policies, Failure> {
        policies::of_rules(&self.config, self.issuer().await?)
    }

    /// The issuer that storage knows; in a new deployment the one that the configuration would give it.
    pub(crate) async fn issuer(&self) -> Result<String, Failure> {
        let founded: Option<Founded> = self.store.deployment().await?;
        let configured = || self.config.server.issuer_at(self.config.server.listen.port()).to_string();
        Ok(founded.map_or_else(configured, |deployment| deployment.issuer))
    }

    /// The master key, found to be the one that the data was sealed under; made if the data is new and none is
    /// configured.
    pub(crate) fn master(&self, ring: &KeyRing) -> Result<Master, Failure> {
        self.master_of(ring, &self.config.database())
    }

    /// The same for a ring that was read from `database`.
    pub(crate) fn master_of(&self, ring: &KeyRing, database: &Path) -> Result<Master, Failure> {
        let master = match self.configured_master()? {
            Some(master) => master,
            None => self.master_in_folder(ring)?,
        };
        match ring.storage_key(&master.key()) {
            Err(KeyRingError::WrongMasterKey(seal)) => Err(self.wrong_master(&master, seal, database)),
            _ => Ok(master),
        }
    }

    /// The key that seals what storage holds.
    pub(crate) async fn storage_key(&self) -> Result<StorageKey, Failure> {
        let ring = self.store.key_ring().await?;
        Ok(ring.storage_key(&self.master(&ring)?.key())?)
    }

    /// What moves the key ring, on behalf of the command line.
    pub(crate) fn key_care<'a>(&'a self, master: &'a MasterKey, policies: &Policies) -> RotateKeys<'a> {
        let (store, source) = (&*self.store, &*self.source);
        RotateKeys { store, source, master, policy: ring_policy(policies), actor: actor() }
    }

    async fn found(&self) -> Result<(), Failure> {
        let ring = self.store.key_ring().await?;
        let master = self.master(&ring)?.key();
        let issuer = self.issuer().await?;
        let found = Found { issuer, on_change: OnIssuerChange::Refuse };
        if let Foundation::Refused { stored, .. } = found.run(&*self.store, &self.draw()).await? {
            let failure = Failure::failed(format!("somebody else founded this deployment at this moment, as {stored}"));
            return Err(failure.hint("run the command again"));
        }
        self.key_care(&master, &self.policies().await?).keep().await?;
        Ok(())
    }

    fn configured_master(&self) -> Result<Option<Master>, Failure> {
        let (keys, origin) = (&self.config.keys, MasterOrigin::of(&self.config));
        if let Some(key) = &keys.master_key {
            return Ok(Some(Master { bytes: MasterKeyBytes::new(*key.expose()), origin }));
        }
        let Some(command) = &keys.master_key_command else { return Ok(None) };
        Ok(Some(Master { bytes: run_master_key_command(command)?, origin }))
    }

    fn master_in_folder(&self, ring: &KeyRing) -> Result<Master, Failure> {
        let path = self.data.master_key_file();
        let bytes = match self.data.read_master_key()? {
            Some(bytes) => bytes,
            None if ring.storage_key.is_none() => self.data.make_master_key(&*self.source)?,
            None => {
                let failure = Failure::usage(format!("the master key {} is not there", path.display()));
                return Err(failure
                    .hint("put back the file that belongs to this data: without it, keys and passwords can't be opened")
                    .hint("or name where it is, with `keys.master_key_file`"));
            }
        };
        Ok(Master { bytes, origin: MasterOrigin::of(&self.config) })
    }

    fn wrong_master(
        &self,
        master: &Master,
        seal: impl std::error::Error + Send + Sync + 'static,
        database: &Path,
    ) -> Failure {
        let message = format!(
            "the master key from {} is not the one that {} was sealed under",
            master.origin,
            database.display()
        );
        let failure = Failure::usage(seal).about(message);
        if self.data.path().join("master.key.new").exists() {
            return failure.hint("a `key reseal` was interrupted: rename master.key.new to master.key");
        }
        failure.hint("put back the master key that belongs to this data, or name the data folder that it belongs to with `--data DIR`")
    }
}

impl Master {
    /// The key, prepared.
    pub(crate) fn key(&self) -> MasterKey {
        MasterKey::from_bytes(*self.bytes)
    }
}

impl MasterOrigin {
    /// Where the configuration says that it is.
    pub(crate) fn of(config: &Config) -> Self {
        let key = match (&config.keys.master_key, &config.keys.master_key_command) {
            (Some(_), _) => "keys.master_key",
            (None, Some(_)) => "keys.master_key_command",
            (None, None) => {
                let file = DataFolder::at(&config.server.data_dir).master_key_file();
                return Self::DataFolder(file.display().to_string());
            }
        };
        let origin = config.origin(key).map(|origin| format!(" ({origin})")).unwrap_or_default();
        Self::Configured(format!("`{key}`{origin}"))
    }
}

impl std::fmt::Display for MasterOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::DataFolder(origin) | Self::Configured(origin)) = self;
        f.write_str(origin)
    }
}

/// Who is told to have done what a command does.
pub(crate) fn actor() -> Actor {
    Actor::named("command line")
}

/// What `keys.master_key_command` prints.
fn run_master_key_command(command: &str) -> Result<MasterKeyBytes, Failure> {
    let failed = || Failure::usage("`keys.master_key_command` gave no master key");
    let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command).stdin(std::process::Stdio::null());
    let output = shell.stderr(std::process::Stdio::inherit()).output();
    let output = output.map_err(|error| Failure::usage(error).about("`keys.master_key_command` can't be run"))?;
    let printed = zeroize::Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(failed().hint(format!("it ended with {}; run it by hand", output.status)));
    }
    data::parse_master_key(&printed)
        .ok_or_else(|| failed().hint("it must print 32 bytes in base64url, 43 characters, and nothing else"))
}
