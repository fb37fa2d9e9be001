//! The examples as a newcomer starts them, with the commands of their READMEs.

use crate::stage::{LONG, PASSWORD, Stage, Tokens, free_address};
use crate::stream::Reading;
use crate::support::Connection;
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio::task::block_in_place;

const AUDIENCE: &str = "https://orders.example";

/// The folder of the binaries, once both are built there: cargo hands a test only those of its own package.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap();
        let profile = match folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let mut cargo = Command::new(std::env::var("CARGO").expect("cargo runs the tests"));
        cargo.args(["build", "--offline", "--locked", "--profile", profile, "--target-dir"]);
        cargo.arg(folder.parent().unwrap()).args([
            "--package",
            "example-axum-api",
            "--package",
            "example-tower-service",
        ]);
        cargo.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
        let output = cargo.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.to_owned()
    })
}

/// A running example. Killed when dropped.
struct Api {
    child: Child,
    address: SocketAddr,
}

impl Api {
    fn start(name: &str, stage: &Stage, secret_file: &Path) -> Self {
        let (address, binary) = (free_address(), built().join(name));
        let mut command = Command::new(binary);
        command.env_clear().env("ISSUER", stage.issuer()).env("AUDIENCE", AUDIENCE).env("CLIENT_ID", "api");
        command.env("CLIENT_SECRET_FILE", secret_file).env("LISTEN", address.to_string());
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        Self { child, address }
    }

    /// The status of an answer; none while it does not answer.
    fn status(&self, method: &str, path: &str, tokens: Option<&Tokens>) -> Option<u16> {
        let token = tokens.map(|tokens| tokens.access.as_str());
        let mut connection = Connection::open(self.address).ok()?;
        connection.send(method, path, token, None).ok().map(|(status, _)| status)
    }

    /// How long it takes until the answer is this.
    fn until(&self, status: u16, method: &str, path: &str, tokens: Option<&Tokens>) -> Duration {
        let begun = Instant::now();
        while self.status(method, path, tokens) != Some(status) {
            assert!(begun.elapsed() < LONG, "{path} does not answer {status}");
            std::thread::sleep(Duration::from_millis(5));
        }
        begun.elapsed()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sign_in(stage: &Stage, scope: &str) -> Tokens {
    let login = json!({ "login": "ana", "password": PASSWORD, "audience": AUDIENCE, "scope": scope });
    stage.sign_in_for(&login)
}

fn plays_what_its_readme_says(name: &str) {
    let stage = Stage::start(&[]);
    stage.command(&["resource", "add", AUDIENCE, "--scope", "orders:read", "--scope", "transfers:write"]);
    let secret_file = stage.place.path("api.secret");
    let client = ["client", "add", "api", "--kind", "machine", "--scope", "feed:read", "--secret-out"];
    stage.command(&[&client[..], &[secret_file.to_str().unwrap()]].concat());
    let api = Api::start(name, &stage, &secret_file);
    let (reader, writer) = (sign_in(&stage, "orders:read"), sign_in(&stage, "transfers:write"));
    api.until(200, "GET", "/", None);
    api.until(200, "GET", "/orders", Some(&reader));
    assert_eq!(api.status("GET", "/orders", None), Some(401));
    assert_eq!(api.status("GET", "/events", None), Some(401));
    assert_eq!(api.status("POST", "/transfers", None), Some(401));
    assert_eq!(api.status("POST", "/transfers", Some(&reader)), Some(403));
    // Tokens are good a moment before it is known whether they are revoked; here that must be known.
    api.until(200, "POST", "/transfers", Some(&writer));
    let events = Reading::open(api.address, &reader.access);
    stage.sign_out(&reader);
    let took = api.until(401, "GET", "/orders", Some(&reader));
    assert!(took < Duration::from_secs(1), "{took:?}");
    events.read_out();
    assert_eq!(api.status("GET", "/events", Some(&reader)), Some(401));
    assert_eq!(api.status("GET", "/orders", Some(&writer)), Some(200), "another session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_axum_example_does_what_its_readme_says() {
    block_in_place(|| plays_what_its_readme_says("example-axum-api"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tower_example_does_what_its_readme_says() {
    block_in_place(|| plays_what_its_readme_says("example-tower-service"));
}
