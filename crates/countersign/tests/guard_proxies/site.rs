//! The issuer, the guard and the application, each on a port of the loopback.

use crate::support::{Connection, ServerProcess, countersign};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const AUDIENCE: &str = "https://app.example.com";
/// For a busy machine: a test that passes does not wait for it.
const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Site {
    folder: tempfile::TempDir,
    issuer: Option<ServerProcess>,
    issuer_address: SocketAddr,
    guard: Option<ServerProcess>,
    guard_address: SocketAddr,
    application: SocketAddr,
    arrived: Arc<AtomicU64>,
    secret: String,
    token: String,
}

impl Site {
    pub(crate) fn start(proxy: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        run(&data, &["resource", "add", AUDIENCE, "--scope", "orders:read", "--scope", "orders:write"]);
        let add = ["client", "add", "machine", "--kind", "machine", "--scope", "orders:read", "--resource", AUDIENCE];
        let secret = secret(&run(&data, &add));
        let secret_file = folder.path().join("guard.secret");
        let path = secret_file.display().to_string();
        run(&data, &["client", "add", "guard", "--kind", "machine", "--scope", "feed:read", "--secret-out", &path]);
        let issuer = ServerProcess::start(&data, "127.0.0.1:0", &[]);
        let config = folder.path().join("countersign-guard.toml");
        std::fs::write(&config, rules(issuer.address, &secret_file, proxy)).unwrap();
        let mut command = countersign(&folder.path().join("guard"));
        command.args(["guard", "--json", "--listen", "127.0.0.1:0", "--config"]).arg(&config);
        let guard = ServerProcess::started(command);
        let (arrived, guard_address) = (Arc::new(AtomicU64::new(0)), guard.address);
        let application = application(Arc::clone(&arrived));
        let (issuer_address, issuer, guard, token) = (issuer.address, Some(issuer), Some(guard), String::new());
        let mut site =
            Self { folder, issuer, issuer_address, guard, guard_address, application, arrived, secret, token };
        site.token = site.another_token();
        let mut ready = Connection::open(guard_address).unwrap();
        until("the guard is ready", || ready.send("GET", "/readyz", None, None).unwrap().0 == 200);
        site
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn guard(&self) -> SocketAddr {
        self.guard_address
    }

    pub(crate) fn application(&self) -> SocketAddr {
        self.application
    }

    /// How many requests reached the application.
    pub(crate) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::SeqCst)
    }

    /// With scope `orders:read`.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The same, of another session.
    pub(crate) fn another_token(&self) -> String {
        let form = "grant_type=client_credentials&scope=orders%3Aread&resource=https%3A%2F%2Fapp.example.com";
        let mut connection = Connection::open(self.issuer_address).unwrap();
        let (status, answer) = connection.post_form("/oauth2/token", ("machine", &self.secret), form).unwrap();
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn revoke(&self, token: &str) {
        run(&self.folder.path().join("data"), &["revoke", "--token", token]);
    }

    pub(crate) fn end_issuer(&mut self) {
        self.issuer.take().unwrap().kill();
    }

    pub(crate) fn end_guard(&mut self) {
        self.guard.take().unwrap().kill();
    }
}

fn rules(issuer: SocketAddr, secret_file: &Path, proxy: &str) -> String {
    let (port, secret_file) = (issuer.port(), secret_file.display());
    format!(
        r#"proxy = "{proxy}"
max_staleness = "2s"

[[issuer]]
url = "http://localhost:{port}"
audience = "{AUDIENCE}"
client_id = "guard"
secret_file = "{secret_file}"

[[rule]]
path = "/public/*"
public = true

[[rule]]
path = "/fresh/*"
stale = "refuse"

[[rule]]
path = "/admin/*"
scopes = ["orders:write"]
"#
    )
}

fn secret(client: &Value) -> String {
    client["client_secret"].as_str().unwrap().to_owned()
}

/// Runs a command that must succeed.
fn run(data: &Path, arguments: &[&str]) -> Value {
    let mut command = countersign(data);
    let output = command.args(arguments).arg("--json").stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Answers each request with what arrived of it.
fn application(arrived: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let arrived = Arc::clone(&arrived);
            // A connection that breaks off is the proxy's affair.
            thread::spawn(move || drop(echo(&stream, &arrived)));
        }
    });
    address
}

fn echo(mut stream: &TcpStream, arrived: &AtomicU64) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    arrived.fetch_add(1, Ordering::SeqCst);
    let content = head + "\r\n" + &String::from_utf8_lossy(&body);
    let length = content.len();
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{content}")
}

/// Waits for what must come about.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < LONG, "it never was so that {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
