//! Known attacks on JWT and JOSE, one test a row: the number of the row begins the name. Codes are compared, never texts.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod algorithm;
mod claims;
mod dpop;
mod encoding;
mod fixtures;
mod header;
mod key_source;
mod keys;
mod kit;
mod secrets;
mod shape;
mod signature;
mod typ;
