//! Takes keys from one table of the file, and gathers every problem.

use crate::config::{
    declare::{Fallback, Key},
    error::{Fault, Problem},
    names::nearest,
    notation,
    origin::{Origin, Position},
    raw::{Member, Raw},
    reader,
    shapes::Shape,
};
use std::{path::Path, sync::Arc};

/// The file that is read, if one is.
#[derive(Clone)]
pub(super) struct Place(Option<Arc<Path>>);

/// One table of `[[issuer]]` or `[[rule]]`.
pub(super) struct Listed<'a> {
    /// `rule[2]`
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) members: &'a [Member],
}

/// A table, the keys that it may have, and the flags above it.
pub(super) struct Table<'a, 'p> {
    place: &'a Place,
    /// With a dot at its end; empty for the root.
    prefix: String,
    members: &'a [Member],
    keys: &'static [Key],
    flags: Vec<(&'static str, &'static str, Raw)>,
    problems: &'p mut Vec<Problem>,
}

impl Place {
    /// No file.
    pub(super) const fn nowhere() -> Self {
        Self(None)
    }

    /// That file.
    pub(super) fn whole(path: &Arc<Path>) -> Self {
        Self(Some(Arc::clone(path)))
    }

    /// A line of it.
    pub(super) fn line(&self, line: usize) -> Origin {
        self.0
            .as_ref()
            .map_or(Origin::Default, |path| Origin::File { path: Arc::clone(path), at: Position::Line(line) })
    }
}

impl<'a, 'p> Table<'a, 'p> {
    /// Refuses every member that is neither a key nor one of the `lists`.
    pub(super) fn new(
        place: &'a Place,
        prefix: &str,
        members: &'a [Member],
        keys: &'static [Key],
        lists: &[&'static str],
        problems: &'p mut Vec<Problem>,
    ) -> Self {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}.") };
        let known: Vec<&'static str> = keys.iter().map(|key| key.name).chain(lists.iter().copied()).collect();
        for member in members.iter().filter(|member| !known.contains(&member.name.as_str())) {
            let fault = match nearest(&member.name, known.iter().copied()) {
                Some(near) => Fault::new(format!("unknown key; did you mean \"{near}\"?")),
                None => Fault::new(format!("unknown key (known here: {})", known.join(", "))),
            };
            // The value is not told: that of a mistyped key may be a secret.
            let key = format!("{prefix}{}", notation::name(&member.name));
            problems.push(Problem::of_key(place.line(member.line), key, fault));
        }
        Self { place, prefix, members, keys, flags: Vec::new(), problems }
    }

    /// The flag's value counts more than the file's.
    pub(super) fn flag(&mut self, name: &'static str, flag: &'static str, value: Option<&str>) {
        self.flags.extend(value.map(|value| (name, flag, Raw::untyped(value))));
    }

    /// Whether a flag gave it.
    pub(super) fn is_flag(&self, name: &str) -> bool {
        self.flags.iter().any(|(key, ..)| *key == name)
    }

    /// Whether a key was given at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// The value; where it has a problem or nobody gave it, the default.
    #[expect(clippy::expect_used, reason = "each default is of its key's shape: a test reads all of them")]
    pub(super) fn take<S: Shape>(&mut self, name: &'static str, shape: &S) -> S::Value {
        let fallback = self.keys.iter().find(|key| key.name == name).map(|key| &key.fallback);
        self.read(name, shape).unwrap_or_else(|| {
            match fallback {
                Some(Fallback::Is(text)) => shape.read(&Raw::untyped(text)).ok(),
                _ => shape.unset(),
            }
            .expect("a default is of its key's shape")
        })
    }

    /// The value, if it was given and is good.
    pub(super) fn read<S: Shape>(&mut self, name: &str, shape: &S) -> Option<S::Value> {
        let (raw, origin) = self.given(name)?;
        match shape.read(raw) {
            Ok(value) => Some(value),
            Err(faults) => {
                let problems = reader::problems(&format!("{}{name}", self.prefix), raw, &origin, faults);
                self.problems.extend(problems);
                None
            }
        }
    }

    /// Refuses a value that is good alone and bad with others; or, where it was not given, that it was not.
    pub(super) fn refuse(&mut self, name: &str, fault: Fault) {
        let (origin, value) = match self.given(name) {
            Some((raw, origin)) => (origin, Some(raw.shown())),
            None => (self.place.line(0), None),
        };
        self.problems.push(Problem::of_value(origin, format!("{}{name}", self.prefix), value, fault));
    }

    /// The same, at a line.
    pub(super) fn refuse_missing(&mut self, line: usize, name: &str, fault: Fault) {
        self.problems.push(Problem::of_key(self.place.line(line), format!("{}{name}", self.prefix), fault));
    }

    /// How many problems there are.
    pub(super) fn problems(&self) -> usize {
        self.problems.len()
    }

    /// The tables of a list of them.
    pub(super) fn tables(&mut self, name: &str) -> Vec<Listed<'a>> {
        let Some(member) = self.members.iter().find(|member| member.name == name) else { return Vec::new() };
        let not_tables =
            || Fault::new("expected a list of tables").hint(format!("write [[{name}]] above each of them"));
        let Raw::List(items) = &member.raw else {
            self.problems.push(Problem::of_key(self.place.line(member.line), name, not_tables()));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match &item.raw {
                Raw::Table(members) => {
                    tables.push(Listed { name: format!("{name}[{index}]"), line: item.line, members });
                }
                _ => self.problems.push(Problem::of_key(self.place.line(item.line), name, not_tables())),
            }
        }
        tables
    }

    fn given(&self, name: &str) -> Option<(&Raw, Origin)> {
        let flag = self.flags.iter().find(|(key, ..)| *key == name);
        flag.map(|(_, flag, raw)| (raw, Origin::Flag(flag))).or_else(|| {
            let member = self.members.iter().find(|member| member.name == name)?;
            Some((&member.raw, self.place.line(member.line)))
        })
    }
}
