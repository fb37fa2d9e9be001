//! What a resource server pays for a token that is checked against what is revoked. Four parts, each one interleaved:
//! cached against uncached verification, the revoked set, an axum route over HTTP, and those who wait for a revocation.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin verifier` runs them all; `-- cached`, `set`, `routes` or
//! `waiters` one of them.

mod cached;
mod routes;
mod set;
mod waiters;

use countersign_benches::print_machine;
use countersign_verifier::{TestIssuer, TestOptions, Verifier};
use std::time::Duration;

const AUDIENCE: &str = "https://api.example";
/// Tokens of as many sessions, asked for at random.
const TOKENS: usize = 1_000;

#[tokio::main]
async fn main() {
    print_machine();
    let only = std::env::args().nth(1);
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if wanted("cached") {
        cached::run().await;
    }
    if wanted("set") {
        set::run();
    }
    if wanted("routes") {
        routes::run().await;
    }
    if wanted("waiters") {
        waiters::run().await;
    }
}

/// An issuer in memory that is as quiet as the real one.
async fn issuer() -> TestIssuer {
    let mut options = TestOptions::default();
    options.head_every = Duration::from_secs(1);
    TestIssuer::start_with(options).await
}

/// A verifier that knows everything; with `cache_bytes` of 0 it verifies every token anew.
async fn verifier(issuer: &TestIssuer, cache_bytes: usize) -> Verifier {
    let builder = Verifier::builder(issuer.url()).audience(AUDIENCE).cache_bytes(cache_bytes);
    let verifier = builder.build().await.expect("a verifier");
    assert!(verifier.wait_until_current(Duration::from_secs(10)).await);
    verifier
}

fn tokens(issuer: &TestIssuer) -> Vec<String> {
    (0..TOKENS).map(|_| issuer.mint(AUDIENCE).token).collect()
}

/// Numbers in an order that no processor foresees (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 128 bits that differ in every byte, for the price of a multiplication more.
    fn id(&mut self) -> [u8; 16] {
        (u128::from(self.next()).wrapping_mul(0xda94_2042_e4dd_58b5_9e37_79b9_7f4a_7c15)).to_be_bytes()
    }
}
