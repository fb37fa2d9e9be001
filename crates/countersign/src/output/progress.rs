//! How far something is that takes long: one line that a terminal's owner sees, and nobody else.

use std::io::{self, IsTerminal as _};

/// A line that is written anew. Gone when dropped.
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    /// Shown where standard error is a terminal.
    pub(crate) fn start() -> Self {
        Self { shown: io::stderr().is_terminal() }
    }

    /// Says how far it is.
    pub(crate) fn tell(&self, text: &str) {
        if self.shown {
            // Back to the line's beginning, and what was on it erased (EL of ECMA-48).
            super::warn(&format!("\r{text}\u{1b}[K"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.tell("");
    }
}
