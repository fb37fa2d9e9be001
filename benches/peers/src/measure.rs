//! Sides that take turns, and the ratio of each round to the first side. Times are this thread's on a processor, so that
//! what else the machine runs does not count.

use cpu_time::ThreadTime;

/// Short enough that what disturbs the machine disturbs all sides of a round alike.
const BLOCK_MICROS: f64 = 1_000.0;
const BLOCKS_A_ROUND: usize = 12;

/// One of those that are compared: runs the n-th piece of work and says whether it went as it must.
pub struct Side<'w> {
    pub name: &'static str,
    run: Box<dyn FnMut(usize) -> bool + 'w>,
}

pub struct Figures {
    pub micros: f64,
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl<'w> Side<'w> {
    pub fn new(name: &'static str, run: impl FnMut(usize) -> bool + 'w) -> Self {
        Self { name, run: Box::new(run) }
    }

    /// Runs `count` pieces of work.
    pub fn repeat(&mut self, count: usize) {
        self.block(0, count);
    }

    /// Microseconds for `count` pieces of work from the `from`-th.
    fn block(&mut self, from: usize, count: usize) -> f64 {
        let began = ThreadTime::now();
        let held = (from..from + count).filter(|n| (self.run)(*n)).count();
        let micros = began.elapsed().as_secs_f64() * 1e6;
        assert_eq!(held, count, "{}: an outcome is not what it must be", self.name);
        micros
    }
}

/// Runs all sides in turn; the first is what the others are measured by.
pub fn compare(sides: &mut [Side<'_>], rounds: usize) -> Vec<Figures> {
    // Warm, and as many pieces in each side's block as take a block's time.
    let counts: Vec<usize> = sides
        .iter_mut()
        .map(|side| {
            side.block(0, 50);
            ((BLOCK_MICROS * 100.0 / side.block(50, 100)) as usize).clamp(2, 4_000)
        })
        .collect();
    let mut times = vec![vec![0.0; rounds]; sides.len()];
    let mut next = 0;
    for round in 0..rounds {
        for block in 0..BLOCKS_A_ROUND {
            for turn in 0..sides.len() {
                let at = (turn + block + round) % sides.len();
                times[at][round] += sides[at].block(next, counts[at]) / counts[at] as f64;
            }
            next += 997;
        }
    }
    let first = times[0].clone();
    times.iter().map(|side| figures(side, &first)).collect()
}

fn figures(side: &[f64], first: &[f64]) -> Figures {
    let mut ratios: Vec<f64> = side.iter().zip(first).map(|(side, first)| side / first).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let mut micros: Vec<f64> = side.iter().map(|micros| micros / BLOCKS_A_ROUND as f64).collect();
    micros.sort_unstable_by(f64::total_cmp);
    // The ranks n/2 -+ 1.96 sqrt(n)/2 hold the median with 95 % (for 30 rounds the 10th and the 21st).
    let n = ratios.len() as f64;
    let half = 1.96 * n.sqrt() / 2.0;
    let low = (n / 2.0 - half).floor().max(0.0) as usize;
    let high = ((n / 2.0 + half).ceil() as usize).min(ratios.len() - 1);
    Figures { micros: median(&micros), median: median(&ratios), low: ratios[low], high: ratios[high] }
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
