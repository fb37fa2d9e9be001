//! One revocation to 1,000 subscribers: server-sent events of the real server against a bare `tokio::sync::broadcast`
//! behind a bare axum body, with the same bytes, in turn within this process. Subscribers are in this process too.
//!
//! Measured: from the answer of the commit that ends a session, or the call of `send` on the bare side, to the event at
//! the last subscriber.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin broadcast`

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use countersign_benches::{Bench, Series, disk, print_machine, quantiles};
use countersign_core::session::{End, EndReason};
use countersign_core::store::{EndSessions, Page, SessionFilter, Store, Which};
use countersign_core::{SessionId, Source};
use countersign_server::{FeedAccess, FeedPolicy, SystemSource};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc};

const SUBSCRIBERS: usize = 1_000;
const EVENTS: usize = 300;
const BETWEEN: Duration = Duration::from_millis(30);

#[tokio::main]
async fn main() {
    print_machine();
    let folder = disk();
    let policy = FeedPolicy { access: FeedAccess::Public, ..FeedPolicy::default() };
    let bench = Bench::start_with_feed(folder.path(), policy).await;
    let sessions = sessions(&bench).await;
    let (send, bare_address) = serve_bare().await;
    let before = bench.store().last_sequence().await.expect("it reads").0;
    let mut ours = Crowd::gather(bench.address, "/revocations/feed", before).await;
    let mut theirs = Crowd::gather(bare_address, "/feed", before).await;
    let mut last_ours = Series::new("the real server, last of 1,000", "ms");
    let mut last_theirs = Series::new("bare broadcast, last of 1,000", "ms");
    let (mut all_ours, mut all_theirs) = (Vec::new(), Vec::new());
    for (number, session) in (before + 1..).zip(sessions) {
        end(bench.store(), session).await;
        let took = ours.hear(number, Instant::now()).await;
        last_ours.add(took);
        all_ours.push(took);
        tokio::time::sleep(BETWEEN).await;
        let started = Instant::now();
        send.send(ours.heard()).expect("all listen");
        let took = theirs.hear(number, started).await;
        last_theirs.add(took);
        all_theirs.push(took);
        tokio::time::sleep(BETWEEN).await;
    }
    last_ours.print();
    last_theirs.print();
    let [median, high] = quantiles(&all_ours, [0.5, 0.99]);
    let [bare_median, bare_high] = quantiles(&all_theirs, [0.5, 0.99]);
    println!("p50 {median:.1} / {bare_median:.1} ms: {:.2}", median / bare_median);
    println!("p99 {high:.1} / {bare_high:.1} ms: {:.2}, asked: at most 2", high / bare_high);
}

/// Those that will end.
async fn sessions(bench: &Bench) -> Vec<SessionId> {
    for client in 0..EVENTS {
        bench.session(client).await;
    }
    let (mut found, mut page) = (Vec::new(), Page::first());
    loop {
        let sessions = bench.store().sessions(SessionFilter::default(), page).await.expect("it reads");
        found.extend(sessions.items.iter().map(|session| session.id));
        let Some(next) = sessions.next else { return found };
        page = Page::new(100, Some(next));
    }
}

async fn end(store: &dyn Store, session: SessionId) {
    let end = End::of(EndReason::SignedOut);
    let ending = EndSessions { which: Which::One(session), end, audit: None, now: SystemSource::new().now() };
    assert_eq!(store.end_sessions(ending).await.expect("it commits").published, 1);
}

/// What nobody can be faster than: bytes from a channel into every body.
async fn serve_bare() -> (broadcast::Sender<Bytes>, SocketAddr) {
    let (send, _) = broadcast::channel(128);
    let sender = send.clone();
    let feed = move || {
        let events = futures_util::stream::unfold(sender.subscribe(), |mut events| async move {
            events.recv().await.ok().map(|event: Bytes| (Ok::<_, Infallible>(event), events))
        });
        async { ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response() }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/feed", get(feed))).await });
    (send, address)
}

/// Subscribers of one server, who tell when they heard which number.
struct Crowd {
    told: mpsc::UnboundedReceiver<(u64, Instant)>,
    newest: Arc<Mutex<Bytes>>,
}

impl Crowd {
    /// They have heard everything up to number `before`.
    async fn gather(address: SocketAddr, path: &str, before: u64) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let newest = Arc::new(Mutex::new(Bytes::new()));
        for number in 0..SUBSCRIBERS {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            stream.write_all(request.as_bytes()).await.expect("it reads");
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.expect("it answers");
            assert!(head[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head[..read]));
            let keep = (number == 0).then(|| Arc::clone(&newest));
            tokio::spawn(subscribe(stream, before, tell.clone(), keep));
        }
        Self { told, newest }
    }

    /// Milliseconds until all have heard the event of that number.
    async fn hear(&mut self, number: u64, since: Instant) -> f64 {
        let mut last = since;
        for _ in 0..SUBSCRIBERS {
            let told = tokio::time::timeout(Duration::from_secs(10), self.told.recv()).await;
            let (heard, at) = told.expect("all hear it").expect("all listen");
            assert_eq!(heard, number);
            last = last.max(at);
        }
        (last - since).as_secs_f64() * 1e3
    }

    /// The bytes of the newest event.
    fn heard(&self) -> Bytes {
        self.newest.lock().expect("nobody panics").clone()
    }
}

/// Tells of every event whose number is new; heads repeat the last one.
async fn subscribe(
    mut stream: TcpStream,
    mut last: u64,
    tell: mpsc::UnboundedSender<(u64, Instant)>,
    keep: Option<Arc<Mutex<Bytes>>>,
) {
    let mut held = Vec::with_capacity(4096);
    loop {
        assert!(stream.read_buf(&mut held).await.expect("it goes on") > 0, "closed");
        while let Some((from, to, number)) = event(&held) {
            if number > last {
                last = number;
                let at = Instant::now();
                // Before it is told: whoever hears that all have it may ask for it.
                if let Some(keep) = &keep {
                    *keep.lock().expect("nobody panics") = Bytes::copy_from_slice(&held[from..to]);
                }
                let _ = tell.send((number, at));
            }
            held.drain(..to);
        }
    }
}

/// Where the first whole event begins and ends, and its number.
fn event(held: &[u8]) -> Option<(usize, usize, u64)> {
    let from = held.windows(4).position(|four| four == b"id: ")?;
    let to = from + held[from..].windows(2).position(|two| two == b"\n\n")? + 2;
    let line = held[from..].split(|byte| *byte == b'\n').next()?;
    let number = std::str::from_utf8(line).ok()?.rsplit(':').next()?.trim();
    Some((from, to, number.parse().ok()?))
}
