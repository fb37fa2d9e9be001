//! What the command line gave.

use super::{Environment, Layer, Problem};
use crate::config::{
    declare::Fallback,
    error::Fault,
    names,
    origin::Origin,
    raw::{Given, Raw},
};
use std::{ffi::OsStr, path::PathBuf};

/// The flags that are keys.
const FLAGS: [(&str, &str); 3] =
    [("server.listen", "--listen"), ("server.issuer", "--issuer"), ("server.data_dir", "--data")];

/// What the command line gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// `--config`: the file, instead of looking for one.
    pub(crate) config: Option<PathBuf>,
    /// `--data`: `server.data_dir`.
    pub(crate) data: Option<PathBuf>,
    /// `--listen`: `server.listen`.
    pub(crate) listen: Option<String>,
    /// `--issuer`: `server.issuer`.
    pub(crate) issuer: Option<String>,
}

impl Flags {
    /// The layer of the flags.
    pub(in crate::config) fn layer(&self, problems: &mut Vec<Problem>) -> Layer {
        let mut layer = Layer::new();
        for (key, flag) in FLAGS {
            let Some(text) = self.value(key) else { continue };
            let origin = Origin::Flag(flag);
            match text.to_str() {
                Some(text) => {
                    layer.insert(key.to_owned(), Given { raw: Raw::untyped(text), origin });
                }
                None => problems.push(Problem::of_key(origin, key, Fault::new("not UTF-8"))),
            }
        }
        layer
    }

    /// The data folder, as far as it is known before any file is read.
    pub(super) fn data_dir(&self, environment: &Environment) -> PathBuf {
        let key = names::keys().find(|key| key.name == "server.data_dir");
        let fallback = || match key.map(|key| &key.fallback) {
            Some(Fallback::Is(path)) => PathBuf::from(path),
            _ => PathBuf::from("."),
        };
        let variable = || environment.get(&names::variable("server.data_dir")).map(PathBuf::from);
        self.data.clone().or_else(variable).unwrap_or_else(fallback)
    }

    fn value(&self, key: &str) -> Option<&OsStr> {
        match key {
            "server.listen" => self.listen.as_deref().map(OsStr::new),
            "server.issuer" => self.issuer.as_deref().map(OsStr::new),
            "server.data_dir" => self.data.as_deref().map(OsStr::new),
            _ => None,
        }
    }
}

/// The flag that sets `key`.
pub(in crate::config) fn flag_of(key: &str) -> Option<&'static str> {
    FLAGS.iter().find(|(name, _)| *name == key).map(|(_, flag)| *flag)
}
