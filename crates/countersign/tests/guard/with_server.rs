//! The guard and the real server, set up by the commands that docs/integrating/guard.md begins with.

use crate::stage::{AUDIENCE, block, send, until, until_ready};
use crate::support::{Connection, ServerProcess, countersign};
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

const PASSWORD: &str = "four geese in a tin boat";

/// The commands of the page, each as its arguments.
fn commands() -> Vec<Vec<String>> {
    let text = block("sh").replace("\\\n", " ");
    text.lines().map(|line| line.split_whitespace().skip(1).map(str::to_owned).collect()).collect()
}

fn run(data: &Path, arguments: &[String], input: &str) {
    let mut child = countersign(data).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{arguments:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_issues_is_taken_until_it_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = ServerProcess::start(&data, "127.0.0.1:0", &[]);
    let issuer = format!("http://localhost:{}", server.address.port());
    let commands = commands();
    let [resource, client, guard] = commands.as_slice() else { panic!("{commands:?}") };
    run(&data, resource, "");
    run(&data, client, "");
    run(&data, &["account", "add", "ana", "--password-stdin"].map(str::to_owned), PASSWORD);
    let mut command = countersign(&folder.path().join("guard-data"));
    let arguments = guard.iter().map(|argument| argument.replace("https://auth.example.com", &issuer));
    command.args(arguments).args(["--json", "--listen", "127.0.0.1:0"]);
    let guard = ServerProcess::started(command);
    until_ready(&guard).await;

    let mut connection = Connection::open(server.address).unwrap();
    let body = json!({ "login": "ana", "password": PASSWORD, "audience": AUDIENCE, "scope": "orders:read" });
    let (status, tokens) = connection.post("/api/v1/sign-in", &body).unwrap();
    assert_eq!(status, 200, "{tokens}");
    let token = tokens["access_token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let ask = || {
        let original =
            [("X-Original-Method", "GET"), ("X-Original-URI", "/orders"), ("Authorization", bearer.as_str())];
        send(guard.address, "GET /verify", &original, "")
    };
    let answer = ask();
    let session = tokens["session_id"].as_str();
    assert_eq!((answer.status, answer.header("x-auth-session")), (200, session));
    assert_eq!(
        (answer.header("x-auth-scope"), answer.header("x-auth-client")),
        (Some("orders:read"), Some("countersign"))
    );
    let (status, _) =
        connection.post("/api/v1/sign-out", &json!({ "refresh_token": tokens["refresh_token"] })).unwrap();
    assert_eq!(status, 204);
    until("signed out", || ask().status == 401).await;
}
