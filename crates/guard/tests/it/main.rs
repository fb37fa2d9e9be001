//! The guard over HTTP, with an issuer in memory.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod cookie;
mod issuers;
mod operations;
mod paths;
mod proof;
mod stale;
mod support;
mod verify;
