//! Refresh over HTTP, every one committed (`sessions.grace = 0`, FULL, ES256), against a bare axum endpoint that only
//! signs the same claims with the same key. Both sides share the machine with the same clients, in turn.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin refresh`

use countersign_benches::{Bench, Series, disk, member, post, print_machine, round, serve_bare};
use std::time::Duration;

const CLIENTS: usize = 64;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(3);
const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::main]
async fn main() {
    print_machine();
    let folder = disk();
    let bench = Bench::start(folder.path()).await;
    let bare = serve_bare().await;
    let mut requests = Vec::new();
    for client in 0..CLIENTS {
        requests.push(request(&bench.session(client).await));
    }
    let mut ours = Series::new("refresh over HTTP, committed", "1/s");
    let mut signs = Series::new("bare endpoint that only signs", "1/s");
    for _ in 0..ROUNDS {
        signs.add(round(bare, vec![post("/sign", JSON, "{}"); CLIENTS], |_| None, ROUND).await.rate());
        let next = |content: &[u8]| member(content, "refresh_token").map(request);
        let refreshed = round(bench.address, requests, next, ROUND).await;
        ours.add(refreshed.rate());
        requests = refreshed.next;
    }
    ours.print();
    signs.print();
    ours.print_ratio(&signs, "at least 0.45");
}

fn request(token: &str) -> String {
    post("/api/v1/refresh", JSON, &format!("{{\"refresh_token\":\"{token}\"}}"))
}
