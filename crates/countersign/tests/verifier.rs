//! The verifier as a resource server embeds it, beside the real binary: what the command line takes back is refused
//! there within moments, through a rotation of the keys and a restart of the server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]

mod support;

use countersign_verifier::{Ended, Needs, Registered, VerifiedToken, Verifier};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use support::{Connection, ServerProcess, countersign};

const AUDIENCE: &str = "https://orders.example";
const PASSWORD: &str = "four geese in a tin boat";
/// For a busy machine: a test that passes does not wait for it.
const LONG: Duration = Duration::from_secs(30);

/// The binary on a folder of its own, with an account, a resource and a client that reads the feed.
struct Issuer {
    server: Option<ServerProcess>,
    address: SocketAddr,
    data: PathBuf,
    secret: String,
    _folder: tempfile::TempDir,
}

impl Issuer {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let server = ServerProcess::start(&data, "127.0.0.1:0", &[]);
        run(&data, &["account", "add", "ana", "--password-stdin"], PASSWORD);
        run(&data, &["resource", "add", AUDIENCE, "--scope", "orders:read"], "");
        let client =
            run(&data, &["client", "add", "orders", "--kind", "machine", "--scope", "feed:read", "--json"], "");
        let client: Value = serde_json::from_str(&client).unwrap();
        let secret = client["client_secret"].as_str().unwrap().to_owned();
        Self { address: server.address, server: Some(server), data, secret, _folder: folder }
    }

    /// A verifier that knows everything.
    async fn verifier(&self) -> Verifier {
        let issuer = format!("http://localhost:{}", self.address.port());
        let verifier = Verifier::builder(issuer).audience(AUDIENCE).client("orders", self.secret.clone());
        let verifier = verifier.build().await.unwrap();
        assert!(verifier.wait_until_current(LONG).await, "{:?}", verifier.metrics());
        verifier
    }

    /// An access token and its session.
    fn sign_in(&self) -> (String, String) {
        let body = json!({ "login": "ana", "password": PASSWORD, "audience": AUDIENCE, "scope": "orders:read" });
        let (status, body) = Connection::open(self.address).unwrap().post("/api/v1/sign-in", &body).unwrap();
        assert_eq!(status, 200, "{body}");
        let member = |name: &str| body[name].as_str().unwrap().to_owned();
        (member("access_token"), member("session_id"))
    }

    fn command(&self, arguments: &[&str]) {
        run(&self.data, arguments, "");
    }
}

/// Runs a command that must succeed; gives what it printed.
fn run(data: &Path, arguments: &[&str], input: &str) -> String {
    let mut command = countersign(data);
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A request with that token, as the layer sees it.
async fn ask(verifier: &Verifier, token: &str) -> Result<VerifiedToken, String> {
    let request = http::Request::get("/orders").header("authorization", format!("Bearer {token}")).body(()).unwrap();
    let (parts, ()) = request.into_parts();
    let needs = Needs::any_token().scope("orders:read");
    verifier.authenticate::<Registered>(&parts, &needs).await.map_err(|refusal| refusal.code().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_command_line_takes_back_is_refused_at_the_verifier() {
    let mut issuer = Issuer::start();
    let verifier = issuer.verifier().await;
    let (first, session) = issuer.sign_in();
    let token = ask(&verifier, &first).await.unwrap();
    assert!(token.is_fresh());
    assert_eq!(token.session(), Some(&*session));

    issuer.command(&["revoke", "--session", &session]);
    assert_eq!(tokio::time::timeout(LONG, token.revoked()).await, Ok(Ended::Revoked));
    assert_eq!(ask(&verifier, &first).await.unwrap_err(), "revoked");

    // A key that signs at once: the first token under it is not refused.
    let (before, _) = issuer.sign_in();
    issuer.command(&["key", "rotate", "--now"]);
    let (after, session) = issuer.sign_in();
    assert!(ask(&verifier, &after).await.is_ok(), "{:?}", verifier.metrics());
    assert!(ask(&verifier, &before).await.is_ok());

    // Taken back while nobody serves: it counts as soon as the server is up again.
    let listen = issuer.address.to_string();
    drop(issuer.server.take());
    issuer.command(&["revoke", "--session", &session]);
    let token = ask(&verifier, &after).await.unwrap();
    issuer.server = Some(ServerProcess::start(&issuer.data, &listen, &[]));
    assert_eq!(tokio::time::timeout(LONG, token.revoked()).await, Ok(Ended::Revoked));
    assert!(ask(&verifier, &before).await.is_ok());
}

/// Claims of our own, as a type.
#[derive(serde::Deserialize)]
struct Ours {
    tenant: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_custom_claim_is_read_as_a_type_of_ones_own() {
    let issuer = Issuer::start();
    // Claims of the resource, in place of those of the configuration.
    issuer.command(&["resource", "remove", AUDIENCE]);
    issuer.command(&["resource", "add", AUDIENCE, "--scope", "orders:read", "--claim", "tenant=attribute:tenant"]);
    issuer.command(&["account", "set", "ana", "tenant=acme"]);
    let verifier = issuer.verifier().await;
    let token = verifier.verify::<Ours>(&issuer.sign_in().0).unwrap();
    assert_eq!(token.claims().tenant, "acme");
    // Without the attribute there is no such claim, and a type that needs it refuses the token.
    issuer.command(&["account", "set", "ana", "tenant="]);
    let (without, _) = issuer.sign_in();
    assert!(verifier.verify::<Ours>(&without).is_err());
    assert!(verifier.verify::<Registered>(&without).is_ok());
}
