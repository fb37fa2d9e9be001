//! A token that was verified before, its revocation check included, against ES256 verification of the same tokens.

use crate::{AUDIENCE, Random, TOKENS, issuer, tokens, verifier};
use countersign_benches::Series;
use countersign_verifier::{Registered, TestIssuer, Verifier};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(500);
const REVOCATION_EVERY: Duration = Duration::from_millis(100);

pub async fn run() {
    println!("\n{TOKENS} live tokens in random order, one revocation each {} ms", REVOCATION_EVERY.as_millis());
    let issuer = Arc::new(issuer().await);
    let (cached, uncached) = (verifier(&issuer, 16 << 20).await, verifier(&issuer, 0).await);
    let tokens = tokens(&issuer);
    let revoking = tokio::spawn(revoke(Arc::clone(&issuer)));
    let mut random = Random(1);
    let mut hit = Series::new("cached, with revocation check", "ns");
    let mut anew = Series::new("uncached ES256", "ns");
    let mut refused = Series::new("revoked, and presented again", "ns");
    let ended = ended(&issuer, &cached).await;
    round(&cached, &tokens, &mut random);
    for _ in 0..ROUNDS {
        hit.add(round(&cached, &tokens, &mut random));
        anew.add(round(&uncached, &tokens, &mut random));
        refused.add(round_refused(&cached, &ended));
    }
    revoking.abort();
    hit.print();
    anew.print();
    refused.print();
    anew.print_ratio(&hit, "at least 300");
    let revoked = cached.metrics().revoked;
    println!("{revoked} revocations arrived meanwhile; each makes every token be looked up again");
}

async fn revoke(issuer: Arc<TestIssuer>) {
    let mut ticks = tokio::time::interval(REVOCATION_EVERY);
    loop {
        ticks.tick().await;
        issuer.revoke_session(&issuer.mint(AUDIENCE).session);
    }
}

/// Tokens that were verified before they were revoked.
async fn ended(issuer: &TestIssuer, verifier: &Verifier) -> Vec<String> {
    let minted: Vec<_> = (0..100).map(|_| issuer.mint(AUDIENCE)).collect();
    for minted in &minted {
        assert!(verifier.verify::<Registered>(&minted.token).is_ok());
        issuer.revoke_session(&minted.session);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    minted.into_iter().map(|minted| minted.token).collect()
}

fn round_refused(verifier: &Verifier, tokens: &[String]) -> f64 {
    let started = Instant::now();
    let mut refused: u64 = 0;
    while started.elapsed() < ROUND {
        for token in tokens {
            assert!(verifier.verify::<Registered>(token).is_err(), "a revoked token is accepted");
        }
        refused += tokens.len() as u64;
    }
    started.elapsed().as_nanos() as f64 / refused as f64
}

/// Nanoseconds for each token.
fn round(verifier: &Verifier, tokens: &[String], random: &mut Random) -> f64 {
    let started = Instant::now();
    let mut verified: u64 = 0;
    while started.elapsed() < ROUND {
        for _ in 0..TOKENS {
            let token = &tokens[random.next() as usize % TOKENS];
            assert!(verifier.verify::<Registered>(token).is_ok(), "a live token is refused");
        }
        verified += TOKENS as u64;
    }
    started.elapsed().as_nanos() as f64 / verified as f64
}
