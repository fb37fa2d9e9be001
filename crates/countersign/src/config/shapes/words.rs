//! Words of a closed set.

use super::{Describe, Faults, Raw, Shape};
use crate::config::{error::Fault, names::nearest, notation::quoted};

/// One word of a closed set.
pub(in crate::config) struct Words<T: 'static> {
    /// The words and what they mean.
    pub(in crate::config) known: &'static [(&'static str, T)],
    /// Other names of the same, read and not advertised as a choice.
    pub(in crate::config) also: &'static [(&'static str, T)],
    /// Words that a later version will know.
    pub(in crate::config) later: &'static [&'static str],
}

impl<T: Copy + Sync> Words<T> {
    /// A set with neither other names nor plans.
    pub(in crate::config) const fn of(known: &'static [(&'static str, T)]) -> Self {
        Self { known, also: &[], later: &[] }
    }
}

impl<T: Copy + Sync> Describe for Words<T> {
    fn describe(&self) -> String {
        let mut words: Vec<String> = self.known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let last = words.pop().unwrap_or_default();
        if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) }
    }
}

impl<T: Copy + Sync> Shape for Words<T> {
    type Value = T;

    fn read(&self, raw: &Raw) -> Result<T, Faults> {
        let text = raw.text()?;
        let found = self.known.iter().chain(self.also).find(|(word, _)| *word == text);
        let known: Vec<&str> = self.known.iter().map(|(word, _)| *word).collect();
        found.map(|(_, value)| *value).ok_or_else(|| refuse_word("word", text, &known, self.later).into())
    }
}

/// Why `text` is none of the `known` words: it comes in a later version, or it is mistyped.
pub(in crate::config) fn refuse_word(what: &str, text: &str, known: &[&'static str], later: &[&'static str]) -> Fault {
    let listed = known.join(", ");
    if later.contains(&text) {
        return Fault::new(format!("{what} {} is not in this version yet (known: {listed})", quoted(text)))
            .hint(format!("use \"{}\"", known[0]));
    }
    let mut message = format!("unknown {what} {} (known: {listed})", quoted(text));
    if let Some(word) = nearest(text, known.iter().chain(later).copied()) {
        message.push_str(&format!("; did you mean \"{word}\"?"));
        if later.contains(&word) {
            message.push_str(" It is not in this version yet");
        }
    }
    Fault::new(message)
}
