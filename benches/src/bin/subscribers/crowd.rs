//! Subscribers, each as a verifier is: a token, a stream, the position it has, and the verifier's way to come back.

use countersign_benches::shared_clock;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

/// How the verifier waits between tries: doubling, each between half and all of its length.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A connection that says nothing for so long is dead to the verifier.
const SILENCE: Duration = Duration::from_secs(3);
const REPORT_EVERY: Duration = Duration::from_secs(10);
const REPORT_GAP: Duration = Duration::from_millis(50);
const ALL_WITHIN: Duration = Duration::from_secs(120);

/// All of them.
pub(crate) struct Crowd {
    count: usize,
    shared: Arc<Shared>,
}

/// What they tell.
struct Shared {
    count: usize,
    newest: Mutex<Vec<u8>>,
    heard: Mutex<Heard>,
    /// How many heard something since they connected.
    connected: AtomicUsize,
    refused: AtomicUsize,
    gaps: AtomicUsize,
    told: Notify,
    /// Whether they report how far they are, as verifiers do.
    reports: AtomicBool,
    reported: AtomicUsize,
}

/// How many have heard the newest number, and when the last of them did.
#[derive(Default, Clone, Copy)]
struct Heard {
    number: u64,
    by: usize,
    last_at: u64,
}

impl Crowd {
    pub(crate) async fn gather(address: SocketAddr, path: &'static str, tokens: Vec<String>) -> Self {
        let count = tokens.len();
        let shared = Arc::new(Shared {
            count,
            newest: Mutex::default(),
            heard: Mutex::default(),
            connected: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            gaps: AtomicUsize::new(0),
            told: Notify::new(),
            reports: AtomicBool::new(false),
            reported: AtomicUsize::new(0),
        });
        for (number, token) in tokens.into_iter().enumerate() {
            let keeps_bytes = number == 0;
            let position = watch::Sender::new(None);
            if !token.is_empty() {
                let reporter = Reporter { address, token: token.clone(), number, shared: Arc::clone(&shared) };
                tokio::spawn(reporter.run(position.subscribe()));
            }
            let one = Subscriber { address, path, token, keeps_bytes, position, shared: Arc::clone(&shared) };
            tokio::spawn(one.follow());
            // So that the first coming together is no storm: the restart is.
            if number % 50 == 49 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Self { count, shared }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Waits until each has heard something on the connection that it has now.
    pub(crate) async fn all_connected(&self) {
        self.until(|shared| shared.connected.load(Ordering::SeqCst) >= self.count).await;
    }

    pub(crate) fn connected(&self) -> usize {
        self.shared.connected.load(Ordering::SeqCst)
    }

    /// How many connections were answered by anything but a stream, and how often a number was left out.
    pub(crate) fn faults(&self) -> (usize, usize) {
        (self.shared.refused.load(Ordering::SeqCst), self.shared.gaps.load(Ordering::SeqCst))
    }

    /// From now on each reports how far it is; waits until all have.
    pub(crate) async fn report(&self) {
        self.shared.reports.store(true, Ordering::SeqCst);
        self.until(|shared| shared.reported.load(Ordering::SeqCst) >= self.count).await;
    }

    /// Milliseconds from `began` until the last has heard that number.
    pub(crate) async fn all_heard(&self, number: u64, began: u64) -> f64 {
        let all = |shared: &Shared| {
            let heard = shared.heard();
            heard.number == number && heard.by == self.count
        };
        self.until(all).await;
        (self.shared.heard().last_at as f64 - began as f64) / 1e6
    }

    /// The bytes of the newest event that moved somebody's position.
    pub(crate) fn newest(&self) -> Vec<u8> {
        self.shared.newest.lock().expect("nobody panics").clone()
    }

    async fn until(&self, done: impl Fn(&Shared) -> bool) {
        let waiting = async {
            loop {
                let mut told = std::pin::pin!(self.shared.told.notified());
                told.as_mut().enable();
                if done(&self.shared) {
                    return;
                }
                told.await;
            }
        };
        let in_time = tokio::time::timeout(ALL_WITHIN, waiting).await.is_ok();
        assert!(in_time, "{} of {} in time, faults: {:?}", self.connected(), self.count, self.faults());
    }
}

impl Shared {
    fn heard(&self) -> Heard {
        *self.heard.lock().expect("nobody panics")
    }

    /// The first to hear of a number begins its count.
    fn tell(&self, number: u64, at: u64) {
        let mut heard = self.heard.lock().expect("nobody panics");
        if number > heard.number {
            *heard = Heard { number, by: 0, last_at: at };
        }
        if number == heard.number {
            heard.by += 1;
            heard.last_at = heard.last_at.max(at);
            if heard.by == self.count {
                self.told.notify_waiters();
            }
        }
    }

    fn connect(&self) {
        if self.connected.fetch_add(1, Ordering::SeqCst) + 1 == self.count {
            self.told.notify_waiters();
        }
    }
}

/// Epoch and number.
type Position = Option<(String, u64)>;

struct Subscriber {
    address: SocketAddr,
    path: &'static str,
    token: String,
    keeps_bytes: bool,
    position: watch::Sender<Position>,
    shared: Arc<Shared>,
}

impl Subscriber {
    /// Never ends.
    async fn follow(mut self) {
        let mut wait = BACKOFF_MIN;
        loop {
            let mut is_connected = false;
            // Whatever ends a stream: it comes back.
            let _ = self.stream(&mut is_connected, &mut wait).await;
            if is_connected {
                self.shared.connected.fetch_sub(1, Ordering::SeqCst);
            }
            tokio::time::sleep(wait.mul_f64(0.5 + 0.5 * fraction())).await;
            wait = (wait * 2).min(BACKOFF_MAX);
        }
    }

    async fn stream(&mut self, is_connected: &mut bool, wait: &mut Duration) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(self.request().as_bytes()).await?;
        let mut held = Vec::with_capacity(1024);
        let mut is_head = true;
        loop {
            let read = tokio::time::timeout(SILENCE, stream.read_buf(&mut held));
            // The bare side says nothing between events.
            let read = if self.token.is_empty() { read.await.unwrap_or(Ok(1)) } else { read.await? };
            if read? == 0 {
                return Ok(());
            }
            if is_head {
                let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                if !held.starts_with(b"HTTP/1.1 200") {
                    self.shared.refused.fetch_add(1, Ordering::SeqCst);
                    return Ok(());
                }
                held.drain(..end + 4);
                is_head = false;
                if self.token.is_empty() {
                    *is_connected = true;
                    self.shared.connect();
                }
            }
            while let Some((from, to)) = event(&held) {
                if !*is_connected {
                    (*is_connected, *wait) = (true, BACKOFF_MIN);
                    self.shared.connect();
                }
                self.take(&held[from..to]);
                held.drain(..to);
            }
        }
    }

    fn request(&self) -> String {
        let position = self.position.borrow();
        let resume =
            position.as_ref().map(|(epoch, number)| format!("Last-Event-ID: {epoch}:{number}\r\n")).unwrap_or_default();
        let (path, token) = (self.path, &self.token);
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{resume}\r\n")
    }

    /// Every batch of this bench is one number long.
    fn take(&mut self, event: &[u8]) {
        let at = shared_clock();
        let line = event.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let id = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix("id: ")?.trim().rsplit_once(':'));
        let Some((epoch, number)) = id.and_then(|(epoch, number)| Some((epoch, number.parse::<u64>().ok()?))) else {
            return;
        };
        let is_first = self.position.borrow().is_none();
        let before = self.position.borrow().as_ref().map_or(number, |(_, before)| *before);
        if number <= before && !is_first {
            return;
        }
        if number > before + 1 {
            self.shared.gaps.fetch_add(1, Ordering::SeqCst);
        }
        self.position.send_replace(Some((epoch.to_owned(), number)));
        if self.keeps_bytes {
            *self.shared.newest.lock().expect("nobody panics") = event.to_vec();
        }
        if !is_first || self.token.is_empty() {
            self.shared.tell(number, at);
        }
    }
}

/// The verifier's other connection: how far it is whenever that moved, and every ten seconds.
struct Reporter {
    address: SocketAddr,
    token: String,
    number: usize,
    shared: Arc<Shared>,
}

impl Reporter {
    /// Never ends.
    async fn run(self, mut position: watch::Receiver<Position>) {
        let mut stream = None;
        loop {
            let _ = tokio::time::timeout(REPORT_EVERY, position.changed()).await;
            let reached = position.borrow_and_update().clone();
            let Some((epoch, number)) = reached.filter(|_| self.shared.reports.load(Ordering::SeqCst)) else {
                continue;
            };
            let reported = self.report(&mut stream, &format!("{epoch}:{number}")).await;
            if reported.is_err() {
                stream = None;
            } else if self.shared.reported.fetch_add(1, Ordering::SeqCst) + 1 == self.shared.count {
                self.shared.told.notify_waiters();
            }
            tokio::time::sleep(REPORT_GAP).await;
        }
    }

    async fn report(&self, stream: &mut Option<TcpStream>, position: &str) -> std::io::Result<()> {
        let stream = match stream {
            Some(stream) => stream,
            none => none.insert(TcpStream::connect(self.address).await?),
        };
        stream.set_nodelay(true)?;
        let body = format!(r#"{{"verifier":"verifier-{}","applied":"{position}"}}"#, self.number);
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "POST /revocations/applied HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: \
             application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = [0; 2048];
        let read = stream.read(&mut answer).await?;
        // 204 has no content: one read holds it.
        if answer[..read].starts_with(b"HTTP/1.1 204") { Ok(()) } else { Err(std::io::ErrorKind::InvalidData.into()) }
    }
}

/// Where the first whole event begins and ends; the sizes of chunks lie between.
fn event(held: &[u8]) -> Option<(usize, usize)> {
    let from = held.windows(4).position(|four| four == b"id: " || four == b"even")?;
    let to = from + held[from..].windows(2).position(|two| two == b"\n\n")? + 2;
    Some((from, to))
}

/// Anything in [0, 1).
fn fraction() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    (RandomState::new().hash_one(0_u8) >> 11) as f64 / (1_u64 << 53) as f64
}
