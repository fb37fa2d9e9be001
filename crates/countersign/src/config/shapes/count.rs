//! Whole numbers in a range.

use super::{Describe, Faults, Raw, Shape};
use crate::config::error::Fault;
use std::ops::RangeInclusive;

/// A whole number in a range, both ends included.
pub(in crate::config) struct Count(pub(in crate::config) RangeInclusive<u32>);

impl Describe for Count {
    fn describe(&self) -> String {
        format!("whole number, {} to {}", self.0.start(), self.0.end())
    }

    fn notation(&self, text: &str) -> String {
        text.to_owned()
    }
}

impl Shape for Count {
    type Value = u32;

    fn read(&self, raw: &Raw) -> Result<u32, Faults> {
        let number = raw.integer()?;
        match u32::try_from(number) {
            Ok(number) if self.0.contains(&number) => Ok(number),
            _ => Err(Fault::new(format!("outside the range {} to {}", self.0.start(), self.0.end())).into()),
        }
    }
}
