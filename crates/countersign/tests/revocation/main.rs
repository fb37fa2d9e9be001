//! The real binary and real verifiers, over the loopback: what was revoked stays refused, whatever fails in between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, reason = "the tests wait in real time for real processes")]

#[path = "../cli/kit.rs"]
#[allow(dead_code, reason = "the command line's tests use the rest")]
mod kit;
#[path = "../support/mod.rs"]
mod support;

mod database_lost;
mod examples;
mod fault_injection;
mod issuer_down;
mod key_revoked;
mod key_rotation;
mod killed;
mod same_second;
mod stage;
mod stream;
