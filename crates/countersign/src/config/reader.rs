//! Takes each key from what the layers gave, and gathers every problem on the way.

use super::{
    declare::{Fallback, Key},
    error::{ConfigErrors, Fault, Faults, Problem},
    layers::Layer,
    notation::quoted,
    origin::Origin,
    raw::{Given, Part, Raw},
    secret_file,
    shapes::Shape,
    show::Entry,
    values::absolute,
};
use std::path::Path;

const SET: &str = "set";
const UNSET: &str = "unset";

/// What all layers gave together, the highest first; and what was found wrong.
pub(super) struct Reader<'a> {
    cwd: &'a Path,
    given: Layer,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// `problems` are those that the layers had.
    pub(super) const fn new(cwd: &'a Path, given: Layer, problems: Vec<Problem>) -> Self {
        Self { cwd, given, entries: Vec::new(), problems }
    }

    /// What relative paths are relative to.
    pub(super) const fn cwd(&self) -> &'a Path {
        self.cwd
    }

    /// The value of `key`; where it has a problem or nobody gave it, the default.
    pub(super) fn take<S: Shape>(&mut self, key: &Key, shape: &S) -> S::Value {
        let read = if shape.is_secret() { self.read_secret(key, shape) } else { self.read(key, shape) };
        read.unwrap_or_else(|| fallback(key, shape))
    }

    /// Whether no problem was found with `key`, so that it can be compared with others.
    pub(super) fn is_sound(&self, key: &str) -> bool {
        let is_about =
            |name: &str| name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']));
        !self.problems.iter().any(|problem| problem.key.as_deref().is_some_and(is_about))
    }

    /// The key, its value and where that came from, in a sentence about another key.
    pub(super) fn told(&self, key: &str) -> String {
        match self.entry(key) {
            Some(Entry { value, origin, .. }) => format!("`{key}` ({value}, {origin})"),
            None => format!("`{key}`"),
        }
    }

    /// Refuses a value that is good alone and bad with others.
    pub(super) fn refuse(&mut self, key: &str, fault: Fault) {
        let (origin, value) = match self.entry(key) {
            Some(entry) => (entry.origin.clone(), Some(entry.value.clone())),
            None => (Origin::Default, None),
        };
        let value = value.filter(|value| value != SET && value != UNSET);
        self.problems.push(Problem::of_value(origin, key, value, fault));
    }

    /// Refuses `second` if `first` is given as well.
    pub(super) fn refuse_both(&mut self, first: &str, second: &str) {
        let (Some(other), Some(_)) = (self.given.get(first), self.given.get(second)) else { return };
        let fault = Fault::new(format!("`{first}` is given as well ({}): at most one of them may be", other.origin));
        self.refuse(second, fault.hint("remove one of them"));
    }

    /// The default of `key` depends on others: it is `text`.
    pub(super) fn derive(&mut self, key: &str, text: &str) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key == key) {
            entry.value = quoted(text);
        }
    }

    /// Every key as it stands, or every problem.
    pub(super) fn finish(self) -> Result<Vec<Entry>, ConfigErrors> {
        if self.problems.is_empty() { Ok(self.entries) } else { Err(ConfigErrors::new(self.problems)) }
    }

    fn read<S: Shape>(&mut self, key: &Key, shape: &S) -> Option<S::Value> {
        let given = self.given.get(key.name);
        let value = given.map_or_else(|| unset(key), |given| shown(key, &given.raw));
        self.entries.push(entry(key.name, value, origin(given), key.shown_fallback()));
        let given = given?;
        match shape.read(&given.raw) {
            Ok(value) => Some(value),
            Err(faults) => {
                self.problems.extend(problems(key.name, &given.raw, &given.origin, faults));
                None
            }
        }
    }

    /// A secret stands in the key itself or in the file that its companion names.
    fn read_secret<S: Shape>(&mut self, key: &Key, shape: &S) -> Option<S::Value> {
        let companion = key.file_name()?;
        let (direct, file) = (self.given.get(key.name), self.given.get(&companion));
        let either = direct.or(file);
        let is_set = if either.is_some() { SET } else { UNSET };
        self.entries.push(entry(key.name, is_set.to_owned(), origin(either), key.shown_fallback()));
        let path = file.map_or_else(|| UNSET.to_owned(), |given| given.raw.shown());
        self.entries.push(entry(&companion, path, origin(file), "no file".to_owned()));

        let read = match (direct, file) {
            (Some(given), _) => shape.read(&given.raw).map_err(|faults| secret_problems(key.name, given, faults)),
            (None, Some(given)) => read_file(self.cwd, &given.raw)
                .and_then(|raw| shape.read(&raw))
                .map_err(|faults| problems(&companion, &given.raw, &given.origin, faults)),
            (None, None) => return None,
        };
        self.refuse_both(key.name, &companion);
        read.map_err(|problems| self.problems.extend(problems)).ok()
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// What holds where no layer gave `key`, or a bad value.
#[expect(clippy::expect_used, reason = "each default is of its key's shape: a test reads all of them")]
fn fallback<S: Shape>(key: &Key, shape: &S) -> S::Value {
    match key.fallback {
        Fallback::Is(text) => shape.read(&Raw::untyped(text)).ok(),
        Fallback::Unset(_) => shape.unset(),
    }
    .expect("a default is of its key's shape")
}

fn read_file(cwd: &Path, raw: &Raw) -> Result<Raw, Faults> {
    Ok(secret_file::read(&absolute(cwd, Path::new(raw.text()?)))?)
}

fn entry(key: &str, value: String, origin: Origin, default: String) -> Entry {
    Entry { key: key.to_owned(), value, origin, default }
}

fn origin(given: Option<&Given>) -> Origin {
    given.map_or(Origin::Default, |given| given.origin.clone())
}

/// In the notation of the file, whichever layer gave it.
fn shown(key: &Key, raw: &Raw) -> String {
    match raw {
        Raw::Untyped(text) => key.shape.notation(text),
        typed => typed.shown(),
    }
}

fn unset(key: &Key) -> String {
    match key.fallback {
        Fallback::Is(text) => key.shape.notation(text),
        Fallback::Unset(_) => UNSET.to_owned(),
    }
}

/// The problems of a value that was given there.
pub(super) fn problems(key: &str, raw: &Raw, origin: &Origin, faults: Faults) -> Vec<Problem> {
    let problem = |fault: Fault| {
        let part = fault.item().and_then(|index| raw.part(index));
        match part {
            Some(Part { place, line, shown }) => {
                Problem::of_value(origin.at_line(line), format!("{key}{place}"), Some(shown), fault)
            }
            None => Problem::of_value(origin.clone(), key, Some(raw.shown()), fault),
        }
    };
    faults.0.into_iter().map(problem).collect()
}

fn secret_problems(key: &str, given: &Given, faults: Faults) -> Vec<Problem> {
    faults.0.into_iter().map(|fault| Problem::of_key(given.origin.clone(), key, fault)).collect()
}
