//! Where secrets come in: a prompt, a file or standard input. Never an argument, which every process can read.

use crate::failure::Failure;
use crate::output;
use clap::Args;
use countersign_core::account::Password;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

// More than any token, key or password that is taken.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// From where a password comes.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct PasswordSource {
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from a file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordSource {
    /// The password; `None` where none was given and nobody can be asked.
    pub(crate) fn read(&self) -> Result<Option<Password>, Failure> {
        let text = match (&self.password_file, self.password_stdin) {
            (Some(path), _) => read_file(path)?,
            (None, true) => read_stdin()?,
            (None, false) if output::is_interactive() => return ask().map(Some),
            (None, false) => return Ok(None),
        };
        let text = utf8(&text)?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        typed(line.strip_suffix('\r').unwrap_or(line)).map(Some)
    }
}

/// Everything that stands in a file.
pub(crate) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error| Failure::usage(error).about(format!("{} can't be read", path.display()));
    read_all(File::open(path).map_err(failed)?, failed)
}

/// Everything that comes on standard input.
pub(crate) fn read_stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_all(io::stdin().lock(), |error| Failure::usage(error).about("standard input can't be read"))
}

/// The text that these bytes are.
pub(crate) fn utf8(bytes: &[u8]) -> Result<Zeroizing<String>, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::usage("expected text in UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The argument, or what comes on standard input where there is none or it is `-`.
pub(crate) fn argument_or_stdin(argument: Option<&str>, what: &str) -> Result<Zeroizing<String>, Failure> {
    if let Some(argument) = argument.filter(|argument| *argument != "-") {
        return Ok(Zeroizing::new(argument.to_owned()));
    }
    if argument.is_none() && output::is_interactive() {
        return Err(Failure::usage(format!("no {what}"))
            .hint(format!("give the {what} as argument, or on standard input, as in `echo … | countersign …`")));
    }
    let text = utf8(&read_stdin()?)?;
    let text = Zeroizing::new(text.trim().to_owned());
    if text.is_empty() { Err(Failure::usage(format!("no {what} came on standard input"))) } else { Ok(text) }
}

fn ask() -> Result<Password, Failure> {
    let first = output::prompt("Password: ")?;
    let again = output::prompt("Again: ")?;
    if *first != *again {
        return Err(Failure::usage("the two passwords differ"));
    }
    typed(&first)
}

fn typed(text: &str) -> Result<Password, Failure> {
    if text.is_empty() {
        return Err(Failure::usage("the password is empty"));
    }
    Password::typed(text).map_err(Failure::failed)
}

fn read_all(from: impl Read, failed: impl Fn(io::Error) -> Failure) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Room at once: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(INPUT_BYTES_MAX + 1));
    from.take(INPUT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(&failed)?;
    if bytes.len() > INPUT_BYTES_MAX {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "more than 64 KiB")));
    }
    Ok(bytes)
}
