//! The load generator: clients that each keep a connection and ask as fast as they are answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came of a round.
pub struct Round {
    /// How many were answered.
    pub answered: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What each client would ask next.
    pub next: Vec<String>,
}

impl Round {
    /// Answers a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.answered as f64 / self.seconds
    }
}

/// A whole request that posts `body`; `headers` are whole lines.
#[must_use]
pub fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

/// A whole request for `path`; `headers` are whole lines.
#[must_use]
pub fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

/// One client for each of `requests` asks for so long; `next` makes of an answer's content what is asked after it, or
/// the same is asked again.
///
/// # Panics
/// If an answer is not 200.
pub async fn round(
    address: SocketAddr,
    requests: Vec<String>,
    next: fn(&[u8]) -> Option<String>,
    time: Duration,
) -> Round {
    let started = Instant::now();
    let until = started + time;
    let clients: Vec<_> =
        requests.into_iter().map(|request| tokio::spawn(client(address, request, next, until))).collect();
    let (mut answered, mut last) = (0, Vec::new());
    for client in clients {
        let (count, request) = client.await.expect("a client does not panic");
        answered += count;
        last.push(request);
    }
    Round { answered, seconds: started.elapsed().as_secs_f64(), next: last }
}

async fn client(
    address: SocketAddr,
    mut request: String,
    next: fn(&[u8]) -> Option<String>,
    until: Instant,
) -> (u64, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("TCP");
    let mut answer = Vec::with_capacity(4096);
    let mut answered = 0;
    while Instant::now() < until {
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let content = read_answer(&mut stream, &mut answer).await;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        if let Some(next) = next(&answer[content..]) {
            request = next;
        }
        answered += 1;
    }
    (answered, request)
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

/// The text of this member of a flat JSON object.
#[must_use]
pub fn member<'a>(content: &'a [u8], name: &str) -> Option<&'a str> {
    let content = std::str::from_utf8(content).ok()?;
    let from = content.find(&format!("\"{name}\":\""))? + name.len() + 4;
    let length = content[from..].find('"')?;
    Some(&content[from..from + length])
}
