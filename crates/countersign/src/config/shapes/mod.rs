//! Kinds of values: how one is read, and how what it takes is told to people.

mod count;
mod duration;
mod list;
mod optional;
mod secret;
mod text;
mod words;

pub(super) use self::{
    count::Count,
    duration::{DAY, DurationIn, FOREVER, HOUR, MILLISECOND, MINUTE, SECOND},
    list::List,
    optional::Optional,
    secret::Secret,
    text::Text,
    words::{Words, refuse_word},
};
use super::{error::Faults, notation::quoted, raw::Raw};

/// What a key takes, told to people.
pub(super) trait Describe: Sync {
    /// As a noun: "duration, 1 s to 1 h".
    fn describe(&self) -> String;

    /// `text`, as a variable gives it, in the notation of the file.
    fn notation(&self, text: &str) -> String {
        quoted(text)
    }

    /// Never shown, and readable from a file that `KEY_file` names.
    fn is_secret(&self) -> bool {
        false
    }
}

/// How a key's value is read.
pub(super) trait Shape: Describe {
    /// What it becomes.
    type Value;

    /// Reads what was given.
    fn read(&self, raw: &Raw) -> Result<Self::Value, Faults>;

    /// The value where nothing was given and nothing is built in, if the key can do without.
    fn unset(&self) -> Option<Self::Value> {
        None
    }
}
