//! Others whom the server asks: what they answer is up to the test, and every connection that they see is counted.

use super::certificates::Authority;
use countersign_server::outbound::{ExtraRoots, HostPort, OutboundPolicy, Resolve, Resolving};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What one of them does on a connection.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// These bytes, whole.
    Raw(String),
    /// These bytes, where the request's target begins so.
    ByTarget(Vec<(&'static str, String)>),
    /// A head that never ends.
    EndlessHead,
    /// A body that never ends.
    EndlessBody,
    /// A head, and then nothing more.
    NoBody,
    /// Nothing at all.
    Silence,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Other {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<Answer>>,
}

/// Looks names up in what the test wrote; each look-up takes the next answer, the last one stays.
#[derive(Debug, Default)]
pub(crate) struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Answer {
    /// A whole answer with a body.
    pub(crate) fn of(status: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Self::Raw(format!("{head}\r\n{body}"))
    }

    pub(crate) fn json(body: &str) -> Self {
        Self::of("200 OK", &[("content-type", "application/json")], body)
    }

    /// The bytes of a whole answer in JSON.
    pub(crate) fn bytes_of_json(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    async fn give(&self, request: &str, stream: &mut (impl AsyncWrite + AsyncRead + Unpin)) {
        match self {
            Self::ByTarget(answers) => {
                let target = request.split(' ').nth(1).unwrap_or_default();
                let found = answers.iter().find(|(begin, _)| target.starts_with(begin));
                stream.write_all(found.map_or(b"", |(_, bytes)| bytes.as_bytes())).await.ok();
            }
            Self::Raw(bytes) => {
                stream.write_all(bytes.as_bytes()).await.ok();
            }
            Self::EndlessHead => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n").await.ok();
                while stream.write_all(b"x-more: and more and more and more\r\n").await.is_ok() {}
            }
            Self::EndlessBody => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await.ok();
                while stream.write_all(&[b' '; 1024]).await.is_ok() {}
            }
            Self::NoBody => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab").await.ok();
                stream.read_to_end(&mut Vec::new()).await.ok();
            }
            Self::Silence => {
                stream.read_to_end(&mut Vec::new()).await.ok();
            }
        }
    }
}

impl Other {
    /// Over plain HTTP.
    pub(crate) async fn plain(answer: Answer) -> Self {
        Self::start(answer, None).await
    }

    /// Over TLS.
    pub(crate) async fn over_tls(answer: Answer, tls: rustls::ServerConfig) -> Self {
        Self::start(answer, Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    async fn start(answer: Answer, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let other = Self {
            address: listener.local_addr().expect("its address"),
            connections: Arc::default(),
            requests: Arc::default(),
            answer: Arc::new(Mutex::new(answer)),
        };
        let this = other.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                this.connections.fetch_add(1, Ordering::SeqCst);
                let (this, tls) = (this.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => this.talk(stream).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                this.talk(stream).await;
                            }
                        }
                    }
                });
            }
        });
        other
    }

    async fn talk(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut request = Vec::new();
        while !complete(&request) {
            if matches!(stream.read_buf(&mut request).await, Ok(0) | Err(_)) {
                return;
            }
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        self.requests.lock().unwrap().push(request.clone());
        let answer = self.answer.lock().unwrap().clone();
        answer.give(&request, &mut stream).await;
        stream.shutdown().await.ok();
    }

    pub(crate) fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    pub(crate) const fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections it saw.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What it was asked, each request as it came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Head and, where it says how long it is, body.
fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

impl Names {
    /// Each look-up takes the next of these.
    pub(crate) fn answering(answers: &[&[&str]]) -> Arc<Self> {
        let read = |addresses: &&[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().map(read).collect()), asked: AtomicUsize::new(0) })
    }

    /// How many look-ups there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Names {
    fn resolve(&self, _: &str) -> Resolving {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    }
}

/// May ask these, knows these names, and waits for nobody long.
pub(crate) fn policy(allow: &[&str], names: Arc<Names>) -> OutboundPolicy {
    OutboundPolicy {
        allow: allow.iter().map(|text| HostPort::parse(text).expect("a host and a port")).collect(),
        roots: ExtraRoots::default(),
        deadline: Duration::from_millis(500),
        resolver: names,
    }
}

/// TLS for this host, with a certificate of the authority.
pub(crate) fn tls(authority: &Authority, host: &str) -> rustls::ServerConfig {
    let issued = authority.issue(&[host]);
    let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_no_client_auth().with_single_cert(chain, key).unwrap()
}
