//! Bad states, met by the real binary: the exit code and the message say what is wrong and how to mend it, several
//! problems are told at once, and what was there before is there afterwards, byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "the tests wait in real time for a real process")]

#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../cli/kit.rs"]
mod kit;
#[path = "../support/mod.rs"]
mod support;

mod configuration;
mod deployment;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod mounted;
mod states;
