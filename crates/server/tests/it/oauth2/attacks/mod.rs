//! The attacks of RFC 9700 §4, played over HTTP. docs/security-model.md tells each and names its test.

mod browsers;
mod codes;
mod network;
mod tokens;
