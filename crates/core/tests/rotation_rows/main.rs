//! The refresh table (docs/refresh.md), row by row: each test is a sentence about one of them. Rows 4 to 17 are judged
//! by the rule; what a row writes, reads and tells is asked of the operation, on a store in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails should stop its test")]

#[path = "../support/mod.rs"]
mod support;

mod before_generation;
mod current;
mod lateness;
mod operation;
mod predecessor;
mod storage;
