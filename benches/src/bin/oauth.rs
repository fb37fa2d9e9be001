//! The token endpoint beside npm `oidc-provider` and a bare axum endpoint that only signs: requests a second, and
//! processor time a request. Each side is a process of its own, in turn, under the same clients. Ours commits every
//! refresh to the disk; the peer keeps everything in memory.
//!
//! ```console
//! $ npm ci --prefix benches/peers/oidc-provider
//! $ cargo build --release && cargo run --release --manifest-path benches/Cargo.toml --bin oauth
//! ```

use countersign_benches::{
    Connection, Round, Series, ServerProcess, countersign, disk, member, post, print_machine, processor_time_of, round,
    serve_bare,
};
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::client::{ClientId, RedirectUri};
use countersign_core::grant::{AuthorizedCode, CodeChallenge};
use countersign_core::limits::CODE_LIFETIME;
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_core::store::{AccountStore as _, GrantStore as _, SaveCode};
use countersign_core::{Draw, Source as _};
use countersign_server::SystemSource;
use countersign_store_sqlite::{Options, SqliteStore};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const CLIENTS: usize = 64;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(3);
const RESOURCE: &str = "https://orders.example.com";
const CALLBACK: &str = "http://127.0.0.1/callback";
const PASSWORD: &str = "a long enough phrase";
// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[tokio::main]
async fn main() {
    if std::env::args().nth(1).as_deref() == Some("bare") {
        println!("{}", json!({ "listen": serve_bare().await.to_string() }));
        return std::future::pending().await;
    }
    print_machine();
    let folder = disk();
    let ours = Ours::start(folder.path()).await;
    let peer = Peer::start();
    let bare = Announced::start(Command::new(std::env::current_exe().expect("this program")).arg("bare"));

    let mut machines = [
        Side::new(["client_credentials", "  processor time"], ours.server.id(), ours.server.address),
        Side::new(["oidc-provider: client_credentials", "  processor time"], peer.0.child.id(), peer.0.address),
        Side::new(["bare endpoint that only signs", "  processor time"], bare.child.id(), bare.address),
    ];
    machines[0].requests = vec![ours.machine.clone(); CLIENTS];
    machines[1].requests = vec![peer.machine(); CLIENTS];
    machines[2].requests = vec![post("/sign", FORM, ""); CLIENTS];
    let mut apps = [
        Side::new(["refresh_token, committed", "  processor time"], ours.server.id(), ours.server.address),
        Side::new(["oidc-provider: refresh_token", "  processor time"], peer.0.child.id(), peer.0.address),
    ];
    apps[0].requests = ours.refreshes.clone();
    apps[1].requests = peer.refreshes();
    for _ in 0..ROUNDS {
        for side in &mut machines {
            side.round(|_| None).await;
        }
        apps[0].round(|content| member(content, "refresh_token").map(|token| refresh("/oauth2/token", token))).await;
        apps[1].round(|content| member(content, "refresh_token").map(|token| refresh("/token", token))).await;
    }
    for side in machines.iter().chain(&apps) {
        side.rate.print();
        side.cost.print();
    }
    println!("requests a second:");
    machines[0].rate.print_ratio(&machines[2].rate, "at least 0.60");
    machines[0].rate.print_ratio(&machines[1].rate, "more");
    apps[0].rate.print_ratio(&apps[1].rate, "more");
    println!("processor time a request:");
    machines[1].cost.print_ratio(&machines[0].cost, "at least 8");
    apps[1].cost.print_ratio(&apps[0].cost, "at least 8");
}

/// One of those that are compared, by one kind of request.
struct Side {
    rate: Series,
    cost: Series,
    process: u32,
    address: SocketAddr,
    requests: Vec<String>,
}

impl Side {
    fn new([rate, cost]: [&'static str; 2], process: u32, address: SocketAddr) -> Self {
        let (rate, cost) = (Series::new(rate, "1/s"), Series::new(cost, "us"));
        Self { rate, cost, process, address, requests: Vec::new() }
    }

    async fn round(&mut self, next: fn(&[u8]) -> Option<String>) {
        let before = processor_time_of(self.process);
        let requests = std::mem::take(&mut self.requests);
        let round: Round = round(self.address, requests, next, ROUND).await;
        self.rate.add(round.rate());
        self.cost.add((processor_time_of(self.process) - before) * 1e6 / round.answered as f64);
        self.requests = round.next;
    }
}

fn refresh(path: &str, token: &str) -> String {
    post(path, FORM, &format!("grant_type=refresh_token&client_id=app&refresh_token={token}"))
}

fn client_credentials(path: &str, secret: &str) -> String {
    let form = "grant_type=client_credentials&scope=orders%3Aread&resource=https%3A%2F%2Forders.example.com";
    post(path, FORM, &format!("client_id=machine&client_secret={secret}&{form}"))
}

/// The release binary on a database, with a machine and sessions of an app.
struct Ours {
    server: ServerProcess,
    machine: String,
    refreshes: Vec<String>,
}

impl Ours {
    async fn start(data: &Path) -> Self {
        command(data, &["resource", "add", RESOURCE, "--scope", "orders:read"], "");
        let machine = ["client", "add", "machine", "--kind", "machine", "--auth", "client_secret_post"];
        let may = ["--scope", "orders:read", "--resource", RESOURCE];
        let machine = command(data, &[&machine[..], &may].concat(), "");
        let secret = machine["client_secret"].as_str().expect("a secret");
        let app = ["client", "add", "app", "--kind", "native", "--redirect-uri", CALLBACK];
        command(data, &[&app[..], &may].concat(), "");
        command(data, &["account", "add", "ana", "--password-stdin"], PASSWORD);
        // No row 11: every refresh is a commit.
        let server = ServerProcess::start(data, &[("COUNTERSIGN_SESSIONS__GRACE", "0s")]);
        let refreshes = sessions(data, &server).await.iter().map(|token| refresh("/oauth2/token", token)).collect();
        let machine = client_credentials("/oauth2/token", secret);
        Self { server, machine, refreshes }
    }
}

/// A command that prints JSON.
fn command(data: &Path, arguments: &[&str], input: &str) -> Value {
    let mut command = countersign(data);
    let mut child = command.args(arguments).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{arguments:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Sessions of the app: codes are given by the store, as the authorization endpoint gives them, and exchanged by HTTP.
async fn sessions(data: &Path, server: &ServerProcess) -> Vec<String> {
    let store = SqliteStore::open(&Options::at(data.join("countersign.db"))).expect("the server's database");
    let mut connection = Connection::open(server.address);
    let sign_in = json!({ "login": "ana", "password": PASSWORD });
    let (_, signed_in) = connection.send("POST /api/v1/sign-in", None, &sign_in);
    let bearer = format!("Bearer {}", signed_in["access_token"].as_str().expect("a token"));
    let (_, me) = connection.send("GET /api/v1/me", Some(&bearer), &Value::Null);
    let account = store.account(me["id"].as_str().unwrap().parse().unwrap()).await.unwrap().expect("the account");
    let mut tokens = Vec::new();
    for _ in 0..CLIENTS {
        let draw = Draw::from(&SystemSource::new());
        let code = AuthorizedCode {
            client: ClientId::parse("app").unwrap(),
            redirect_uri: RedirectUri::parse(CALLBACK).unwrap(),
            redirect_uri_named: true,
            account: account.id,
            floor: account.sessions_floor,
            parent: signed_in["session_id"].as_str().unwrap().parse().unwrap(),
            authenticated_at: SystemSource::new().now(),
            scope: ScopeSet::parse("orders:read offline_access").unwrap(),
            audience: ResourceUri::parse(RESOURCE).unwrap(),
            nonce: None,
            id_token_claims: Default::default(),
            challenge: CodeChallenge::parse(CHALLENGE).unwrap(),
            jkt: None,
            expires_at: draw.now + CODE_LIFETIME,
            redeemed: None,
        };
        let given = draw.authorization_code();
        let audit = AuditEvent::new(draw.now, "code.given", Actor::named("bench"));
        store.save_code(SaveCode { hash: given.hash(), code, spends: None, audit }).await.expect("it is kept");
        let form = format!(
            "grant_type=authorization_code&client_id=app&code={}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}",
            given.expose()
        );
        let (status, answer) = connection.post_form_as_nobody("/oauth2/token", &form);
        assert_eq!(status, 200, "{answer}");
        tokens.push(answer["refresh_token"].as_str().expect("a refresh token").to_owned());
    }
    store.close().await;
    tokens
}

/// A process whose last line at its start says where it listens. Killed when dropped.
struct Announced {
    child: Child,
    address: SocketAddr,
    said: Value,
}

impl Announced {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let said = lines.find_map(|line| serde_json::from_str::<Value>(&line).ok());
        // Whatever else it says is read too: it must not meet a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let said = said.expect("it says where it listens");
        let address = said["listen"].as_str().and_then(|at| at.parse().ok()).expect("an address");
        Self { child, address, said }
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// npm `oidc-provider`.
struct Peer(Announced);

impl Peer {
    fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/oidc-provider");
        assert!(folder.join("node_modules").exists(), "first: npm ci --prefix benches/peers/oidc-provider");
        let mut command = Command::new("node");
        command.arg("server.mjs").arg(CLIENTS.to_string()).current_dir(folder).env("NODE_ENV", "production");
        Self(Announced::start(&mut command))
    }

    fn machine(&self) -> String {
        client_credentials("/token", "a-secret-that-is-long-enough-for-anybody")
    }

    fn refreshes(&self) -> Vec<String> {
        let tokens = self.0.said["tokens"].as_array().expect("tokens");
        tokens.iter().map(|token| refresh("/token", token.as_str().expect("text"))).collect()
    }
}
