//! How soon a revocation is everywhere behind relays: the real server, a real relay that reads there, two real relays
//! that read from that one, and 20 verifiers below these; beside them 20 verifiers that read at the server.
//!
//! Measured: from the moment at which the answer to the ending reached its caller to the moment at which whoever waits
//! for the end of *another* token of what ended is woken, at each verifier and at the last of the 20. Afterwards every
//! verifier is asked about the token, and must refuse it.
//!
//! `cargo build --release && cargo run --release --manifest-path benches/Cargo.toml --bin relay`

#[allow(dead_code, reason = "the bench `revocation` uses the rest")]
#[path = "../revocation/cast.rs"]
mod cast;
#[allow(dead_code)]
#[path = "../revocation/endings.rs"]
mod endings;
mod relays;

use cast::Stage;
use countersign_benches::{ServerProcess, disk, print_machine, quantiles, shared_clock};
use countersign_verifier::{Registered, Verifier};
use endings::Cause;
use relays::RelayProcess;
use std::process::ExitCode;
use std::time::Duration;
use tokio::task::{JoinSet, block_in_place};

const VERIFIERS_EACH: usize = 10;
const ENDINGS: usize = 200;
const LAST_P99_MS_MAX: f64 = 150.0;
const CURRENT_WITHIN: Duration = Duration::from_secs(30);

/// Verifiers that read in one way, and when their last heard of each ending.
struct Group {
    name: &'static str,
    verifiers: Vec<Verifier>,
    every_ms: Vec<f64>,
    last_ms: Vec<f64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    print_machine();
    let folder = disk();
    let data = folder.path().join("data");
    let server = ServerProcess::start(&data, &[("COUNTERSIGN_SESSIONS__GRACE", "0s")]);
    let mut stage = Stage::set(&data, &server).await;
    let reader = stage.feed_reader();
    let top = RelayProcess::start(folder.path(), &server.issuer, &reader, None);
    let below = [(); 2].map(|()| RelayProcess::start(folder.path(), &server.issuer, &reader, Some(&top.url)));
    let relayed = below.iter().map(|relay| Some(&*relay.url)).collect::<Vec<_>>();
    let mut groups = [
        Group::build("two relays between", &server.issuer, &reader, &relayed).await,
        Group::build("at the server", &server.issuer, &reader, &[None, None]).await,
    ];
    for number in 0..ENDINGS {
        let ending = Cause::SignOut.prepare(&mut stage, number).await;
        let token = ending.watched.clone();
        let waiting: Vec<_> = groups.iter().map(|group| group.wait(&token)).collect();
        let took = block_in_place(|| stage.end(ending));
        for (group, waiting) in groups.iter_mut().zip(waiting) {
            group.add(took.answered_at, &waiting.join_all().await);
            group.all_refuse(&token);
        }
        tokio::time::sleep(Duration::from_millis(5 + number as u64 * 7 % 31)).await;
    }
    println!("\nfrom the answer to the wake-up, ms, {ENDINGS} endings (below 0: before the answer was there)");
    println!("{:<22}  {:^26}  {:^26}", "", "at each verifier", "at the last of 20");
    let p99 = groups.iter().map(Group::print).collect::<Vec<_>>();
    let is_met = p99[0] <= LAST_P99_MS_MAX;
    println!(
        "asked: p99 at the last behind two relays at most {LAST_P99_MS_MAX} ms: {}",
        if is_met { "met" } else { "missed" }
    );
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Group {
    async fn build(name: &'static str, issuer: &str, reader: &(String, String), from: &[Option<&str>]) -> Self {
        let mut verifiers = Vec::new();
        for from in from.iter().flat_map(|from| [*from; VERIFIERS_EACH]) {
            let mut builder = Verifier::builder(issuer).audience(issuer).client(&reader.0, &reader.1);
            if let Some(relay) = from {
                builder = builder.feed_from(relay);
            }
            let verifier = builder.build().await.expect("a verifier");
            assert!(verifier.wait_until_current(CURRENT_WITHIN).await, "{:?}", verifier.metrics());
            verifiers.push(verifier);
        }
        Self { name, verifiers, every_ms: Vec::new(), last_ms: Vec::new() }
    }

    /// Waits at each verifier for the end of that token, which it accepts now.
    fn wait(&self, token: &str) -> JoinSet<u64> {
        let mut waiting = JoinSet::new();
        for verifier in &self.verifiers {
            let token = verifier.verify::<Registered>(token).expect("a live token");
            assert!(token.is_fresh());
            waiting.spawn(async move {
                token.revoked().await;
                shared_clock()
            });
        }
        waiting
    }

    fn add(&mut self, answered_at: u64, woken_at: &[u64]) {
        let since: Vec<f64> = woken_at.iter().map(|at| (*at as f64 - answered_at as f64) / 1e6).collect();
        self.last_ms.push(since.iter().copied().fold(f64::MIN, f64::max));
        self.every_ms.extend(since);
    }

    fn all_refuse(&self, token: &str) {
        for verifier in &self.verifiers {
            let refused = verifier.verify::<Registered>(token).expect_err("a revoked token");
            assert_eq!(refused.code(), "revoked");
        }
    }

    /// Gives the 99th percentile at the last.
    fn print(&self) -> f64 {
        let shares = [0.5, 0.99, 1.0];
        let ([a, b, c], [d, e, f]) = (quantiles(&self.every_ms, shares), quantiles(&self.last_ms, shares));
        println!("{:<22}  p50 {a:>5.1} p99 {b:>5.1} max {c:>5.1}  p50 {d:>5.1} p99 {e:>5.1} max {f:>5.1}", self.name);
        e
    }
}
