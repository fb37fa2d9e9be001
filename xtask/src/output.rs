//! Everything that xtask prints: results on standard output, usage and read errors on standard error.
#![expect(clippy::disallowed_macros, reason = "this module is the one place that prints")]

use crate::gates::{Gate, Outcome};
use crate::mutations::Verdict;

pub(crate) fn line(text: &str) {
    println!("{text}");
}

pub(crate) fn error(what: &str, hint: &str) {
    eprintln!("error: {what}");
    eprintln!("hint: {hint}");
}

pub(crate) fn gate_list(gates: &[Gate]) {
    for gate in gates {
        println!("{:<16} {}", gate.name, gate.holds);
    }
}

/// One line for a gate that holds; below one that does not, a line for each problem, then what to do about it.
pub(crate) fn gate(name: &str, outcome: &Outcome) {
    let verdict = if outcome.failed() { "FAILED" } else { "ok" };
    println!("{name:<16} {verdict:<6} {}", outcome.summary);
    for problem in &outcome.problems {
        println!("  {problem}");
    }
    if outcome.failed() {
        println!("  hint: {}", outcome.hint);
    }
}

/// One line for a trial of the tour.
pub(crate) fn mutation(verdict: &Verdict) {
    let judged = if verdict.as_expected { "ok" } else { "FAILED" };
    println!("{:<16} {judged:<6} {}", verdict.name, verdict.told);
}
