//! A route that verifies one access token, as an API in three languages has it: axum with our verifier, Express with
//! `jose`, FastAPI (uvicorn) with PyJWT. The same ES256 tokens, one process each, in turn under the same clients.
//!
//! ```console
//! $ npm ci --prefix benches/peers/express
//! $ cd benches/peers/fastapi && python3 -m venv .venv && .venv/bin/pip install -r requirements.txt; cd -
//! $ cargo run --release --manifest-path benches/Cargo.toml --bin routes_elsewhere
//! ```

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get as route;
use countersign_benches::{Announced, Connection, Side, get, print_machine};
use countersign_verifier::{Bearer, TestIssuer, TestOptions, Verifier};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpListener;

const CLIENTS: usize = 64;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(3);
const AUDIENCE: &str = "https://orders.example";

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [part, issuer] = arguments.as_slice()
        && part == "ours"
    {
        return serve(issuer).await;
    }
    print_machine();
    let mut options = TestOptions::default();
    options.head_every = Duration::from_secs(1);
    let issuer = TestIssuer::start_with(options).await;
    let keys = keys(issuer.url()).await.to_string();
    let mut ours = Command::new(std::env::current_exe().expect("this program"));
    let ours = Announced::start(ours.args(["ours", issuer.url()]));
    let mut express = Command::new("node");
    express.arg("server.mjs").current_dir(peer("express", "node_modules", "npm ci"));
    let express = Announced::start(express.args([issuer.url(), AUDIENCE, &keys]).env("NODE_ENV", "production"));
    let fastapi = peer("fastapi", ".venv", "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt");
    let mut python = Command::new(fastapi.join(".venv/bin/python"));
    let fastapi = Announced::start(python.arg("server.py").args([issuer.url(), AUDIENCE, &keys]).current_dir(fastapi));

    let guarded: Vec<_> =
        (0..CLIENTS).map(|_| format!("Authorization: Bearer {}\r\n", issuer.mint(AUDIENCE).token)).collect();
    let side = |name, server: &Announced, path: &str| {
        Side::new(name, &[server.id()], server.address).asked(guarded.iter().map(|header| get(path, header)).collect())
    };
    let mut sides = [
        side("axum, our verifier, cached", &ours, "/orders"),
        side("axum, our verifier, each token anew", &ours, "/anew"),
        side("Express, jose", &express, "/orders"),
        side("FastAPI, PyJWT", &fastapi, "/orders"),
        side("axum, the route without", &ours, "/open"),
        side("Express, the route without", &express, "/open"),
        side("FastAPI, the route without", &fastapi, "/open"),
    ];
    for _ in 0..ROUNDS {
        for side in &mut sides {
            side.round(|_| None, ROUND).await;
        }
    }
    sides.iter().for_each(Side::print);
    let [cached, anew, express, fastapi, ..] = &sides;
    for ours in [cached, anew] {
        for theirs in [express, fastapi] {
            ours.print_ratios(theirs);
        }
    }
}

/// Where a peer is, if its packages are there.
fn peer(name: &str, packages: &str, install: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name);
    assert!(folder.join(packages).exists(), "first, in benches/peers/{name}: {install}");
    folder
}

async fn keys(issuer: &str) -> Value {
    let address: SocketAddr = issuer.trim_start_matches("http://").parse().expect("an address");
    let fetched = tokio::task::spawn_blocking(move || Connection::open(address).send("GET /jwks", None, &Value::Null));
    fetched.await.expect("it answers").1
}

/// Our side, in a process of its own.
async fn serve(issuer: &str) {
    let router = Router::new()
        .route("/open", route(async || ([(CONTENT_TYPE, "application/json")], r#"{"subject":"nobody"}"#)))
        .merge(Router::new().route("/orders", route(orders)).with_state(verifier(issuer, 16 << 20).await))
        .merge(Router::new().route("/anew", route(orders)).with_state(verifier(issuer, 0).await));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", json!({ "listen": listener.local_addr().expect("bound").to_string() }));
    axum::serve(listener, router).await.expect("it serves");
}

async fn verifier(issuer: &str, cache_bytes: usize) -> Verifier {
    let verifier = Verifier::builder(issuer).audience(AUDIENCE).cache_bytes(cache_bytes).build().await;
    let verifier = verifier.expect("a verifier");
    assert!(verifier.wait_until_current(Duration::from_secs(10)).await);
    verifier
}

async fn orders(Bearer(token): Bearer) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], json!({ "subject": token.subject() }).to_string())
}
