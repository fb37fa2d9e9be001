//! The hashing pool: at most one Argon2id hash a core at once, with memory that is used again and wiped in between.
//!
//! Unbounded, two hundred sign-ins at once would take 3.8 GB and hold up every refresh beside them.

use crate::limits::{HASH_MEMORY_KEPT, HASHES_WAITING_MAX};
use crate::telemetry::metrics::Stopwatch;
use countersign_core::Span;
use countersign_core::account::Password;
use countersign_core::account::password::{HashMemory, PasswordHash};
use countersign_core::measure::{Histogram, Measured};
use countersign_core::ops::{HashingError, HashingFuture, PasswordHashing};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How passwords are hashed.
#[derive(Debug, Clone, Copy)]
pub struct HashingPolicy {
    /// Threads, and so hashes at once.
    pub threads: usize,
    /// How long a password may wait for its turn.
    pub wait_max: Duration,
}

/// The pool. Dropped, it finishes what runs and ends its threads.
#[derive(Debug)]
pub struct HashingPool {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
    wait_max: Duration,
}

struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
    counted: Counted,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<(Job, Stopwatch)>,
    stopped: bool,
}

/// What the pool counts of itself.
struct Counted {
    running: AtomicU64,
    full: AtomicU64,
    late: AtomicU64,
    waits: Histogram,
    times: Histogram,
}

/// How the pool keeps up.
pub(crate) struct HashingFigures {
    pub(crate) waiting: u64,
    pub(crate) running: u64,
    /// Refused: no more could wait.
    pub(crate) full: u64,
    /// Refused: waited too long.
    pub(crate) late: u64,
    /// Nanoseconds.
    pub(crate) waits: Measured,
    /// Nanoseconds.
    pub(crate) times: Measured,
}

// Nanoseconds: a hash takes some 20 ms, and may wait for two seconds.
const TIMES: &[u64] = &[
    1_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
];

enum Job {
    Hash(Password, [u8; 16], oneshot::Sender<Result<PasswordHash, HashingError>>),
    Match(PasswordHash, Password, oneshot::Sender<Result<bool, HashingError>>),
}

impl Default for HashingPolicy {
    /// A thread a core; two seconds.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { threads, wait_max: Duration::from_secs(2) }
    }
}

impl HashingPool {
    /// Starts the threads. None holds memory before its first hash.
    ///
    /// # Errors
    /// What the system says where it gives no thread.
    pub fn start(policy: HashingPolicy) -> io::Result<Self> {
        let queue = Arc::new(Queue::new());
        let mut pool = Self { queue, threads: Vec::new(), wait_max: policy.wait_max };
        for _ in 0..policy.threads.max(1) {
            let queue = Arc::clone(&pool.queue);
            let thread = std::thread::Builder::new().name("hashing".to_owned());
            pool.threads.push(thread.spawn(move || queue.work())?);
        }
        Ok(pool)
    }

    async fn run<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, HashingError>>) -> Job,
    ) -> Result<T, HashingError> {
        let busy = || HashingError::Busy { retry_after: Span::from(self.wait_max) };
        let (answer, answered) = oneshot::channel();
        let refused = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
            busy()
        };
        let counted = &self.queue.counted;
        if !self.queue.push(job(answer))? {
            return Err(refused(&counted.full));
        }
        // Given up, the answer's receiver is gone, and the job is passed over when its turn comes.
        let answer = tokio::time::timeout(self.wait_max, answered).await.map_err(|_| refused(&counted.late))?;
        answer.unwrap_or(Err(HashingError::Stopped))
    }

    /// How it keeps up.
    pub(crate) fn figures(&self) -> HashingFigures {
        let counted = &self.queue.counted;
        HashingFigures {
            waiting: self.queue.lock().jobs.len() as u64,
            running: counted.running.load(Ordering::Relaxed),
            full: counted.full.load(Ordering::Relaxed),
            late: counted.late.load(Ordering::Relaxed),
            waits: counted.waits.read(),
            times: counted.times.read(),
        }
    }
}

impl PasswordHashing for HashingPool {
    fn hash(&self, password: Password, salt: [u8; 16]) -> HashingFuture<'_, PasswordHash> {
        Box::pin(self.run(move |answer| Job::Hash(password, salt, answer)))
    }

    fn matches(&self, hash: PasswordHash, password: Password) -> HashingFuture<'_, bool> {
        Box::pin(self.run(move |answer| Job::Match(hash, password, answer)))
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        self.queue.lock().stopped = true;
        self.queue.came.notify_all();
        for thread in self.threads.drain(..) {
            // A thread that panicked has ended too.
            let _ = thread.join();
        }
    }
}

impl Queue {
    fn new() -> Self {
        let counted = Counted {
            running: AtomicU64::new(0),
            full: AtomicU64::new(0),
            late: AtomicU64::new(0),
            waits: Histogram::new(TIMES),
            times: Histogram::new(TIMES),
        };
        Self { waiting: Mutex::default(), came: Condvar::new(), counted }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds the lock can panic half-way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was room.
    fn push(&self, job: Job) -> Result<bool, HashingError> {
        let mut waiting = self.lock();
        if waiting.stopped {
            return Err(HashingError::Stopped);
        }
        if waiting.jobs.len() >= HASHES_WAITING_MAX {
            waiting.jobs.retain(|(job, _)| !job.is_given_up());
        }
        let room = waiting.jobs.len() < HASHES_WAITING_MAX;
        if room {
            waiting.jobs.push_back((job, Stopwatch::start()));
            self.came.notify_one();
        }
        Ok(room)
    }

    fn work(&self) {
        let mut memory = None;
        while let Some(job) = self.next(&mut memory) {
            if !job.is_given_up() {
                let memory = memory.get_or_insert_with(HashMemory::new);
                self.counted.running.fetch_add(1, Ordering::Relaxed);
                let stopwatch = Stopwatch::start();
                // Counted before it is answered: who has the answer finds it counted.
                job.run(memory, || {
                    self.counted.times.count_time(stopwatch.elapsed());
                    self.counted.running.fetch_sub(1, Ordering::Relaxed);
                });
                memory.wipe();
            }
        }
    }

    /// The next job, or none once the pool has stopped. Idle for a while, the memory is given back.
    fn next(&self, memory: &mut Option<HashMemory>) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if waiting.stopped {
                return None;
            }
            if let Some((job, stopwatch)) = waiting.jobs.pop_front() {
                self.counted.waits.count_time(stopwatch.elapsed());
                return Some(job);
            }
            let waited = self.came.wait_timeout(waiting, HASH_MEMORY_KEPT).unwrap_or_else(PoisonError::into_inner);
            waiting = waited.0;
            if waited.1.timed_out() && waiting.jobs.is_empty() {
                *memory = None;
            }
        }
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Job {
    fn is_given_up(&self) -> bool {
        match self {
            Self::Hash(.., answer) => answer.is_closed(),
            Self::Match(.., answer) => answer.is_closed(),
        }
    }

    fn run(self, memory: &mut HashMemory, done: impl FnOnce()) {
        // Whoever gave up meanwhile does not hear the answer.
        match self {
            Self::Hash(password, salt, answer) => {
                let hash = PasswordHash::of(&password, salt, memory);
                done();
                let _ = answer.send(Ok(hash));
            }
            Self::Match(hash, password, answer) => {
                let matches = hash.matches(&password, memory).map_err(HashingError::from);
                done();
                let _ = answer.send(matches);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HashingPolicy, HashingPool};
    use countersign_core::account::Password;
    use countersign_core::ops::{HashingError, PasswordHashing};
    use std::time::Duration;

    fn password(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    #[tokio::test]
    async fn hashes_match_their_own_password_alone() {
        let pool = HashingPool::start(HashingPolicy::default()).unwrap();
        let hash = pool.hash(password("correct horse"), [1; 16]).await.unwrap();
        assert!(pool.matches(hash, password("correct horse")).await.unwrap());
        let hash = pool.hash(password("correct horse"), [1; 16]).await.unwrap();
        assert!(!pool.matches(hash, password("correct house")).await.unwrap());
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_told_so() {
        let policy = HashingPolicy { threads: 1, wait_max: Duration::from_millis(1) };
        let pool = HashingPool::start(policy).unwrap();
        let many = (0..50).map(|_| pool.hash(password("correct horse"), [1; 16]));
        let mut busy = 0;
        for waiting in many.collect::<Vec<_>>() {
            busy += u32::from(matches!(waiting.await, Err(HashingError::Busy { .. })));
        }
        assert!(busy > 0);
    }
}
