//! `countersign guard` as a process: alone, and asked by a real nginx with the configuration of docs/integrating/guard.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]

mod application;
mod behind_nginx;
mod command;
mod paths;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod unit_file;
mod with_server;
