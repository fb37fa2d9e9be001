//! How soon a revocation is everywhere: the real server as one process, 5 verifier processes with 10 verifiers each,
//! every verifier with its own connection and set, 500 endings of ten causes one after the other.
//!
//! Measured: from the moment at which the answer to the ending reached its caller to the first refusal of *another*
//! token of what ended, at each verifier and at the last of the 50. Every verifier is asked about that token every
//! millisecond, before the ending (it must accept) and for a while after its refusal (it must never accept again); beside
//! that each process checks 1,000 live tokens a second, all of which must be accepted. Otherwise the exit code is 1.
//!
//! Sessions are opened without Argon2id beside the server; `sessions.grace` is 0 so that a reused token is one at once,
//! everything else is as by default, `feed.access = "client"` included.
//!
//! `cargo build --release && cargo run --release --manifest-path benches/Cargo.toml --bin revocation`

mod cast;
mod endings;
mod figures;
mod verifiers;

use cast::Stage;
use countersign_benches::{ServerProcess, disk, print_machine};
use endings::Cause;
use figures::Figures;
use std::process::ExitCode;
use std::time::Duration;
use verifiers::Watchers;

const PROCESSES: usize = 5;
const VERIFIERS_EACH: usize = 10;
const ENDINGS_EACH: usize = 50;
const LIVE_TOKENS: usize = 200;
/// How long what was refused is asked about after the last ending.
const AFTERWARDS: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(verifiers::ROLE) {
        verifiers::run().await;
        return ExitCode::SUCCESS;
    }
    print_machine();
    let folder = disk();
    let data = folder.path().join("data");
    let server = ServerProcess::start(
        &data,
        &[("COUNTERSIGN_SESSIONS__GRACE", "0s"), ("COUNTERSIGN_ACCOUNTS__SIGN_UP", "open")],
    );
    let mut stage = Stage::set(&data, &server).await;
    let live = stage.live(LIVE_TOKENS).await;
    let mut endings = Vec::new();
    for _ in 0..ENDINGS_EACH {
        for cause in Cause::ALL {
            endings.push(cause.prepare(&mut stage, endings.len()).await);
        }
    }
    let tokens = endings.iter().map(|ending| ending.watched.clone()).collect();
    let (client, secret) = stage.feed_reader();
    let told = verifiers::Told { issuer: server.issuer.clone(), client, secret, live, tokens };
    let mut watchers = Watchers::start(&told);
    println!("{PROCESSES} processes with {VERIFIERS_EACH} verifiers each follow the feed; {} endings", endings.len());
    let mut figures = Figures::default();
    for (number, ending) in endings.into_iter().enumerate() {
        let cause = ending.cause;
        watchers.watch(number);
        let took = stage.end(ending);
        figures.add(cause, took, &watchers.refusals(number));
        // Endings meet the server, and each other's aftermath, at every phase.
        tokio::time::sleep(Duration::from_millis(5 + number as u64 * 7 % 31)).await;
    }
    tokio::time::sleep(AFTERWARDS).await;
    figures.print(&watchers.stop())
}
