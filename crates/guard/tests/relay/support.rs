//! An issuer in memory, relays on ports of the loopback, and verifiers that read from them.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use countersign_guard::relay::{Relay, RelaySettings};
use countersign_verifier::{Builder, Complete, TestIssuer, Timing, Verifier};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

pub(crate) const AUDIENCE: &str = "https://api.example";
/// Long enough for a busy machine; a test that passes does not wait for it.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Waits that suit a test.
pub(crate) fn quick() -> Timing {
    Timing {
        silence: Duration::from_millis(500),
        backoff_min: Duration::from_millis(5),
        backoff_max: Duration::from_millis(100),
        report_gap: Duration::from_millis(5),
        announcement_jitter: Duration::from_millis(5),
        jwks_age_min: Duration::from_millis(20),
        ..Timing::default()
    }
}

/// A relay that is served.
pub(crate) struct Served {
    pub(crate) relay: Relay,
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start(settings: RelaySettings) -> Self {
        Self::start_at(settings, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub(crate) async fn start_at(settings: RelaySettings, address: SocketAddr) -> Self {
        let relay = Relay::start(settings.timing(quick())).await.unwrap();
        let listener = loop {
            // One that was served here a moment ago may still be letting go.
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let router = relay.router();
        let server = tokio::spawn(async move {
            countersign_guard::serve(listener, router, async { drop(stopped.await) }).await;
        });
        Self { relay, address, stop, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) async fn ready(&self) {
        until("the relay is ready", || self.relay.is_ready()).await;
    }

    /// As a service manager stops it.
    pub(crate) async fn stop(self) {
        let Self { relay, stop, server, .. } = self;
        relay.close();
        drop(stop);
        server.await.unwrap();
    }
}

/// A verifier that reads from there.
pub(crate) fn verifier(issuer: &TestIssuer, from: &str) -> Builder<Complete> {
    Verifier::builder(issuer.url()).audience(AUDIENCE).timing(quick()).feed_from(from)
}

/// Builds it and waits until it knows everything.
pub(crate) async fn current(builder: Builder<Complete>) -> Verifier {
    let verifier = builder.build().await.unwrap();
    assert!(verifier.wait_until_current(LONG).await, "{:?}", verifier.metrics());
    verifier
}

/// What the verifier says of a token: `fresh`, `stale`, or the code of the error.
pub(crate) fn judge(verifier: &Verifier, token: &str) -> &'static str {
    match verifier.verify::<Value>(token) {
        Ok(token) if token.is_fresh() => "fresh",
        Ok(_) => "stale",
        Err(error) => error.code(),
    }
}

pub(crate) async fn until_judged(verifier: &Verifier, token: &str, judged: &str) {
    until(judged, || judge(verifier, token) == judged).await;
}

/// Looks until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// An answer that is being read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    body: BufReader<TcpStream>,
}

/// A request by hand, on a connection of its own.
pub(crate) async fn ask(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    ask_on(TcpStream::connect(address).await.unwrap(), line, headers, body).await
}

/// The same on a connection that holds little of an answer that nobody reads.
pub(crate) async fn ask_small(address: SocketAddr, line: &str) -> Answer {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    ask_on(socket.connect(address).await.unwrap(), line, &[], "").await
}

async fn ask_on(mut stream: TcpStream, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut body = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(body.read_line(&mut head).await.unwrap() > 0, "cut off: {head}");
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body }
}

impl Answer {
    /// The rest of it, chunked or not: what a test looks for is within a line.
    pub(crate) async fn text(mut self) -> String {
        let mut text = String::new();
        tokio::time::timeout(LONG, self.body.read_to_string(&mut text)).await.expect("it ends").unwrap();
        text
    }

    /// Reads on until a line holds this.
    pub(crate) async fn until(&mut self, what: &str) -> String {
        let mut line = String::new();
        let read = async {
            while !line.contains(what) {
                line.clear();
                assert!(self.body.read_line(&mut line).await.unwrap() > 0, "ended before {what:?}");
            }
        };
        tokio::time::timeout(LONG, read).await.unwrap_or_else(|_| panic!("not in time: {what}"));
        line
    }
}

/// A public relay, ready.
pub(crate) async fn relay_of(issuer: &TestIssuer) -> Served {
    let served = Served::start(RelaySettings::new(issuer.url())).await;
    served.ready().await;
    served
}

/// A relay of that relay, ready.
pub(crate) async fn relay_below(issuer: &TestIssuer, above: &str) -> Served {
    let served = Served::start(RelaySettings::new(issuer.url()).upstream(above)).await;
    served.ready().await;
    served
}
