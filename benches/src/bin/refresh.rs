//! Refresh over HTTP, every one committed (`sessions.grace = 0`, FULL, ES256), against a bare axum endpoint that only
//! signs the same claims with the same key. Both sides share the machine with the same clients, in turn.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin refresh`

use axum::Router;
use axum::routing::post;
use countersign_benches::{Bench, Series, disk, print_machine};
use countersign_jose::{Algorithm, Signer, SigningKey};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CLIENTS: usize = 64;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    print_machine();
    let folder = disk();
    let bench = Bench::start(folder.path()).await;
    let bare = serve_bare().await;
    let mut tokens = Vec::new();
    for client in 0..CLIENTS {
        tokens.push(bench.session(client).await);
    }
    let mut ours = Series::new("refresh over HTTP, committed", "1/s");
    let mut signs = Series::new("bare endpoint that only signs", "1/s");
    for _ in 0..ROUNDS {
        let bodies = vec!["{}".to_owned(); CLIENTS];
        signs.add(round(bare, "/sign", bodies, |_| None).await.0);
        let bodies = tokens.iter().map(|token| body(token)).collect();
        let (rate, last) = round(bench.address, "/api/v1/refresh", bodies, next_body).await;
        ours.add(rate);
        tokens = last.iter().map(|body| token_of(body)).collect();
    }
    ours.print();
    signs.print();
    ours.print_ratio(&signs, "at least 0.45");
}

/// All clients ask as fast as they are answered; gives answers a second, and what each would ask next.
async fn round(
    address: SocketAddr,
    path: &'static str,
    bodies: Vec<String>,
    next: fn(&[u8]) -> Option<String>,
) -> (f64, Vec<String>) {
    let started = Instant::now();
    let clients: Vec<_> =
        bodies.into_iter().map(|body| tokio::spawn(client(address, path, body, next, started))).collect();
    let mut answered = 0;
    let mut last = Vec::new();
    for client in clients {
        let (count, body) = client.await.expect("a client does not panic");
        answered += count;
        last.push(body);
    }
    (answered as f64 / started.elapsed().as_secs_f64(), last)
}

async fn client(
    address: SocketAddr,
    path: &'static str,
    mut body: String,
    next: fn(&[u8]) -> Option<String>,
    started: Instant,
) -> (u64, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("TCP");
    let mut answer = Vec::with_capacity(4096);
    let mut answered = 0;
    while started.elapsed() < ROUND {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let content = read_answer(&mut stream, &mut answer).await;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        if let Some(next) = next(&answer[content..]) {
            body = next;
        }
        answered += 1;
    }
    (answered, body)
}

/// Reads one answer; gives where its content begins.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> usize {
    answer.clear();
    loop {
        assert!(stream.read_buf(answer).await.expect("it answers") > 0, "closed");
        let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let length = content_length(&answer[..head]);
        while answer.len() < head + 4 + length {
            assert!(stream.read_buf(answer).await.expect("it answers") > 0, "closed");
        }
        return head + 4;
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).expect("headers are ASCII").to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length:")).expect("a length");
    line.trim().parse().expect("a number")
}

fn body(token: &str) -> String {
    format!("{{\"refresh_token\":\"{token}\"}}")
}

fn token_of(body: &str) -> String {
    let at = body.find("\"csr_").expect("a refresh token") + 1;
    body[at..at + 76].to_owned()
}

fn next_body(content: &[u8]) -> Option<String> {
    // With its quote: among enough access tokens one holds the four characters by chance.
    let at = content.windows(5).position(|five| five == b"\"csr_")? + 1;
    Some(body(std::str::from_utf8(&content[at..at + 76]).ok()?))
}

/// axum and one ES256 signature over claims of the same size: what nobody can be faster than.
async fn serve_bare() -> SocketAddr {
    let key = Arc::new(SigningKey::generate(Algorithm::Es256).expect("a key"));
    let signer = Arc::new(Signer::new(key, "at+jwt"));
    let sign = move || {
        let signer = Arc::clone(&signer);
        async move {
            let claims = serde_json::json!({
                "iss": "http://localhost:8420", "sub": "AAAAAAAAAAAAAAAAAAAAAA", "aud": "http://localhost:8420",
                "client_id": "countersign", "iat": 1_764_000_000, "exp": 1_764_000_600,
                "jti": "AAAAAAAAAAAAAAAAAAAAAA", "sid": "AAAAAAAAAAAAAAAAAAAAAA", "scope": "",
                "auth_time": 1_764_000_000,
            });
            signer.sign(&claims).expect("it signs")
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/sign", post(sign))).await });
    address
}
