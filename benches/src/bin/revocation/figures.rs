//! What was measured, by cause, and whether it is what was promised.

use crate::cast::Took;
use crate::endings::Cause;
use crate::verifiers::Summary;
use countersign_benches::quantiles;
use std::collections::BTreeMap;
use std::process::ExitCode;

const LAST_P99_MS_MAX: f64 = 100.0;

/// Milliseconds from the answer; below zero: refused before the answer was there.
#[derive(Default)]
struct Delays {
    every: Vec<f64>,
    last: Vec<f64>,
}

#[derive(Default)]
pub struct Figures {
    by_cause: BTreeMap<Cause, Delays>,
    all: Delays,
    /// Refusals of something that nobody had asked to end.
    too_early: usize,
    answers_ms: Vec<f64>,
}

impl Figures {
    pub fn add(&mut self, cause: Cause, took: Took, refused_at: &[u64]) {
        let ms = |from: u64, to: u64| (to as f64 - from as f64) / 1e6;
        let every: Vec<_> = refused_at.iter().map(|at| ms(took.answered_at, *at)).collect();
        let last = every.iter().copied().fold(f64::MIN, f64::max);
        self.too_early += refused_at.iter().filter(|at| **at < took.asked_at).count();
        self.answers_ms.push(ms(took.asked_at, took.answered_at));
        for delays in [self.by_cause.entry(cause).or_default(), &mut self.all] {
            delays.every.extend(&every);
            delays.last.push(last);
        }
    }

    /// Prints it all; the exit code says whether every promise was kept.
    pub fn print(&self, summaries: &[Summary]) -> ExitCode {
        println!("\nfrom the answer to the first refusal, ms (below 0: refused before the answer was there)");
        println!("{:<34} {:>4}  {:^26}  {:^26}", "", "", "at each verifier", "at the last verifier");
        let head = format!("{:>8} {:>8} {:>8}", "p50", "p99", "max");
        println!("{:<34} {:>4}  {head}  {head}", "cause", "n");
        for (cause, delays) in &self.by_cause {
            delays.print(cause.name());
        }
        self.all.print("all");
        let [median, high] = quantiles(&self.answers_ms, [0.5, 0.99]);
        println!("\nthe answer itself took p50 {median:.1}, p99 {high:.1} ms");
        let sum = |of: fn(&Summary) -> u64| summaries.iter().map(of).sum::<u64>();
        let (afterwards, accepted) = (sum(|one| one.afterwards), sum(|one| one.accepted_afterwards));
        let (live, refused) = (sum(|one| one.live), sum(|one| one.live_refused));
        let (rounds, late) = (sum(|one| one.rounds), sum(|one| one.rounds_late));
        let gap = summaries.iter().map(|one| one.gap_max_ms).fold(0.0, f64::max);
        println!("asked again after the first refusal: {afterwards}, accepted: {accepted}");
        println!("live tokens checked: {live}, refused: {refused}; refused before anybody asked: {}", self.too_early);
        let late_share = late as f64 / rounds as f64 * 100.0;
        println!("rounds of questions: {rounds}, {late_share:.2} % of them over 2 ms apart, at most {gap:.1} ms");
        let [last_p99] = quantiles(&self.all.last, [0.99]);
        println!("p99 at the last verifier: {last_p99:.1} ms, asked: under {LAST_P99_MS_MAX} ms");
        let is_exact = accepted + refused == 0 && self.too_early == 0;
        if is_exact && last_p99 < LAST_P99_MS_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl Delays {
    fn print(&self, name: &str) {
        let text = |figures: &[f64]| {
            let [median, high, most] = quantiles(figures, [0.5, 0.99, 1.0]);
            format!("{median:>8.1} {high:>8.1} {most:>8.1}")
        };
        println!("{name:<34} {:>4}  {}  {}", self.last.len(), text(&self.every), text(&self.last));
    }
}
