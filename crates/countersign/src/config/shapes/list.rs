//! Lists of texts.

use super::{Describe, Faults, Raw, Shape, Text};
use crate::config::{error::Fault, notation::quoted};

/// An array in the file, comma-separated in a variable.
pub(in crate::config) struct List<T>(pub(in crate::config) Text<T>);

impl<T> Describe for List<T> {
    fn describe(&self) -> String {
        format!("list, each {}", self.0.describe())
    }

    fn notation(&self, text: &str) -> String {
        let items: Vec<String> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(quoted).collect();
        format!("[{}]", items.join(", "))
    }
}

impl<T> Shape for List<T> {
    type Value = Vec<T>;

    /// Reads every item, so that all that are bad are told at once.
    fn read(&self, raw: &Raw) -> Result<Vec<T>, Faults> {
        let (mut values, mut faults) = (Vec::new(), Vec::new());
        for (index, text) in raw.texts()?.into_iter().enumerate() {
            match text.and_then(|text| self.read_item(text)) {
                Ok(value) => values.push(value),
                Err(fault) => faults.push(fault.in_item(index)),
            }
        }
        if faults.is_empty() { Ok(values) } else { Err(Faults(faults)) }
    }
}

impl<T> List<T> {
    fn read_item(&self, text: &str) -> Result<T, Fault> {
        if text.is_empty() {
            return Err(Fault::new(format!("empty item, expected {}", self.0.what)));
        }
        (self.0.parse)(text)
    }
}
