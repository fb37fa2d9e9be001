//! `countersign-guard.toml`: what the guard is told, with the shapes and messages of the server's own configuration.
//!
//! - `keys`: every key, its meaning and its shape; the reference page comes from there
//! - `table`: takes keys from one table of the file, and gathers every problem
//! - `issuers`, `rules`: `[[issuer]]` and `[[rule]]`

mod issuers;
mod keys;
mod reference;
mod rules;
mod table;

pub(crate) use issuers::GuardIssuer;
pub(crate) use keys::ForeignType;
pub(crate) use reference::reference_markdown;

use super::{
    error::{ConfigErrors, Fault, Problem},
    layers::{self, File},
    origin::{Origin, Position},
    sections::LogFormat,
    values::LogFilter,
};
use countersign_guard::{AccessCookie, Proxy, Rules, Scheme};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use table::{Place, Table};

const NAME: &str = "countersign-guard.toml";

/// What the command line gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct GuardFlags {
    /// `--config`
    pub(crate) config: Option<PathBuf>,
    /// `--data`
    pub(crate) data: Option<PathBuf>,
    /// `--listen`
    pub(crate) listen: Option<String>,
    /// `--proxy`
    pub(crate) proxy: Option<String>,
    /// `--issuer`
    pub(crate) issuer: Option<String>,
    /// `--audience`
    pub(crate) audience: Option<String>,
    /// `--client-id`
    pub(crate) client_id: Option<String>,
    /// `--secret-file`
    pub(crate) secret_file: Option<String>,
    /// `--relay`
    pub(crate) relay: bool,
    /// `--upstream`
    pub(crate) upstream: Option<String>,
}

/// What the operator decided about a guard.
pub(crate) struct GuardConfig {
    pub(crate) rules: Rules,
    pub(crate) fixed: Fixed,
    file: Option<File>,
}

/// What counts from a start to the next one.
#[derive(PartialEq)]
pub(crate) struct Fixed {
    pub(crate) listen: SocketAddr,
    pub(crate) proxy: Proxy,
    pub(crate) scheme: Scheme,
    pub(crate) cookie: Option<AccessCookie>,
    pub(crate) trusted_origins: Vec<String>,
    pub(crate) max_staleness: Duration,
    pub(crate) leeway: Duration,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: LogFilter,
    pub(crate) issuers: Vec<GuardIssuer>,
}

impl GuardConfig {
    /// Reads the file, if there is one, and the flags above it.
    ///
    /// # Errors
    /// Every problem at once.
    pub(crate) fn load(flags: &GuardFlags, cwd: &Path) -> Result<Self, ConfigErrors> {
        let mut problems = Vec::new();
        let file = layers::find_named(NAME, flags.config.as_deref(), flags.data.as_deref(), cwd);
        let (members, is_read) = match &file {
            None => (Vec::new(), true),
            Some(file) => {
                let members = layers::whole(file, &mut problems);
                let is_read = members.is_some();
                (members.unwrap_or_default(), is_read)
            }
        };
        let place = file.as_ref().map_or(Place::nowhere(), |file| Place::whole(&file.shown));
        let mut root = Table::new(&place, "", &members, keys::ROOT, &["issuer", "rule"], &mut problems);
        root.flag("listen", "--listen", flags.listen.as_deref());
        root.flag("proxy", "--proxy", flags.proxy.as_deref());
        let trusted_origins = root.take("trusted_origins", &keys::TRUSTED_ORIGINS);
        let mut fixed = Fixed {
            listen: root.take("listen", &keys::LISTEN),
            proxy: root.take("proxy", &keys::PROXY),
            scheme: root.take("scheme", &keys::SCHEME),
            cookie: root.take("cookie", &keys::COOKIE),
            trusted_origins: trusted_origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
            max_staleness: root.take("max_staleness", &keys::MAX_STALENESS),
            leeway: root.take("leeway", &keys::LEEWAY),
            log_format: root.take("log_format", &keys::LOG_FORMAT),
            log_level: root.take("log_level", &keys::LOG_LEVEL),
            issuers: Vec::new(),
        };
        let (named, listed) = (root.tables("issuer"), root.tables("rule"));
        fixed.issuers = issuers::read(&place, &named, flags, cwd, &mut problems);
        let rules = rules::read(&place, &listed, &mut problems);
        if is_read && fixed.issuers.is_empty() && problems.is_empty() {
            let origin = file
                .as_ref()
                .map_or(Origin::Default, |file| Origin::File { path: file.shown.clone(), at: Position::Whole });
            let fault = Fault::new("no issuer is named: there is nobody whose tokens could be judged");
            problems.push(Problem::of_key(
                origin,
                "issuer",
                fault.hint("`--issuer URL --audience A`, or an [[issuer]] in the file"),
            ));
        }
        match (problems.is_empty(), rules) {
            (true, Some(rules)) => Ok(Self { rules, fixed, file }),
            _ => Err(ConfigErrors::new(problems)),
        }
    }

    /// The file that was read, as the operator would name it, and where it is.
    pub(crate) fn file(&self) -> Option<(&Path, &Path)> {
        self.file.as_ref().map(|file| (&*file.shown, file.path()))
    }
}
