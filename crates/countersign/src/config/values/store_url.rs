//! Which database.

use crate::config::{
    error::Fault,
    shapes::{Text, refuse_word},
};
use std::path::PathBuf;

/// Which database, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreUrl {
    /// A file; none: `countersign.db` in the data folder.
    Sqlite(Option<PathBuf>),
}

impl StoreUrl {
    /// How a key takes it.
    pub(in crate::config) const SHAPE: Text<Self> = Text { what: "\"sqlite:\" or \"sqlite:PATH\"", parse: Self::parse };

    fn parse(text: &str) -> Result<Self, Fault> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(Fault::new("no scheme: expected \"sqlite:\" or \"sqlite:PATH\""));
        };
        match scheme {
            "sqlite" => Self::sqlite(rest),
            "postgres" => Err(refuse_word("scheme", "postgresql", &["sqlite"], &["postgresql"])),
            other => Err(refuse_word("scheme", other, &["sqlite"], &["postgresql"])),
        }
    }

    fn sqlite(path: &str) -> Result<Self, Fault> {
        if path.is_empty() {
            return Ok(Self::Sqlite(None));
        }
        if path.starts_with("//") {
            let path = path.trim_start_matches('/');
            return Err(Fault::new("the path stands right after \"sqlite:\", with no slashes between")
                .hint(format!("use \"sqlite:{path}\", or \"sqlite:/{path}\" from the root")));
        }
        if path == ":memory:" || path.contains(['?', '#', '\0']) {
            return Err(Fault::new("a path only: no options, and no database in memory").hint("use \"sqlite:PATH\""));
        }
        Ok(Self::Sqlite(Some(PathBuf::from(path))))
    }
}
