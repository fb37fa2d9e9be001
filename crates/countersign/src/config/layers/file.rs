//! The file: where it is, and what it says on which line.

use super::{Environment, Flags, Layer, Problem, lines::Lines};
use crate::config::{
    error::Fault,
    names, notation,
    origin::{Origin, Position},
    raw::{Given, Item, Member, Raw},
};
use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use zeroize::Zeroizing;

const NAME: &str = "countersign.toml";
const FILE_BYTES_MAX: usize = 1 << 20;

/// A file that is there, or that has to be.
#[derive(Debug, Clone)]
pub(in crate::config) struct File {
    /// As the operator would name it.
    pub(in crate::config) shown: Arc<Path>,
    path: PathBuf,
}

/// `--config`, else `./countersign.toml`, else `DATA/countersign.toml`; none if there is none.
pub(in crate::config) fn find(flags: &Flags, environment: &Environment, cwd: &Path) -> Option<File> {
    let file = |shown: PathBuf| File { path: cwd.join(&shown), shown: shown.into() };
    if let Some(path) = &flags.config {
        return Some(file(path.clone()));
    }
    // What is there and cannot be read is found: reading it says why.
    let is_there = |file: &File| !file.path.symlink_metadata().is_err_and(|error| is_absence(&error));
    let in_data = flags.data_dir(environment).join(NAME);
    [file(NAME.into()), file(in_data)].into_iter().find(is_there)
}

/// The layer of the file; none if the file as a whole could not be read.
pub(in crate::config) fn read(file: &File, problems: &mut Vec<Problem>) -> Option<Layer> {
    let place = |at| Origin::File { path: Arc::clone(&file.shown), at };
    let text = match text(&file.path) {
        Ok(text) => text,
        Err((at, fault)) => {
            problems.push(Problem::of_place(place(at), fault));
            return None;
        }
    };
    let lines = Lines::of(&text);
    match DeTable::parse(&text) {
        Ok(root) => {
            let mut values = Values { file, lines, layer: Layer::new(), problems };
            values.add_root(root.get_ref());
            Some(values.layer)
        }
        // Only the first: what a parser finds after it has lost its way misleads.
        Err(error) => {
            let at = error.span().map_or(Position::Whole, |span| {
                let (line, column) = lines.position(span.start);
                Position::Column(line, column)
            });
            problems.push(Problem::of_place(place(at), Fault::new(format!("not TOML: {}", error.message()))));
            None
        }
    }
}

fn text(path: &Path) -> Result<Zeroizing<String>, (Position, Fault)> {
    let whole = |fault| (Position::Whole, fault);
    let unreadable = |error: io::Error| whole(Fault::new(format!("cannot be read: {error}")));
    let file = std::fs::File::open(path).map_err(|error| match is_absence(&error) {
        true => whole(Fault::new("no such file")),
        false => unreadable(error),
    })?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(whole(Fault::new("a folder, not a file").hint(format!("did you mean {NAME} in it?"))));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(whole(Fault::new("larger than 1 MiB: is it the right file?")));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            Err((Position::Line(line), Fault::new("not UTF-8").hint("save the file as UTF-8")))
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Gathers the values of one file.
struct Values<'a> {
    file: &'a File,
    lines: Lines<'a>,
    layer: Layer,
    problems: &'a mut Vec<Problem>,
}

impl Values<'_> {
    fn add_root(&mut self, root: &DeTable<'_>) {
        for (name, value) in root {
            let (line, section) = (self.lines.line(name.span().start), name.get_ref());
            match value.get_ref() {
                DeValue::Table(table) if names::is_section(section) => self.add_section(section, table),
                DeValue::Table(_) => {
                    self.refuse(line, format!("[{}]", notation::name(section)), names::refuse_section(section));
                }
                _ if names::is_section(section) => {
                    let fault =
                        Fault::new("a section, not a key").hint(format!("write [{section}] once, above its keys"));
                    self.refuse(line, section.to_string(), fault);
                }
                _ => self.refuse(line, notation::name(section), names::refuse_key(section)),
            }
        }
    }

    fn add_section(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let line = self.lines.line(key.span().start);
            let name = names::joined(section, key.get_ref());
            if names::is_known(&name) {
                let given = Given { raw: self.raw(value), origin: self.origin(line) };
                self.layer.insert(name, given);
            } else {
                let fault = names::refuse_key(&name);
                self.refuse(line, name, fault);
            }
        }
    }

    fn raw(&self, value: &Spanned<DeValue<'_>>) -> Raw {
        let other = |kind, written| Raw::Other { kind, written };
        match value.get_ref() {
            DeValue::String(text) => Raw::Text(Zeroizing::new(text.to_string())),
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| other("a number", number.to_string()), Raw::Integer),
            DeValue::Float(number) => other("a fraction", number.to_string()),
            DeValue::Boolean(truth) => other("a truth value", truth.to_string()),
            DeValue::Datetime(time) => other("a time", time.to_string()),
            DeValue::Table(members) => Raw::Table(
                members
                    .iter()
                    .map(|(name, value)| Member {
                        name: name.get_ref().to_string(),
                        raw: self.raw(value),
                        line: self.lines.line(name.span().start),
                    })
                    .collect(),
            ),
            DeValue::Array(items) => Raw::List(
                items
                    .iter()
                    .map(|item| Item { raw: self.raw(item), line: self.lines.line(item.span().start) })
                    .collect(),
            ),
        }
    }

    /// The value is not told: that of a mistyped key may be a secret.
    fn refuse(&mut self, line: usize, key: String, fault: Fault) {
        self.problems.push(Problem::of_key(self.origin(line), key, fault));
    }

    fn origin(&self, line: usize) -> Origin {
        Origin::File { path: Arc::clone(&self.file.shown), at: Position::Line(line) }
    }
}
