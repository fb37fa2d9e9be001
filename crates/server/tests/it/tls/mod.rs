//! TLS at the listener: what is spoken, which pairs are refused, how a new one is taken up.

mod handshake;
mod pairs;
mod renewal;

use crate::support::certificates::{Authority, Files};
use axum::Router;
use axum::routing::get;
use countersign_server::{Listener, Tls, TlsFiles, serve};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const BOTH: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];

impl From<Files> for TlsFiles {
    fn from(files: Files) -> Self {
        Self { certificate: files.certificate, key: files.key }
    }
}

/// Serves one route over TLS for as long as the test runs.
async fn listen(tls: Tls) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "here" }));
    tokio::spawn(serve(Listener::new(listener, Some(tls)), router, std::future::pending()));
    address
}

/// A client that trusts this authority.
fn client(authority: &Authority, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    config.with_root_certificates(roots).with_no_client_auth()
}

async fn connect(address: SocketAddr, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

/// The certificate that a new connection sees.
async fn seen(address: SocketAddr, authority: &Authority) -> CertificateDer<'static> {
    let stream = connect(address, client(authority, &BOTH)).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}
