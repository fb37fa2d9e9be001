//! 200 sign-ins that wait for their password to be hashed, beside 200 refreshes a second: what the refreshes feel and
//! what the process holds, with the bounded pool and with a thread for each password, which is what an unbounded
//! `spawn_blocking` comes to. Each variant is a process of its own, in turn.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin hashing`

use countersign_benches::{Bench, Connection, Series, disk, print_machine, quantiles};
use countersign_server::HashingPolicy;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const SIGN_INS: usize = 200;
const ACCOUNTS: usize = 20;
/// Each refreshes every `PERIOD`: 200 a second.
const SESSIONS: usize = 50;
const PERIOD: Duration = Duration::from_millis(250);
const ROUND: Duration = Duration::from_secs(10);
const ROUNDS: usize = 3;
const PASSWORD: &str = "a long enough phrase";

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", folder, threads] => serve(Path::new(folder), threads.parse().expect("a count")),
        _ => compare(),
    }
}

fn compare() {
    print_machine();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut sides = [Side::new(POOL, cores), Side::new(UNBOUNDED, SIGN_INS)];
    for _ in 0..ROUNDS {
        for side in &mut sides {
            side.round();
        }
    }
    let [pool, unbounded] = &sides;
    for side in &sides {
        side.print();
    }
    unbounded.p99.print_ratio(&pool.p99, "at least 20");
    println!("asked of the pool's peak memory: {cores} cores x 19 MiB + 40 MB = {:.0} MB", cores as f64 * 19.9 + 40.0);
}

const POOL: Names = Names {
    p50: "bounded pool: refresh p50",
    p99: "bounded pool: refresh p99",
    memory: "bounded pool: peak memory",
    signed_in: "bounded pool: sign-ins",
};
const UNBOUNDED: Names = Names {
    p50: "a thread each: refresh p50",
    p99: "a thread each: refresh p99",
    memory: "a thread each: peak memory",
    signed_in: "a thread each: sign-ins",
};

struct Names {
    p50: &'static str,
    p99: &'static str,
    memory: &'static str,
    signed_in: &'static str,
}

/// One variant, and its figures.
struct Side {
    threads: usize,
    p50: Series,
    p99: Series,
    memory: Series,
    signed_in: Series,
    told_to_come_back: u32,
}

impl Side {
    fn new(names: Names, threads: usize) -> Self {
        Self {
            threads,
            p50: Series::new(names.p50, "ms"),
            p99: Series::new(names.p99, "ms"),
            memory: Series::new(names.memory, "MB"),
            signed_in: Series::new(names.signed_in, "1/s"),
            told_to_come_back: 0,
        }
    }

    fn round(&mut self) {
        let folder = disk();
        let server = Served::start(folder.path(), self.threads);
        let stop = AtomicBool::new(false);
        let (done, busy) = (AtomicU32::new(0), AtomicU32::new(0));
        let waits: Vec<f64> = thread::scope(|scope| {
            for one in 0..SIGN_INS {
                let (server, stop, done, busy) = (&server, &stop, &done, &busy);
                scope.spawn(move || sign_in_until(server.address, one % ACCOUNTS, stop, done, busy));
            }
            thread::sleep(Duration::from_secs(1)); // until all of them wait
            let refreshing: Vec<_> = (server.tokens.iter().enumerate())
                .map(|(at, token)| scope.spawn(move || refresh_each_period(server.address, at, token.clone())))
                .collect();
            let waits = refreshing.into_iter().flat_map(|one| one.join().expect("no panic")).collect();
            stop.store(true, Ordering::Relaxed);
            waits
        });
        let [p50, p99] = quantiles(&waits, [0.5, 0.99]);
        self.p50.add(p50);
        self.p99.add(p99);
        self.memory.add(server.peak_megabytes());
        self.signed_in.add(f64::from(done.load(Ordering::Relaxed)) / (ROUND.as_secs_f64() + 1.0));
        self.told_to_come_back += busy.load(Ordering::Relaxed);
    }

    fn print(&self) {
        self.p50.print();
        self.p99.print();
        self.memory.print();
        self.signed_in.print();
        println!("sign-ins answered 503 with Retry-After: {}", self.told_to_come_back);
    }
}

fn sign_in_until(address: SocketAddr, account: usize, stop: &AtomicBool, done: &AtomicU32, busy: &AtomicU32) {
    let mut connection = Connection::open(address);
    let body = json!({ "login": format!("hashed-{account}"), "password": PASSWORD });
    while !stop.load(Ordering::Relaxed) {
        match connection.send("POST /api/v1/sign-in", None, &body).0 {
            200 => done.fetch_add(1, Ordering::Relaxed),
            503 => busy.fetch_add(1, Ordering::Relaxed),
            status => panic!("sign-in was answered {status}"),
        };
    }
}

/// Milliseconds from when each refresh was due to its answer.
fn refresh_each_period(address: SocketAddr, at: usize, mut token: String) -> Vec<f64> {
    let mut connection = Connection::open(address);
    let mut due = Instant::now() + PERIOD * u32::try_from(at).expect("few") / u32::try_from(SESSIONS).expect("few");
    let end = Instant::now() + ROUND;
    let mut waits = Vec::new();
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let (status, answer) = connection.send("POST /api/v1/refresh", None, &json!({ "refresh_token": token }));
        assert_eq!(status, 200, "{answer}");
        waits.push(due.elapsed().as_secs_f64() * 1_000.0);
        token = answer["refresh_token"].as_str().expect("the next").to_owned();
        due += PERIOD;
    }
    waits
}

/// A server in a process of its own. Killed when dropped.
struct Served {
    child: Child,
    address: SocketAddr,
    tokens: Vec<String>,
}

impl Served {
    fn start(folder: &Path, threads: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("serve").arg(folder).arg(threads.to_string());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says something");
        let ready: Value = serde_json::from_str(&line).expect("the ready line");
        let address = ready["address"].as_str().and_then(|address| address.parse().ok()).expect("an address");
        let tokens = serde_json::from_value(ready["tokens"].clone()).expect("refresh tokens");
        let mut connection = Connection::open(address);
        for account in 0..ACCOUNTS {
            let body = json!({ "login": format!("hashed-{account}"), "password": PASSWORD });
            assert_eq!(connection.send("POST /api/v1/accounts", None, &body).0, 201);
        }
        Self { child, address, tokens }
    }

    fn peak_megabytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kilobytes * 1024.0 / 1_000_000.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::main]
async fn serve(folder: &Path, threads: usize) {
    // Unbounded, nobody is ever told to come back.
    let default = HashingPolicy::default();
    let wait_max = if threads == default.threads { default.wait_max } else { Duration::from_secs(3_600) };
    let bench = Bench::start_with_hashing(folder, HashingPolicy { threads, wait_max }).await;
    let mut tokens = Vec::new();
    for session in 0..SESSIONS {
        tokens.push(bench.session(session).await);
    }
    println!("{}", json!({ "address": bench.address.to_string(), "tokens": tokens }));
    std::future::pending::<()>().await;
}
