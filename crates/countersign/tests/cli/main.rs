//! The command line as scripts and people meet it: the real binary, in a folder of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, reason = "the tests wait in real time for a real process")]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod audit;
mod backup;
mod claims;
mod clients;
mod doctor;
mod feed;
mod first_start;
mod kit;
mod migrate;
mod refusals;
mod sessions_and_keys;
mod shape;
mod tokens;
