//! Allocations a verification and a signature, counted by the allocator itself: none, and the token's own beyond those of
//! the primitive.
//!
//! `cargo run --release --bin allocations` prints them and fails if there is one too many. It is a program of its own,
//! since counting would slow down the libraries that allocate.

#[path = "../measure.rs"]
#[allow(dead_code, reason = "it measures time elsewhere")]
mod measure;
#[path = "../raw.rs"]
mod raw;
#[path = "../tokens.rs"]
#[allow(dead_code, reason = "its tokens are used elsewhere")]
mod tokens;

use std::{alloc::System, hint::black_box, sync::Arc};

use countersign_jose::{
    Algorithm, Expectations, KeySet, Leeway, Signer, SigningKey, Timestamp, TokenBuffer, TokenType, TokenVerifier,
};
use serde::{Deserialize, Serialize};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: [&'a str; 2],
    client_id: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
    sid: &'a str,
    scope: &'a str,
    level: Option<u32>,
}

const CLAIMS: Claims<'static> = Claims {
    iss: "https://issuer.example",
    sub: "AAECAwQFBgcICQoLDA0ODw",
    aud: ["https://other.example", "https://api.example"],
    client_id: "web",
    iat: 1_000,
    exp: 2_000,
    jti: "AQIDBAUGBwgJCgsMDQ4PEA",
    sid: "AgMEBQYHCAkKCwwNDg8QEQ",
    scope: "orders:read orders:write",
    level: Some(3),
};

fn main() {
    let expect = || Expectations::new(CLAIMS.iss, CLAIMS.aud[1], TokenType::AccessToken, Leeway::ZERO);
    let mut failed = false;
    for algorithm in Algorithm::ALL {
        let work = tokens::Workload::new(algorithm);
        let (mut verifies, mut signs) = (raw::verify(&work), raw::sign(&work));
        let (raw_verify, raw_sign) = (counted(|| verifies.repeat(1)), counted(|| signs.repeat(1)));
        let key: Arc<SigningKey> = work.key.clone();
        let signer = Signer::new(key.clone(), "at+jwt");
        let verifier = TokenVerifier::new(KeySet::new([key.verifying_key()]).unwrap(), expect());
        let token = signer.sign(&CLAIMS).unwrap();
        let verify = counted(|| {
            let mut buffer = TokenBuffer::new();
            let verified = verifier.verify::<Claims<'_>>(&token, &mut buffer, Timestamp::from_seconds(1_500)).unwrap();
            assert_eq!(verified.claims().sid, CLAIMS.sid);
        });
        let sign = counted(|| drop(black_box(signer.sign(&CLAIMS).unwrap())));
        println!(
            "{:<6} verify: {verify} (the primitive: {raw_verify}), sign: {sign} (the primitive: {raw_sign})",
            algorithm.as_str()
        );
        failed |= verify > raw_verify || sign > raw_sign + 1;
    }
    assert!(!failed, "more than the primitive to verify, or more than it and the token to sign");
}

/// Allocations of one call, after a first one that may fill what is kept.
fn counted(mut call: impl FnMut()) -> usize {
    call();
    let region = Region::new(ALLOCATOR);
    call();
    let change = region.change();
    change.allocations + change.reallocations
}
