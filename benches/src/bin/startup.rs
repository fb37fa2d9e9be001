//! From starting the release binary on existing data to its first 200, and what it then holds in memory.
//!
//! `cargo build --release && cargo run --release --manifest-path benches/Cargo.toml --bin startup`

use countersign_benches::{Series, binary, disk, print_machine};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 20;

fn main() {
    print_machine();
    let binary = binary();
    let folder = disk();
    let data = folder.path().join("data");
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut first = Series::new("first start, empty folder, to first 200", "ms");
    let mut again = Series::new("start on existing data to first 200", "ms");
    let mut memory = Series::new("idle resident memory after 2 s", "MB");
    for round in 0..ROUNDS {
        let (mut server, took) = start(&binary, &data, address);
        if round == 0 {
            first.add(took)
        } else {
            again.add(took)
        }
        if round % 5 == 1 {
            std::thread::sleep(Duration::from_secs(2));
            memory.add(resident_megabytes(server.id()));
        }
        server.kill().expect("it runs");
        server.wait().expect("it ends");
    }
    first.print();
    again.print();
    memory.print();
    println!("asked: 40 ms on existing data, 15 MB");
}

fn start(binary: &Path, data: &Path, address: SocketAddr) -> (Child, f64) {
    let mut command = Command::new(binary);
    command.arg("--data").arg(data).args(["serve", "--listen", &address.to_string()]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let server = command.spawn().expect("the binary starts");
    while !answers(address) {
        assert!(started.elapsed() < Duration::from_secs(20), "it does not answer");
        std::thread::sleep(Duration::from_micros(200));
    }
    (server, started.elapsed().as_secs_f64() * 1000.0)
}

fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = Vec::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_end(&mut answer).is_ok()
        && answer.starts_with(b"HTTP/1.1 200")
}

fn resident_megabytes(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("Linux tells a process's memory");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has resident memory");
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024.0 / 1_000_000.0
}
