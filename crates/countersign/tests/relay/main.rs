//! Real relays between a real issuer and real verifiers, over the loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the tests wait in real time, and print figures"
)]

#[path = "../cli/kit.rs"]
#[allow(dead_code, reason = "the command line's tests use the rest")]
mod kit;
#[path = "../revocation/stage.rs"]
#[allow(dead_code, reason = "the revocation tests use the rest")]
mod stage;
#[path = "../support/mod.rs"]
mod support;

mod process;
mod refused;
mod tree;
mod watch;
