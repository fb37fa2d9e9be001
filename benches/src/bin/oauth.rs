//! The token endpoint beside npm `oidc-provider` and a bare axum endpoint that only signs: requests a second, and
//! processor time a request. Each side is a process of its own, in turn, under the same clients. Ours commits every
//! refresh to the disk; the peer keeps everything in memory.
//!
//! ```console
//! $ npm ci --prefix benches/peers/oidc-provider
//! $ cargo build --release && cargo run --release --manifest-path benches/Cargo.toml --bin oauth
//! ```

use countersign_benches::{
    Announced, Connection, ServerProcess, Side, command, disk, member, post, print_machine, serve_bare,
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
use std::path::Path;
use std::process::Command;
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

    let ours_is = |rate| Side::new(rate, &[ours.server.id()], ours.server.address);
    let peer_is = |rate| Side::new(rate, &[peer.0.id()], peer.0.address);
    let mut machines = [
        ours_is("client_credentials").asked(vec![ours.machine.clone(); CLIENTS]),
        peer_is("oidc-provider: client_credentials").asked(vec![peer.machine(); CLIENTS]),
        Side::new("bare endpoint that only signs", &[bare.id()], bare.address)
            .asked(vec![post("/sign", FORM, ""); CLIENTS]),
    ];
    let mut apps = [
        ours_is("refresh_token, committed").asked(ours.refreshes.clone()),
        peer_is("oidc-provider: refresh_token").asked(peer.refreshes()),
    ];
    let next = |content: &[u8]| member(content, "refresh_token").map(|token| refresh("/oauth2/token", token));
    let peers_next = |content: &[u8]| member(content, "refresh_token").map(|token| refresh("/token", token));
    for _ in 0..ROUNDS {
        for side in &mut machines {
            side.round(|_| None, ROUND).await;
        }
        apps[0].round(next, ROUND).await;
        apps[1].round(peers_next, ROUND).await;
    }
    machines.iter().chain(&apps).for_each(Side::print);
    println!("requests a second:");
    machines[0].rate.print_ratio(&machines[2].rate, "at least 0.60");
    machines[0].rate.print_ratio(&machines[1].rate, "more");
    apps[0].rate.print_ratio(&apps[1].rate, "more");
    println!("processor time a request:");
    machines[1].cost.print_ratio(&machines[0].cost, "at least 8");
    apps[1].cost.print_ratio(&apps[0].cost, "at least 8");
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

/// npm `oidc-provider`.
struct Peer(Announced);

impl Peer {
    fn start() -> Self {
        Self(Announced::oidc_provider(CLIENTS))
    }

    fn machine(&self) -> String {
        client_credentials("/token", "a-secret-that-is-long-enough-for-anybody")
    }

    fn refreshes(&self) -> Vec<String> {
        let tokens = self.0.said["tokens"].as_array().expect("tokens");
        tokens.iter().map(|token| refresh("/token", token.as_str().expect("text"))).collect()
    }
}
