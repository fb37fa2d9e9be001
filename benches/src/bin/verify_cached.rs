//! A token found in the verifier's cache, revocation check included, against its verification from scratch; and a hit
//! just after the set of what is revoked has changed.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin verify_cached`

use countersign_benches::{Series, print_machine};
use countersign_verifier::{Mint, Registered, TestIssuer, Verifier};
use std::hint::black_box;
use std::time::{Duration, Instant};

const AUDIENCE: &str = "https://api.example";
const TOKENS: usize = 1_000;
const ROUNDS: usize = 9;
/// Runs through all tokens in one round.
const RUNS: usize = 500;

#[tokio::main]
async fn main() {
    print_machine();
    let issuer = TestIssuer::start().await;
    let verifier = Verifier::builder(issuer.url()).audience(AUDIENCE).build().await.expect("a loopback issuer");
    assert!(verifier.wait_until_current(Duration::from_secs(10)).await);
    let mint = || issuer.sign(&Mint::new(AUDIENCE).scope("orders:read").scope("orders:write")).token;
    let tokens: Vec<String> = (0..TOKENS).map(|_| mint()).collect();
    let mut anew = Series::new("verify, ES256, not cached", "ns");
    let mut moved = Series::new("hit after a revocation of something else", "ns");
    let mut hit = Series::new("hit, 1,000 tokens", "ns");
    let mut bound = Series::new("1/300 of a verification", "ns");
    for _ in 0..ROUNDS {
        // A new audience has an empty cache.
        let nanoseconds = pass(&verifier.for_audience(AUDIENCE), &tokens, 1);
        anew.add(nanoseconds);
        bound.add(nanoseconds / 300.0);
        pass(&verifier, &tokens, 1);
        hit.add(pass(&verifier, &tokens, RUNS));
        let revoked = verifier.metrics().revoked;
        issuer.revoke_token(&issuer.mint_id());
        while verifier.metrics().revoked == revoked {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        moved.add(pass(&verifier, &tokens, 1));
    }
    for series in [&anew, &moved, &hit, &bound] {
        series.print();
    }
    hit.print_ratio(&bound, "at most 1");
}

/// All tokens, so many times; nanoseconds for each.
fn pass(verifier: &Verifier, tokens: &[String], runs: usize) -> f64 {
    let started = Instant::now();
    for _ in 0..runs {
        for token in tokens {
            black_box(verifier.verify::<Registered>(black_box(token)).expect("a good token"));
        }
    }
    started.elapsed().as_nanos() as f64 / (runs * tokens.len()) as f64
}
