//! What the benchmarks share: medians and ratios of interleaved rounds, and a disk that is one.
//!
//! Machines are noisy, so both sides of a comparison run in turn within one process, and what counts is the ratio of
//! each round.

use std::path::{Path, PathBuf};

/// One side's figure in each round.
pub struct Series {
    name: &'static str,
    unit: &'static str,
    rounds: Vec<f64>,
}

impl Series {
    /// A series without a round yet.
    #[must_use]
    pub fn new(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, rounds: Vec::new() }
    }

    /// Adds a round.
    pub fn add(&mut self, figure: f64) {
        self.rounds.push(figure);
    }

    /// Prints median, minimum and maximum.
    pub fn print(&self) {
        let (low, median, high) = spread(&self.rounds);
        println!("{:<44} {median:>12.1} {:<6} ({low:.1} to {high:.1})", self.name, self.unit);
    }

    /// Prints the ratio to `other` round by round, beside what is asked of it.
    pub fn print_ratio(&self, other: &Self, asked: &str) {
        let ratios: Vec<_> = self.rounds.iter().zip(&other.rounds).map(|(ours, theirs)| ours / theirs).collect();
        let (low, median, high) = spread(&ratios);
        println!("{} / {}: {median:.2} ({low:.2} to {high:.2}), asked: {asked}", self.name, other.name);
    }
}

/// Minimum, median and maximum.
fn spread(figures: &[f64]) -> (f64, f64, f64) {
    let [low, median, high] = quantiles(figures, [0.0, 0.5, 1.0]);
    (low, median, high)
}

/// Which figure so large a share of all stays at or below: of 0.99 the 99th percentile.
#[must_use]
pub fn quantiles<const N: usize>(figures: &[f64], shares: [f64; N]) -> [f64; N] {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    shares.map(|share| sorted.get((share * last).round() as usize).copied().unwrap_or(f64::NAN))
}

/// A folder on a real disk, below this package's target folder unless `BENCH_DIR` names another.
///
/// # Panics
/// On a file system in memory: it would make every commit free.
#[must_use]
pub fn disk() -> tempfile::TempDir {
    let base = std::env::var_os("BENCH_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let folder = tempfile::tempdir_in(&base).expect("the bench folder is writable");
    let kind = file_system(folder.path());
    assert!(
        !["tmpfs", "ramfs", "overlay"].contains(&kind.as_str()),
        "{} is {kind}: set BENCH_DIR to a folder on a disk",
        base.display()
    );
    println!("disk: {kind}");
    folder
}

fn file_system(path: &Path) -> String {
    let path = path.canonicalize().expect("the folder is there");
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("Linux tells its mounts");
    let below = |mount: &&str| path.starts_with(mount.split(' ').nth(1).unwrap_or("\0"));
    let deepest = mounts.lines().filter(below).max_by_key(|mount| mount.split(' ').nth(1).map_or(0, str::len));
    deepest.and_then(|mount| mount.split(' ').nth(2)).unwrap_or("unknown").to_owned()
}

/// How many processors there are, and what the kernel calls them.
pub fn print_machine() {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("machine: {cores} cores, {}", model.trim_start_matches(['\t', ' ', ':']));
}

mod bare;
mod load;
/// What sessions are opened with: the real operation, without Argon2id.
#[path = "../../crates/countersign/tests/support/opener.rs"]
mod opener;
mod process;
mod server;
mod sessions;
mod side;

pub use bare::serve_bare;
pub use load::{Round, get, member, post, round};
pub use opener::Opener;
pub use process::{
    Announced, Connection, ServerProcess, binary, command, countersign, memory_of, processor_time, processor_time_of,
    shared_clock,
};
pub use server::Bench;
pub use sessions::Sessions;
pub use side::Side;
