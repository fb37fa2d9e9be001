//! What was given, before its key says what it means.

use super::{
    error::Fault,
    notation::{self, quoted},
    origin::Origin,
};
use zeroize::Zeroizing;

/// The kind of `true` and `false`.
pub(super) const TRUTH: &str = "a truth value";

/// A value and where it was given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) raw: Raw,
    pub(super) origin: Origin,
}

/// A value of the file with its type, or the text of a variable or flag. Text is wiped: it may be a secret.
#[derive(Debug)]
pub(super) enum Raw {
    /// Of a variable or a flag: the key says what it is.
    Untyped(Zeroizing<String>),
    /// A string of the file.
    Text(Zeroizing<String>),
    /// A whole number of the file.
    Integer(i128),
    /// An array of the file.
    List(Vec<Item>),
    /// A table of the file, in its order.
    Table(Vec<Member>),
    /// What no key takes: its kind, and how it was written.
    Other { kind: &'static str, written: String },
}

/// One value of a list or table, told to people.
pub(super) struct Part {
    /// What follows its key: `[0]` or `.name`.
    pub(super) place: String,
    /// Its line, where there are lines.
    pub(super) line: Option<usize>,
    /// How it is shown.
    pub(super) shown: String,
}

/// One value of an array and the line it stands on.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) raw: Raw,
    pub(super) line: usize,
}

/// One value of a table, its name and the line it stands on.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) raw: Raw,
    pub(super) line: usize,
}

impl Raw {
    /// The text of a variable, a flag or a default.
    pub(super) fn untyped(text: &str) -> Self {
        Self::Untyped(Zeroizing::new(text.to_owned()))
    }

    /// As text.
    pub(super) fn text(&self) -> Result<&str, Fault> {
        match self {
            Self::Untyped(text) | Self::Text(text) => Ok(text),
            Self::Integer(number) => {
                Err(Fault::new("expected text, found a whole number").hint(format!("in quotes: \"{number}\"")))
            }
            other => Err(Fault::new(format!("expected text, found {}", other.kind()))),
        }
    }

    /// As a whole number.
    pub(super) fn integer(&self) -> Result<i128, Fault> {
        match self {
            Self::Integer(number) => Ok(*number),
            Self::Untyped(text) => text.parse().map_err(|_| Fault::new("expected a whole number")),
            Self::Text(text) if text.parse::<i128>().is_ok() => {
                Err(Fault::new("expected a whole number, found text").hint(format!("without quotes: {}", **text)))
            }
            other => Err(Fault::new(format!("expected a whole number, found {}", other.kind()))),
        }
    }

    /// As `true` or `false`.
    pub(super) fn truth(&self) -> Result<bool, Fault> {
        match self {
            Self::Other { kind: TRUTH, written } => Ok(written == "true"),
            Self::Text(text) if matches!(text.as_str(), "true" | "false") => {
                Err(Fault::new("expected true or false, found text").hint(format!("without quotes: {}", **text)))
            }
            other => Err(Fault::new(format!("expected true or false, found {}", other.kind()))),
        }
    }

    /// As a list of texts. A variable separates them by commas.
    pub(super) fn texts(&self) -> Result<Vec<Result<&str, Fault>>, Fault> {
        match self {
            Self::Untyped(text) if text.trim().is_empty() => Ok(Vec::new()),
            Self::Untyped(text) => Ok(text.split(',').map(|item| Ok(item.trim())).collect()),
            Self::List(items) => Ok(items.iter().map(|item| item.raw.text()).collect()),
            Self::Text(text) => {
                Err(Fault::new("expected a list, found text").hint(format!("in brackets: [{}]", quoted(text))))
            }
            other => Err(Fault::new(format!("expected a list, found {}", other.kind()))),
        }
    }

    /// As names and values.
    pub(super) fn members(&self) -> Result<impl Iterator<Item = (&str, &Self)>, Fault> {
        match self {
            Self::Table(members) => Ok(members.iter().map(|member| (member.name.as_str(), &member.raw))),
            other => Err(Fault::new(format!("expected a table, found {}", other.kind()))),
        }
    }

    /// How it is shown in a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Untyped(text) | Self::Text(text) => quoted(text),
            Self::Integer(number) => number.to_string(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.raw.shown()).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Table(members) if members.is_empty() => "{}".to_owned(),
            Self::Table(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|member| format!("{} = {}", notation::name(&member.name), member.raw.shown()))
                    .collect();
                format!("{{ {} }}", members.join(", "))
            }
            Self::Other { written, .. } => written.clone(),
        }
    }

    /// The value at `index` of a list or table.
    pub(super) fn part(&self, index: usize) -> Option<Part> {
        let listed = |line, shown| Part { place: format!("[{index}]"), line, shown };
        match self {
            Self::List(items) => items.get(index).map(|item| listed(Some(item.line), item.raw.shown())),
            Self::Untyped(text) => text.split(',').nth(index).map(|item| listed(None, quoted(item.trim()))),
            Self::Table(members) => members.get(index).map(|member| Part {
                place: format!(".{}", notation::name(&member.name)),
                line: Some(member.line),
                shown: member.raw.shown(),
            }),
            _ => None,
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Untyped(_) | Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other { kind, .. } => kind,
        }
    }
}
