//! Where a value came from.

use std::{fmt, path::Path, sync::Arc};

/// Where a value, or a problem, came from. Sorted as people read: the file by line, variables, flags.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// A file, named as the operator would name it.
    File { path: Arc<Path>, at: Position },
    /// An environment variable, by its name.
    Variable(String),
    /// A flag of the command line, with its dashes.
    Flag(&'static str),
    /// Built in.
    Default,
}

/// How exactly a place in a file is known; lines and columns count from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Position {
    /// The file as a whole.
    Whole,
    /// Where a value was given.
    Line(usize),
    /// Where the syntax broke: line and column.
    Column(usize, usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, at } => write!(f, "{}{at}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
            Self::Default => f.write_str("default"),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(line) => write!(f, ":{line}"),
            Self::Column(line, column) => write!(f, ":{line}:{column}"),
        }
    }
}

impl Origin {
    /// The same file at another line; anything but a file stays what it is.
    pub(super) fn at_line(&self, line: Option<usize>) -> Self {
        match (self, line) {
            (Self::File { path, .. }, Some(line)) => Self::File { path: Arc::clone(path), at: Position::Line(line) },
            _ => self.clone(),
        }
    }
}
