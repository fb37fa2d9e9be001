//! Verifying and signing, cell by cell: ours, the bare primitive on the same bytes, and other libraries.
//!
//! `cargo run --release [-- [--backend rust_crypto] [--only ES256] [--rounds 30]]`. Every side verifies the same 1,000
//! distinct tokens in one random order and every outcome is looked at; there is no cache of results. The sides take
//! turns within each round, and what counts is each round's ratio to the primitive: its median, with the 95 % interval
//! of the median.

mod measure;
mod peers;
mod raw;
mod tokens;

use countersign_jose::Algorithm;
use measure::{Side, compare};
use tokens::Workload;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)).cloned();
    let backend = value("--backend").unwrap_or_else(|| "aws_lc_rs".to_owned());
    let rounds = value("--rounds").and_then(|rounds| rounds.parse().ok()).unwrap_or(30);
    let only = value("--only");
    if let Some(side) = value("--count") {
        return count(&side, only.as_deref().unwrap_or("HS256"));
    }
    let ours_only = args.iter().any(|arg| arg == "--ours");

    peers::jsonwebtoken::install(&backend);
    if !cfg!(feature = "josekit") {
        println!("josekit is left out: built without its feature (it needs OpenSSL's headers)");
    }
    println!("{rounds} rounds; jsonwebtoken on {backend}; ratio to the primitive, lower is better\n");
    for algorithm in Algorithm::ALL {
        if only.as_ref().is_some_and(|only| !algorithm.as_str().starts_with(only.as_str())) {
            continue;
        }
        let work = Workload::new(algorithm);
        let mut verify = vec![raw::verify(&work), peers::ours::verify(&work)];
        let mut sign = vec![raw::sign(&work), peers::ours::sign(&work)];
        if !ours_only {
            verify.extend(peers::all_verify(&work));
            sign.extend(peers::all_sign(&work));
        }
        report(algorithm, "verify", verify, rounds);
        report(algorithm, "sign", sign, rounds);
    }
}

/// Runs one side 10,000 times and nothing else, for callgrind: see `docs/performance.md`.
fn count(side: &str, algorithm: &str) {
    let work = Workload::new(algorithm.parse().expect("an algorithm"));
    let mut side = match side {
        "primitive-verify" => raw::verify(&work),
        "primitive-sign" => raw::sign(&work),
        "verify" => peers::ours::verify(&work),
        "sign" => peers::ours::sign(&work),
        other => panic!("no side {other}"),
    };
    counted(&mut side);
}

/// Its name is what callgrind is told to look at.
#[inline(never)]
fn counted(side: &mut Side<'_>) {
    side.repeat(10_000);
}

fn report(algorithm: Algorithm, what: &str, mut sides: Vec<Side<'_>>, rounds: usize) {
    let results = compare(&mut sides, rounds);
    for (side, result) in sides.iter().zip(results) {
        println!(
            "{:<6} {what:<7} {:<16} {:>9.3} us   {:.3}  [{:.3}, {:.3}]",
            algorithm.as_str(),
            side.name,
            result.micros,
            result.median,
            result.low,
            result.high
        );
    }
    println!();
}
