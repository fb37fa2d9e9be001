//! A static file behind nginx: alone, with `auth_request` to `countersign guard`, and with `auth_request` to the
//! introspection endpoint of npm `oidc-provider` in its place. One nginx, one load generator, in turn.
//!
//! Introspection answers 200 for a bad token too, which `auth_request` takes for yes: what is measured there is the cost
//! of asking for a good one, not something that would guard anything.
//!
//! ```console
//! $ npm ci --prefix benches/peers/oidc-provider
//! $ cargo build --release && cargo run --release --manifest-path benches/Cargo.toml --bin proxies
//! ```

mod nginx;

use countersign_benches::{Announced, Connection, ServerProcess, Side, command, countersign, disk, get, print_machine};
use nginx::{GUARDED, INTROSPECTED, Nginx, OPEN};
use std::path::Path;
use std::time::Duration;

const CLIENTS: usize = 32;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(3);
pub(crate) const SECRET: &str = "a-secret-that-is-long-enough-for-anybody";
const RESOURCE: &str = "https://orders.example.com";
/// The peer gives opaque tokens for it: it introspects no others.
const OPAQUE: &str = "https://opaque.example.com";

#[tokio::main]
async fn main() {
    print_machine();
    let folder = disk();
    let ours = Ours::start(&folder.path().join("data"));
    let peer = Peer::start();
    let nginx = Nginx::start(folder.path(), ours.guard.address, peer.0.address);
    let good = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let (ours_good, peers_good) = (good(&ours.token), good(&peer.token()));
    let side = |name, path, header: &str, beside: &[u32]| {
        let processes: Vec<_> = nginx.processes().into_iter().chain(beside.iter().copied()).collect();
        Side::new(name, &processes, nginx.address).asked(vec![get(path, header); CLIENTS])
    };
    let mut sides = [
        side("nginx alone", OPEN, "", &[]),
        side("nginx and the guard", GUARDED, &ours_good, &[ours.guard.id()]),
        side("nginx and introspection", INTROSPECTED, &peers_good, &[peer.0.id()]),
    ];
    for _ in 0..ROUNDS {
        for side in &mut sides {
            side.round(|_| None, ROUND).await;
        }
    }
    sides.iter().for_each(Side::print);
    let [alone, guard, introspection] = &sides;
    guard.rate.print_ratio(&alone.rate, "(none)");
    guard.print_ratios(introspection);
}

/// The real server, a token of a machine, and the guard beside it.
struct Ours {
    _server: ServerProcess,
    guard: Announced,
    token: String,
}

impl Ours {
    fn start(data: &Path) -> Self {
        let _ = command(data, &["resource", "add", RESOURCE, "--scope", "orders:read"], "");
        let machine =
            ["client", "add", "machine", "--kind", "machine", "--scope", "orders:read", "--resource", RESOURCE];
        let machine = command(data, &machine, "");
        let secret = data.with_file_name("guard.secret");
        let path = secret.display().to_string();
        let guard = ["client", "add", "guard", "--kind", "machine", "--scope", "feed:read", "--secret-out", &path];
        let _ = command(data, &guard, "");
        let server = ServerProcess::start(data, &[("COUNTERSIGN_TOKENS__ACCESS_LIFETIME", "1h")]);
        let form = format!("grant_type=client_credentials&resource={}", encoded(RESOURCE));
        let mut connection = Connection::open(server.address);
        let (status, answer) =
            connection.post_form("/oauth2/token", ("machine", text(&machine, "client_secret")), &form);
        assert_eq!(status, 200, "{answer}");
        let mut guard = countersign(&data.with_file_name("guard"));
        guard.args(["guard", "--json", "--listen", "127.0.0.1:0", "--audience", RESOURCE, "--proxy", "nginx"]);
        guard.args(["--issuer", &server.issuer, "--client-id", "guard", "--secret-file"]).arg(secret);
        let guard = Announced::start(&mut guard);
        until_ready(&guard);
        Self { _server: server, guard, token: text(&answer, "access_token").to_owned() }
    }
}

fn until_ready(guard: &Announced) {
    let mut connection = Connection::open(guard.address);
    while connection.send("GET /readyz", None, &serde_json::Value::Null).0 != 200 {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// npm `oidc-provider`, with introspection.
struct Peer(Announced);

impl Peer {
    fn start() -> Self {
        Self(Announced::oidc_provider(0))
    }

    fn token(&self) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id=machine&client_secret={SECRET}&scope=orders%3Aread&resource={}",
            encoded(OPAQUE)
        );
        let mut connection = Connection::open(self.0.address);
        let (status, answer) = connection.post_form_as_nobody("/token", &form);
        assert_eq!(status, 200, "{answer}");
        let token = text(&answer, "access_token").to_owned();
        let form = format!("client_id=machine&client_secret={SECRET}&token={token}");
        let (status, answer) = connection.post_form_as_nobody("/token/introspection", &form);
        assert_eq!((status, &answer["active"]), (200, &serde_json::Value::Bool(true)), "{answer}");
        token
    }
}

fn text<'a>(document: &'a serde_json::Value, name: &str) -> &'a str {
    document[name].as_str().unwrap_or_else(|| panic!("no {name}: {document}"))
}

fn encoded(resource: &str) -> String {
    resource.replace(':', "%3A").replace('/', "%2F")
}
