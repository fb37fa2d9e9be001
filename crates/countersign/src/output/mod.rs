//! The one place that prints. Results go to standard output: text for people, or with `--json` one document.
//! Everything else goes to standard error.

use crate::failure::Failure;
use countersign_core::Time;
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write};

mod page;
mod progress;

pub(crate) use page::Page;
pub(crate) use progress::Progress;

/// What a command answers: serialized it is the document of `--json`, shown it is text for people.
pub(crate) trait Answer: Serialize {
    /// Writes it for people.
    fn show(&self, page: &mut Page);
}

/// Where answers go, and in which form.
pub(crate) struct Output {
    format: Format,
    colour: Colour,
    now: Time,
}

/// In which form answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one document.
    Json,
}

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// On a terminal.
    On,
    /// Anywhere else.
    Off,
}

impl Output {
    /// Answers in `format`; `now` is what times in words are relative to.
    pub(crate) fn new(format: Format, now: Time) -> Self {
        Self { format, colour: Colour::of(&io::stdout()), now }
    }

    /// Whether `--json` was given.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Gives the answer in the form that was asked for.
    pub(crate) fn answer(&mut self, answer: &impl Answer) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.document(answer),
            Format::Text => self.page(|page| answer.show(page)),
        }
    }

    /// Writes one line of JSON, whatever was asked for.
    pub(crate) fn document(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_string(document).map_err(Failure::failed)?;
        text.push('\n');
        write(text.as_bytes())
    }

    /// Writes text for people, whatever was asked for.
    pub(crate) fn page(&mut self, compose: impl FnOnce(&mut Page)) -> Result<(), Failure> {
        let mut page = Page::new(self.colour, self.now);
        compose(&mut page);
        write(page.as_str().as_bytes())
    }

    /// Writes bytes as they are: a script for a shell, a key set.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        write(bytes)
    }

    /// Tells people something that is no result.
    pub(crate) fn note(&mut self, text: &str) {
        let mut page = Page::new(Colour::of(&io::stderr()), self.now);
        page.note(text);
        warn(page.as_str());
    }
}

impl Colour {
    fn of(stream: &impl io::IsTerminal) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if stream.is_terminal() && !unwanted { Self::On } else { Self::Off }
    }
}

/// Tells why the command failed.
pub(crate) fn tell(failure: &Failure) {
    // Failures have no times in words.
    let mut page = Page::new(Colour::of(&io::stderr()), Time::from_millis(0));
    failure.show(&mut page);
    warn(page.as_str());
}

/// Writes what clap says: help to standard output, a wrong usage to standard error.
pub(crate) fn usage(error: &clap::Error) {
    // There is nobody left to tell if this fails.
    let _ = error.print();
}

/// Reads a secret from the terminal without showing it. Standard input that is no terminal is never prompted: ask
/// [`is_interactive`] first.
pub(crate) fn prompt(question: &str) -> Result<zeroize::Zeroizing<String>, Failure> {
    rpassword::prompt_password(question).map(zeroize::Zeroizing::new).map_err(Failure::failed)
}

/// Whether somebody can be asked.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::failed(error).about("the answer could not be written")),
    }
}

fn warn(text: &str) {
    // There is nobody left to tell if this fails.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
