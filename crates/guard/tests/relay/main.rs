//! Relays over the loopback: what an issuer in memory signed, whoever hands it on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "tests wait in real time and print figures")]

mod access;
mod hostile;
mod restart;
mod support;
mod tree;
mod wire;
