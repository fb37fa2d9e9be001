//! The listener: HTTP/1.1, plain or over TLS, with explicit limits, and a stop that lets what runs finish.

use crate::http::PeerAddress;
use crate::limits::{CONNECTIONS_MAX, DRAIN_MAX, HEADER_BYTES_MAX, HEADER_FIELDS_READ_MAX, HEADER_READ_MAX};
use crate::tls::Tls;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown, Watcher};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::coop::unconstrained;
use tower::ServiceExt;

// Where accepting fails for want of descriptors, trying again at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where connections come in, and whether they speak TLS. A plain `TcpListener` is one too.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<Tls>,
}

/// A connection that was accepted, before it said anything.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
}

/// What a connection needs to hear that the server stops.
struct Stop {
    watcher: Watcher,
    /// Closed at the stop: a handshake that is under way then has no request to finish.
    stopped: watch::Receiver<()>,
}

impl Listener {
    /// On `tcp`; speaks TLS if there is a certificate for it.
    #[must_use]
    pub const fn new(tcp: TcpListener, tls: Option<Tls>) -> Self {
        Self { tcp, tls }
    }
}

impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self::new(tcp, None)
    }
}

/// Serves `router` on `listener` until `stop` resolves; then takes nothing new and gives what runs ten seconds.
pub async fn serve(listener: impl Into<Listener>, router: Router, stop: impl Future<Output = ()>) {
    let Listener { tcp, tls } = listener.into();
    let graceful = GracefulShutdown::new();
    let (stopping, stopped) = watch::channel(());
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            // Without the pauses that tasks make for others: while all verifiers come back, whoever is not accepted at once
            // finds no room, and tries again only after a second.
            accepted = unconstrained(accept(&tcp, &places)) => accepted,
        };
        if let Some(accepted) = accepted {
            let stop = Stop { watcher: graceful.watcher(), stopped: stopped.clone() };
            tokio::spawn(accepted.answer(tls.clone(), router.clone(), stop));
        }
    }
    drop((tcp, stopping));
    if tokio::time::timeout(DRAIN_MAX, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
}

impl Accepted {
    /// The whole life of a connection; a handshake takes place here, so that it keeps nobody else waiting.
    async fn answer(self, tls: Option<Tls>, router: Router, mut stop: Stop) {
        let Self { stream, peer, place } = self;
        let ended = match tls {
            None => stop.watcher.watch(connect(stream, peer, router)).await,
            Some(tls) => {
                let handshake = tokio::select! {
                    _ = stop.stopped.changed() => return,
                    handshake = tls.accept(stream) => handshake,
                };
                match handshake {
                    Ok(stream) => stop.watcher.watch(connect(stream, peer, router)).await,
                    Err(error) => return tracing::debug!(%peer, %error, "no TLS handshake"),
                }
            }
        };
        // A peer that breaks off or sends what is no HTTP is its own affair.
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "connection ended");
        }
        drop(place);
    }
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are small and whole: nothing is gained by waiting for more.
            stream.set_nodelay(true).ok();
            Some(Accepted { stream, peer, place })
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

fn connect<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
) -> impl GracefulConnection<Output = Result<(), hyper::Error>, Error = hyper::Error> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(PeerAddress(peer));
        router.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_MAX)
        .max_headers(HEADER_FIELDS_READ_MAX)
        // Room for one header block beyond the limit, so that it can be answered rather than cut off.
        .max_buf_size(2 * HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
}
