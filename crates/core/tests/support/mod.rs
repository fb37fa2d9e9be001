//! What the tests of the rules share: a store in memory, a world to refresh in, and requests that take turns.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub(crate) mod memory;
pub(crate) mod turns;
pub(crate) mod world;
