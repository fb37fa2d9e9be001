//! Rules that change while the guard runs: on SIGHUP, and when the file says something else than before.

use crate::config::{ConfigErrors, GuardConfig, GuardFlags};
use countersign_guard::Guard;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

// Who has edited a file looks at the log some seconds later.
const LOOK_EVERY: Duration = Duration::from_secs(1);
// As much as is read of a configuration.
const FILE_BYTES_MAX: u64 = (1 << 20) + 1;

/// Looks at the file.
pub(super) struct Reload {
    flags: GuardFlags,
    cwd: PathBuf,
    config: GuardConfig,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

/// What the file said. A file that is being written may be cut off where its rules still make sense, and lack the one that
/// protects something: so it is new once it says the same in two looks.
struct Watched<T> {
    known: T,
    unsettled: Option<T>,
}

impl Reload {
    /// Hears SIGHUP from now on.
    pub(super) fn listen(flags: GuardFlags, cwd: PathBuf, config: GuardConfig) -> io::Result<Self> {
        #[cfg(unix)]
        let hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
        Ok(Self {
            flags,
            cwd,
            config,
            #[cfg(unix)]
            hangup,
        })
    }

    /// Gives the guard new rules whenever there are some. Never ends.
    pub(super) async fn keep(mut self, guard: &Guard) {
        let path = self.config.file().map(|(_, path)| path.to_path_buf());
        let mut watched = Watched::new(path.as_deref().map(text));
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            let is_asked = self.look(&mut looks).await;
            // A small file, once a second: not worth a thread.
            if watched.is_new(path.as_deref().map(text)) || is_asked {
                self.read(guard);
            }
        }
    }

    /// Whether somebody asked.
    #[cfg(unix)]
    async fn look(&mut self, looks: &mut tokio::time::Interval) -> bool {
        tokio::select! {
            _ = self.hangup.recv() => true,
            _ = looks.tick() => false,
        }
    }

    #[cfg(not(unix))]
    async fn look(&mut self, looks: &mut tokio::time::Interval) -> bool {
        looks.tick().await;
        false
    }

    fn read(&self, guard: &Guard) {
        match GuardConfig::load(&self.flags, &self.cwd) {
            Ok(config) => {
                tracing::info!(rules = config.rules.len(), "rules read again");
                if config.fixed != self.config.fixed {
                    tracing::warn!("more than the rules has changed: the rest counts from the next start");
                }
                guard.set_rules(config.rules);
            }
            Err(errors) => {
                guard.rules_refused();
                tell(&errors);
            }
        }
    }
}

impl<T: PartialEq> Watched<T> {
    const fn new(known: T) -> Self {
        Self { known, unsettled: None }
    }

    fn is_new(&mut self, found: T) -> bool {
        if found == self.known {
            self.unsettled = None;
            return false;
        }
        if self.unsettled.as_ref() == Some(&found) {
            (self.known, self.unsettled) = (found, None);
            return true;
        }
        self.unsettled = Some(found);
        false
    }
}

fn tell(errors: &ConfigErrors) {
    for problem in errors.problems() {
        let problem = problem.to_string().lines().map(str::trim).collect::<Vec<_>>().join(": ");
        tracing::error!(problem, "the changed file is refused, the rules of before stay in use");
    }
}

/// None where it cannot be read, which is a change too.
fn text(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::Watched;

    #[test]
    fn a_file_is_new_once_it_says_the_same_twice() {
        let mut watched = Watched::new("whole");
        let seen = ["whole", "ha", "half", "new", "new", "new", "ha", "new", "other", "new", "other", "other"];
        let new: Vec<bool> = seen.into_iter().map(|found| watched.is_new(found)).collect();
        let at: Vec<usize> = new.iter().enumerate().filter(|(_, is_new)| **is_new).map(|(at, _)| at).collect();
        assert_eq!(at, [4, 11]);
    }
}
