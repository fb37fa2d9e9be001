//! The layers above the defaults: the file, the variables, the flags. Each is a map from key to what was given.

mod environment;
mod file;
mod flags;
mod lines;

pub(crate) use self::{environment::Environment, flags::Flags};
pub(super) use self::{
    file::{File, find, find_named, read, whole},
    flags::flag_of,
};
use super::{error::Problem, raw::Given};
use std::collections::BTreeMap;

/// What one layer, or all of them together, gave: by the name of the key.
pub(super) type Layer = BTreeMap<String, Given>;
