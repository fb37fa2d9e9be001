//! 10,000 connections that wait for their token's end, and what one revocation then costs.

use crate::{AUDIENCE, issuer, verifier};
use countersign_benches::{Series, processor_time, quantiles};
use countersign_verifier::{Registered, TestIssuer};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const WAITERS: usize = 10_000;
const ROUNDS: usize = 50;
const BETWEEN: Duration = Duration::from_millis(40);

pub async fn run() {
    println!("\n{WAITERS} connections wait for `revoked()`");
    let issuer = issuer().await;
    let verifier = verifier(&issuer, 64 << 20).await;
    let mut alone = Series::new("a revocation that ends nobody, none waits", "us");
    let mut crowded = Series::new("a revocation that ends nobody, all wait", "us");
    for _ in 0..ROUNDS {
        alone.add(revoke_other(&issuer).await);
    }
    let minted: Vec<_> = (0..WAITERS).map(|_| issuer.mint(AUDIENCE)).collect();
    let (tell, mut told) = mpsc::unbounded_channel();
    for (number, minted) in minted.iter().enumerate() {
        let token = verifier.verify::<Registered>(&minted.token).expect("a live token");
        let tell = tell.clone();
        tokio::spawn(async move {
            token.revoked().await;
            let _ = tell.send((number, Instant::now()));
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..ROUNDS {
        crowded.add(revoke_other(&issuer).await);
    }
    let mut delays = Vec::new();
    for number in 0..ROUNDS {
        // Spread over all who wait.
        let number = number * (WAITERS / ROUNDS);
        let revoked_at = Instant::now();
        issuer.revoke_session(&minted[number].session);
        let (ended, at) = told.recv().await.expect("all go on");
        assert_eq!(ended, number, "somebody else was ended");
        delays.push((at - revoked_at).as_secs_f64() * 1e3);
        tokio::time::sleep(BETWEEN).await;
    }
    alone.print();
    crowded.print();
    println!("processor time, the issuer's own included; {ROUNDS} revocations each");
    let [median, high, most] = quantiles(&delays, [0.5, 0.99, 1.0]);
    println!("from a revocation to its own waiter: p50 {median:.1}, p99 {high:.1}, at most {most:.1} ms");
}

/// Microseconds of processor time from the revocation of a session that nobody waits for until all is quiet again.
async fn revoke_other(issuer: &TestIssuer) -> f64 {
    let session = issuer.mint(AUDIENCE).session;
    let before = processor_time();
    issuer.revoke_session(&session);
    tokio::time::sleep(BETWEEN).await;
    (processor_time() - before) as f64 / 1e3
}
