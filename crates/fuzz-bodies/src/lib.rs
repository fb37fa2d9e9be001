//! What each fuzz target does with its input: nothing may panic, and what is read must be what was written.
//!
//! The fuzzers in `fuzz/` call these functions with what they make up; `tests/replay.rs` calls them with the committed
//! inputs, on stable Rust, in `./test`.
#![deny(missing_docs)]
#![expect(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "a finding is a panic")]

mod differential;
mod keys;
mod parsers;
mod tokens;

pub use differential::REASONS;
pub use parsers::{authorization_request_seeds, dpop_proof_seeds, feed_object_seeds, refresh_token_seeds};
pub use tokens::signed as signed_token;

/// A name and what is done with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets, by the names of their corpora.
pub const TARGETS: [Target; 12] = [
    ("against_jsonwebtoken", differential::against_jsonwebtoken),
    ("authorization_request", parsers::authorization_request),
    ("claims", tokens::claims),
    ("compact_jws", tokens::compact_jws),
    ("dpop_proof", parsers::dpop_proof),
    ("fast_against_strict", differential::fast_against_strict),
    ("feed_object", parsers::feed_object),
    ("header", tokens::header),
    ("jwk", keys::jwk),
    ("jwk_set", keys::jwk_set),
    ("pem", keys::pem),
    ("refresh_token", parsers::refresh_token),
];

/// Runs one target by name.
///
/// # Panics
/// On a finding, and for a name that is none.
pub fn run(name: &str, data: &[u8]) {
    let (_, body) = TARGETS.iter().find(|(target, _)| *target == name).expect("a target");
    body(data);
}
