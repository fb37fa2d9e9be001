//! What is spoken on a connection, and that a handshake is bounded.

use super::{BOTH, ask, client, connect, listen};
use crate::support::certificates::Authority;
use axum::Router;
use axum::routing::get;
use countersign_server::limits::HANDSHAKE_MAX;
use countersign_server::{Listener, Tls, serve};
use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

#[tokio::test]
async fn tls_1_3_and_1_2_are_spoken_and_http_1_1_is_agreed_on() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let files = authority.issue(&["localhost"]).put(folder.path());
    let address = listen(Tls::open(files.into()).unwrap()).await;
    for (version, expected) in [(&TLS13, ProtocolVersion::TLSv1_3), (&TLS12, ProtocolVersion::TLSv1_2)] {
        let mut config = client(&authority, &[version]);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut stream = connect(address, config).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        for _ in 0..2 {
            let answer = ask(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_client_that_offers_other_protocols_only_is_refused() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let files = authority.issue(&["localhost"]).put(folder.path());
    let address = listen(Tls::open(files.into()).unwrap()).await;
    let mut config = client(&authority, &BOTH);
    config.alpn_protocols = vec![b"h2".to_vec()];
    assert!(connect(address, config).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_keeps_nobody_waiting_and_is_cut_off() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let files = authority.issue(&["localhost"]).put(folder.path());
    let address = listen(Tls::open(files.into()).unwrap()).await;
    let began = Instant::now();
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    // Half a handshake is no handshake.
    silent[0].write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    let mut stream = connect(address, client(&authority, &BOTH)).await.unwrap();
    assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200"));
    for mut one in silent {
        assert!(matches!(one.read(&mut [0; 64]).await, Ok(0) | Err(_)));
    }
    let took = began.elapsed();
    assert!(took >= HANDSHAKE_MAX && took < HANDSHAKE_MAX + Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn plain_http_is_not_answered_in_plain() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let files = authority.issue(&["localhost"]).put(folder.path());
    let address = listen(Tls::open(files.into()).unwrap()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
}

/// A request that runs is finished, a connection without one is closed, a handshake under way is cut off.
#[tokio::test(start_paused = true)]
async fn a_stop_lets_what_runs_finish() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let tls = Tls::open(authority.issue(&["localhost"]).put(folder.path()).into()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (entered, may_finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let gates = (Arc::clone(&entered), Arc::clone(&may_finish));
    let slow = move || async move {
        gates.0.notify_one();
        gates.1.notified().await;
        "done"
    };
    let router = Router::new().route("/", get(slow));
    let (stop, stopped) = oneshot::channel::<()>();
    let stopping = async { stopped.await.unwrap_or_default() };
    let serving = tokio::spawn(serve(Listener::new(listener, Some(tls)), router, stopping));
    let silent = TcpStream::connect(address).await.unwrap();
    let mut idle = connect(address, client(&authority, &BOTH)).await.unwrap();
    let mut busy = connect(address, client(&authority, &BOTH)).await.unwrap();
    let answer = tokio::spawn(async move { ask(&mut busy).await });
    entered.notified().await;
    let began = Instant::now();
    stop.send(()).unwrap();
    assert_eq!(idle.read(&mut [0; 64]).await.unwrap(), 0, "closed, and said so");
    may_finish.notify_one();
    assert!(answer.await.unwrap().ends_with("done"));
    serving.await.unwrap();
    assert!(began.elapsed() < HANDSHAKE_MAX, "nobody waits for a handshake");
    drop(silent);
}
