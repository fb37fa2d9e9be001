//! Why a command failed: a sentence, its causes, what to do, and the exit code that scripts go by.

use crate::config::ConfigErrors;
use crate::output::Page;
use countersign_core::key_ring::KeyRingError;
use countersign_core::ops::{HashingError, OpError, RotationError};
use countersign_core::store::StoreError;
use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitCode;

const MAKE_ROOM: &str = "free some disk space, then run the command again";

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
    hints: Vec<String>,
}

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for failed: a token did not verify, an account is not there.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Storage failed, or is somebody else's.
    Storage = 3,
}

impl Failure {
    /// What was asked for failed.
    pub(crate) fn failed(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Exit::Failed, why)
    }

    /// The command line or the configuration is wrong.
    pub(crate) fn usage(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Exit::Usage, why)
    }

    /// Storage failed, or is somebody else's.
    pub(crate) fn storage(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Exit::Storage, why)
    }

    /// What was asked for failed, and the answer that was given says so.
    pub(crate) const fn answered(exit: Exit) -> Self {
        Self { exit, message: None, source: None, hints: Vec::new() }
    }

    /// The same, said from further away: what was wrong until now is the cause.
    pub(crate) fn about(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// What to do about it; a command to run, where there is one.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit as u8)
    }

    pub(crate) fn show(&self, page: &mut Page) {
        let mut sentences = self.sentences().into_iter();
        let Some(first) = sentences.next() else { return };
        page.error(&first);
        sentences.for_each(|cause| page.cause(&cause));
        self.hints.iter().for_each(|hint| page.hint(hint));
    }

    /// In one sentence, and the first hint.
    pub(crate) fn told(&self) -> (String, Option<String>) {
        (self.sentences().join(": "), self.hints.first().cloned())
    }

    /// What went wrong, and its causes.
    fn sentences(&self) -> Vec<String> {
        let first = self.source.as_deref().map(|source| -> &dyn Error { source });
        let causes = std::iter::successors(first, |&error| error.source()).map(ToString::to_string);
        let mut sentences: Vec<String> = self.message.clone().into_iter().collect();
        // A transparent error says what its cause says.
        for cause in causes {
            if sentences.is_empty() || !cause.is_empty() && sentences.last() != Some(&cause) {
                sentences.push(cause);
            }
        }
        sentences
    }

    /// A file or folder of ours can't be made or written: what to do depends on why.
    pub(crate) fn unwritable(exit: Exit, error: io::Error, folder: &Path) -> Self {
        let kind = error.kind();
        match kind {
            // The disk is no matter of usage, wherever it was noticed.
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::storage(error).hint(MAKE_ROOM),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::new(exit, error)
                .hint(format!("let the user that runs this write to {}", folder.display()))
                .hint("or name another folder with `--data DIR`"),
            _ => Self::new(exit, error).hint("name another folder with `--data DIR`"),
        }
    }

    fn new(exit: Exit, why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit, message: None, source: Some(why.into()), hints: Vec::new() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::Full => Some(MAKE_ROOM),
            StoreError::Corrupt { .. } => {
                Some("put back a copy of the database that is whole: countersign restore FILE")
            }
            StoreError::Newer { .. } => {
                Some("to stay with this version, put back a backup that it made: countersign restore FILE")
            }
            StoreError::Unavailable { .. } => {
                Some("`countersign doctor` looks at the folder, the disk and the database")
            }
            StoreError::Overloaded { .. } => Some("run the command again in a moment"),
            _ => None,
        };
        let failure = Self::storage(error);
        hint.into_iter().fold(failure, Self::hint)
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::usage(errors).hint("`countersign config check` looks again without starting")
    }
}

impl From<KeyRingError> for Failure {
    fn from(error: KeyRingError) -> Self {
        match error {
            KeyRingError::WrongMasterKey(_) => Self::usage(error)
                .hint("put back the master key that belongs to this data, in `master.key` or `keys.master_key_file`"),
            KeyRingError::NothingActive => Self::failed(error).hint("countersign serve"),
            other => Self::storage(other).hint("put back a copy of the database that is whole"),
        }
    }
}

impl From<RotationError> for Failure {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Store(store) => store.into(),
            RotationError::Ring(ring) => ring.into(),
            other => Self::failed(other),
        }
    }
}

impl From<OpError> for Failure {
    fn from(error: OpError) -> Self {
        match error {
            OpError::Store(store) => store.into(),
            other => Self::failed(other),
        }
    }
}

impl From<HashingError> for Failure {
    fn from(error: HashingError) -> Self {
        Self::failed(error)
    }
}
