//! The file: where it is, and what it says on which line.

use super::{Environment, Flags, Layer, Problem, lines::Lines};
use crate::config::{
    error::Fault,
    names, notation,
    origin::{Origin, Position},
    raw::{Given, Item, Member, Raw, TRUTH},
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
    /// What such a file is called.
    name: &'static str,
}

/// `--config`, else `./countersign.toml`, else `DATA/countersign.toml`; none if there is none.
pub(in crate::config) fn find(flags: &Flags, environment: &Environment, cwd: &Path) -> Option<File> {
    find_named(NAME, flags.config.as_deref(), Some(&flags.data_dir(environment)), cwd)
}

/// The file that was `chosen`, else the one of that name here, else the one in the data folder, if there is such a folder.
pub(in crate::config) fn find_named(
    name: &'static str,
    chosen: Option<&Path>,
    data: Option<&Path>,
    cwd: &Path,
) -> Option<File> {
    let file = |shown: PathBuf| File { path: cwd.join(&shown), shown: shown.into(), name };
    if let Some(path) = chosen {
        return Some(file(path.to_path_buf()));
    }
    // What is there and cannot be read is found: reading it says why.
    let is_there = |file: &File| !file.path.symlink_metadata().is_err_and(|error| is_absence(&error));
    [Some(file(name.into())), data.map(|data| file(data.join(name)))].into_iter().flatten().find(is_there)
}

/// The layer of the file; none if the file as a whole could not be read.
pub(in crate::config) fn read(file: &File, problems: &mut Vec<Problem>) -> Option<Layer> {
    let root = whole(file, problems)?;
    let mut values = Values { file, layer: Layer::new(), problems };
    values.add_root(root);
    Some(values.layer)
}

/// The file as one table; none if it could not be read.
pub(in crate::config) fn whole(file: &File, problems: &mut Vec<Problem>) -> Option<Vec<Member>> {
    let place = |at| Origin::File { path: Arc::clone(&file.shown), at };
    let text = match text(file) {
        Ok(text) => text,
        Err((at, fault)) => {
            problems.push(Problem::of_place(place(at), fault));
            return None;
        }
    };
    let lines = Lines::of(&text);
    match DeTable::parse(&text) {
        Ok(root) => Some(members(&lines, root.get_ref())),
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

impl File {
    /// Where it is.
    pub(in crate::config) fn path(&self) -> &Path {
        &self.path
    }
}

fn text(file: &File) -> Result<Zeroizing<String>, (Position, Fault)> {
    let File { path, name, .. } = file;
    let whole = |fault| (Position::Whole, fault);
    let unreadable = |error: io::Error| whole(Fault::new(format!("cannot be read: {error}")));
    let file = std::fs::File::open(path).map_err(|error| match is_absence(&error) {
        true => whole(Fault::new("no such file")),
        false => unreadable(error),
    })?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(whole(Fault::new("a folder, not a file").hint(format!("did you mean {name} in it?"))));
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

/// The values of a table, each with its line.
fn members(lines: &Lines<'_>, table: &DeTable<'_>) -> Vec<Member> {
    let member = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let text: &std::borrow::Cow<'_, str> = name.get_ref();
        Member { name: text.to_string(), raw: raw(lines, value), line: lines.line(name.span().start) }
    };
    table.iter().map(member).collect()
}

fn raw(lines: &Lines<'_>, value: &Spanned<DeValue<'_>>) -> Raw {
    let other = |kind, written| Raw::Other { kind, written };
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(Zeroizing::new(text.to_string())),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| other("a number", number.to_string()), Raw::Integer),
        DeValue::Float(number) => other("a fraction", number.to_string()),
        DeValue::Boolean(truth) => other(TRUTH, truth.to_string()),
        DeValue::Datetime(time) => other("a time", time.to_string()),
        DeValue::Table(table) => Raw::Table(members(lines, table)),
        DeValue::Array(items) => Raw::List(
            items.iter().map(|item| Item { raw: raw(lines, item), line: lines.line(item.span().start) }).collect(),
        ),
    }
}

/// Gathers the values of one file.
struct Values<'a> {
    file: &'a File,
    layer: Layer,
    problems: &'a mut Vec<Problem>,
}

impl Values<'_> {
    fn add_root(&mut self, root: Vec<Member>) {
        for Member { name, raw, line } in root {
            match raw {
                Raw::Table(members) if names::is_section(&name) => self.add_section(&name, members),
                Raw::Table(_) => {
                    self.refuse(line, format!("[{}]", notation::name(&name)), names::refuse_section(&name));
                }
                _ if names::is_section(&name) => {
                    let fault = Fault::new("a section, not a key").hint(format!("write [{name}] once, above its keys"));
                    self.refuse(line, name, fault);
                }
                _ => self.refuse(line, notation::name(&name), names::refuse_key(&name)),
            }
        }
    }

    fn add_section(&mut self, section: &str, members: Vec<Member>) {
        for Member { name, raw, line } in members {
            let name = names::joined(section, &name);
            if names::is_known(&name) {
                let given = Given { raw, origin: self.origin(line) };
                self.layer.insert(name, given);
            } else {
                let fault = names::refuse_key(&name);
                self.refuse(line, name, fault);
            }
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
