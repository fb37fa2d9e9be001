//! What is wrong with a configuration: everything at once, each with its place and a way out.

use super::origin::Origin;
use std::fmt;

/// All that is wrong with the configuration. `Display` is the whole report, for after the word `error:`.
#[derive(Debug)]
pub(crate) struct ConfigErrors {
    problems: Vec<Problem>,
}

impl ConfigErrors {
    /// The problems, in the order in which people read: the file by line, variables, flags.
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.origin.cmp(&b.origin));
        Self { problems }
    }

    /// Each problem, for an answer in JSON.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("1 problem in the configuration")?,
            count => write!(f, "{count} problems in the configuration")?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// One thing that is wrong. No part of it holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where to look.
    pub(crate) origin: Origin,
    /// The key it is about; none where a whole file is.
    pub(crate) key: Option<String>,
    /// What was given, in the notation of the file; none where it may be a secret.
    pub(crate) value: Option<String>,
    /// What is wrong, and what is expected.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: Option<String>,
}

impl Problem {
    /// A problem of a place, with no key.
    pub(super) fn of_place(origin: Origin, fault: Fault) -> Self {
        Self { origin, key: None, value: None, message: fault.message, hint: fault.hint }
    }

    /// A problem of a key whose value is not told.
    pub(super) fn of_key(origin: Origin, key: impl Into<String>, fault: Fault) -> Self {
        Self { key: Some(key.into()), ..Self::of_place(origin, fault) }
    }

    /// A problem of a value.
    pub(super) fn of_value(origin: Origin, key: impl Into<String>, value: Option<String>, fault: Fault) -> Self {
        Self { value, ..Self::of_key(origin, key, fault) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}", self.origin)?;
        if let Some(key) = &self.key {
            write!(f, "  {key}")?;
        }
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        write!(f, "\n    {}", self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, "\n    hint: {hint}"))
    }
}

/// What is wrong with a value, before anybody knows where it came from.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    message: String,
    hint: Option<String>,
    item: Option<usize>,
}

impl Fault {
    /// `message` says what is wrong and what is expected, never a value that may be secret.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, item: None }
    }

    /// What to do about it.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// It is the item at `index` of a list.
    pub(super) fn in_item(self, index: usize) -> Self {
        Self { item: Some(index), ..self }
    }

    /// Which item of a list it is about.
    pub(super) const fn item(&self) -> Option<usize> {
        self.item
    }
}

/// One fault, or one for each bad item of a list.
#[derive(Debug)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}
