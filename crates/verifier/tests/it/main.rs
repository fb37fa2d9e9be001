//! The verifier against an issuer in memory, over the loopback.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod attacks;
mod builder;
mod cache;
mod docs;
mod dpop;
mod dpop_nonces;
mod ended;
mod extractor;
mod feed_late;
mod feed_resume;
mod foreign;
mod key_rotation;
mod layer;
mod metadata;
mod restart;
mod stale;
mod support;
mod unknown_kid;
