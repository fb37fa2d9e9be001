//! An axum route behind the extractor `Bearer` against the same route without, over HTTP on the loopback with kept
//! connections; all routes get the same requests with the same tokens. Clients and server share the machine.

use crate::{AUDIENCE, TOKENS, issuer, tokens, verifier};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use axum::routing::get;
use countersign_benches::{Connection, Series};
use countersign_verifier::{Bearer, Registered};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_secs(1);

/// What `jsonwebtoken` needs for each request, prepared once.
struct Peer {
    key: DecodingKey,
    validation: Validation,
}

pub async fn run() {
    println!("\nan axum route over HTTP, {CONNECTIONS} kept connections, {TOKENS} tokens in turn");
    let issuer = issuer().await;
    let address: SocketAddr = issuer.url().trim_start_matches("http://").parse().expect("an address");
    let jwks = tokio::task::spawn_blocking(move || Connection::open(address).send("GET /jwks", None, &().into()).1);
    let peer = Arc::new(peer(&jwks.await.expect("it answers"), issuer.url()));
    let router = Router::new()
        .route("/bare", get(bare))
        .merge(Router::new().route("/jsonwebtoken", get(peer_guarded)).with_state(peer))
        .merge(Router::new().route("/cached", get(guarded)).with_state(verifier(&issuer, 16 << 20).await))
        .merge(Router::new().route("/uncached", get(guarded)).with_state(verifier(&issuer, 0).await));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let tokens = Arc::new(tokens(&issuer));
    let mut bare = Series::new("the route without", "1/s");
    let mut cached = Series::new("Bearer, cached", "1/s");
    let mut uncached = Series::new("Bearer, uncached", "1/s");
    let mut peer = Series::new("jsonwebtoken in the handler", "1/s");
    round(address, "/cached", &tokens).await;
    for _ in 0..ROUNDS {
        bare.add(round(address, "/bare", &tokens).await);
        cached.add(round(address, "/cached", &tokens).await);
        uncached.add(round(address, "/uncached", &tokens).await);
        peer.add(round(address, "/jsonwebtoken", &tokens).await);
    }
    [&bare, &cached, &uncached, &peer].iter().for_each(|series| series.print());
    cached.print_ratio(&bare, "at least 0.90");
    uncached.print_ratio(&bare, "(a prototype had 0.16)");
    cached.print_ratio(&peer, "(none)");
    uncached.print_ratio(&peer, "(none)");
}

async fn bare() -> &'static str {
    "orders"
}

async fn guarded(Bearer(_token): Bearer) -> &'static str {
    "orders"
}

/// What its users write: signature, `exp`, `aud` and `iss`; it knows nothing of revocation.
async fn peer_guarded(State(peer): State<Arc<Peer>>, headers: HeaderMap) -> Result<&'static str, StatusCode> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
    decode::<Registered>(token, &peer.key, &peer.validation).map_err(|_| StatusCode::UNAUTHORIZED)?;
    Ok("orders")
}

fn peer(jwks: &serde_json::Value, issuer: &str) -> Peer {
    let jwks: JwkSet = serde_json::from_value(jwks.clone()).expect("a JWK Set");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[issuer]);
    Peer { key: DecodingKey::from_jwk(&jwks.keys[0]).expect("a key"), validation }
}

/// Answers a second.
async fn round(address: SocketAddr, path: &'static str, tokens: &Arc<Vec<String>>) -> f64 {
    let started = Instant::now();
    let client = |number| tokio::spawn(client(address, path, Arc::clone(tokens), number * 31, started));
    let clients: Vec<_> = (0..CONNECTIONS).map(client).collect();
    let mut answered = 0;
    for client in clients {
        answered += client.await.expect("a client does not panic");
    }
    answered as f64 / started.elapsed().as_secs_f64()
}

async fn client(
    address: SocketAddr,
    path: &'static str,
    tokens: Arc<Vec<String>>,
    mut next: usize,
    started: Instant,
) -> u64 {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("TCP");
    let mut answer = [0; 1024];
    let mut answered = 0;
    while started.elapsed() < ROUND {
        let token = &tokens[next % TOKENS];
        next += 1;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut read = 0;
        // Every answer ends with the word; nothing else does.
        while !answer[..read].ends_with(b"orders") {
            let more = stream.read(&mut answer[read..]).await.expect("it answers");
            assert!(more > 0, "{}", String::from_utf8_lossy(&answer[..read]));
            read += more;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        answered += 1;
    }
    answered
}
