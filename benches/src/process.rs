//! The real binary as a process, and HTTP/1.1 by hand on a connection that is kept.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The release binary: `BENCH_BINARY`, or where `cargo build --release` puts it.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn binary() -> PathBuf {
    let built = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/release/countersign");
    let binary = std::env::var_os("BENCH_BINARY").map_or_else(built, PathBuf::from);
    assert!(binary.exists(), "build it first: cargo build --release, or name it in BENCH_BINARY");
    binary
}

/// A command of the release binary on this data folder, with no other configuration.
#[must_use]
pub fn countersign(data: &Path) -> Command {
    let mut command = Command::new(binary());
    command.env_clear().arg("--data").arg(data).stdin(Stdio::null()).stderr(Stdio::inherit());
    command
}

/// Runs a command of the release binary that prints JSON.
///
/// # Panics
/// If it fails.
pub fn command(data: &Path, arguments: &[&str], input: &str) -> Value {
    let mut command = countersign(data);
    let mut child = command.args(arguments).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // A command that reads nothing has closed it.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{arguments:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A running `countersign serve`. Killed when dropped.
pub struct ServerProcess {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its name.
    pub issuer: String,
}

impl ServerProcess {
    /// Starts the server on `data` and waits for its ready line. `settings` are environment variables.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(data: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_at(data, "127.0.0.1:0", settings)
    }

    /// The same on this address.
    #[must_use]
    pub fn start_at(data: &Path, listen: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = countersign(data);
        command.args(["serve", "--json", "--listen", listen]).envs(settings.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says something");
        let ready: Value = serde_json::from_str(&line).expect("the ready line");
        let address = ready["listen"].as_str().and_then(|listen| listen.parse().ok()).expect("where it listens");
        let issuer = ready["issuer"].as_str().expect("its issuer").to_owned();
        Self { child, address, issuer }
    }
}

impl ServerProcess {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Panics
    /// If it can't be asked.
    pub fn stop(mut self) {
        stop(&mut self.child);
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn stop(child: &mut Child) {
    let process = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("it runs");
    child.wait().expect("it ends");
}

/// A process that says where it listens as a line of JSON with `listen`. Killed when dropped.
pub struct Announced {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// The whole line.
    pub said: Value,
    /// Kept open: some processes end when nobody reads what else they say.
    _output: BufReader<ChildStdout>,
}

impl Announced {
    /// Starts it.
    ///
    /// # Panics
    /// If it does not start, or says nothing.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let lines = output.by_ref().lines();
        let said = lines.map_while(Result::ok).find_map(|line| serde_json::from_str::<Value>(&line).ok());
        let said = said.expect("it says where it listens");
        let address = said["listen"].as_str().and_then(|at| at.parse().ok()).expect("an address");
        Self { child, address, said, _output: output }
    }

    /// npm `oidc-provider`, with so many sessions of an application.
    ///
    /// # Panics
    /// If its packages are not installed.
    #[must_use]
    pub fn oidc_provider(sessions: usize) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/oidc-provider");
        assert!(folder.join("node_modules").exists(), "first: npm ci --prefix benches/peers/oidc-provider");
        let mut command = Command::new("node");
        command.arg("server.mjs").arg(sessions.to_string()).current_dir(folder).env("NODE_ENV", "production");
        Self::start(&mut command)
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Panics
    /// If it can't be asked.
    pub fn stop(mut self) {
        stop(&mut self.child);
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A keep-alive connection that sends JSON and reads answers.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects.
    ///
    /// # Panics
    /// If nobody listens.
    #[must_use]
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_nodelay(true).expect("TCP");
        Self { stream: BufReader::new(stream) }
    }

    /// Sends `method path` with a JSON body, as whoever `authorization` says; gives status and JSON of the answer.
    pub fn send(&mut self, line: &str, authorization: Option<&str>, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.exchange(line, authorization, "application/json", &body)
    }

    /// The same, where the answer may wait for the verifiers.
    pub fn send_waiting(&mut self, line: &str, authorization: &str, body: &Value) -> (u16, Value) {
        let authorization = format!("{authorization}\r\nPrefer: wait=30");
        self.exchange(line, Some(&authorization), "application/json", &body.to_string())
    }

    /// Posts a form as a client that authenticates by `client_secret_basic`; both parts need no encoding.
    pub fn post_form(&mut self, path: &str, (id, secret): (&str, &str), form: &str) -> (u16, Value) {
        let pair = countersign_jose::base64url::encode(format!("{id}:{secret}").as_bytes());
        let padding = "=".repeat((4 - pair.len() % 4) % 4);
        let basic = format!("Basic {}{padding}", pair.replace('-', "+").replace('_', "/"));
        self.exchange(&format!("POST {path}"), Some(&basic), "application/x-www-form-urlencoded", form)
    }

    /// Posts a form with no client authentication in a header.
    pub fn post_form_as_nobody(&mut self, path: &str, form: &str) -> (u16, Value) {
        self.exchange(&format!("POST {path}"), None, "application/x-www-form-urlencoded", form)
    }

    /// Asks a guard behind nginx whether `token` may read `/orders`.
    pub fn judge(&mut self, token: &str) -> u16 {
        let asked = format!(
            "GET /verify HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nX-Original-Method: GET\r\n\
             X-Original-URI: /orders\r\nX-Original-Host: orders.example.com\r\n\r\n"
        );
        self.stream.get_mut().write_all(asked.as_bytes()).expect("it reads");
        self.answer().0
    }

    /// Posts a text.
    pub fn post_text(&mut self, path: &str, text: &str) -> (u16, Value) {
        self.exchange(&format!("POST {path}"), None, "text/plain", text)
    }

    fn exchange(&mut self, line: &str, authorization: Option<&str>, kind: &str, body: &str) -> (u16, Value) {
        let authorization = authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes()).expect("it reads");
        self.answer()
    }

    fn answer(&mut self) -> (u16, Value) {
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            assert!(self.stream.read_line(&mut line).expect("it answers") > 0, "closed");
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3).and_then(|code| code.parse().ok()).expect("a status");
            }
            if let Some(rest) = line.strip_prefix("content-length:") {
                length = rest.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a whole body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

/// Nanoseconds on a clock that all processes of this machine share.
#[must_use]
pub fn shared_clock() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(now.tv_sec * 1_000_000_000 + now.tv_nsec).expect("after the start of the machine")
}

/// Nanoseconds of processor time that this process has taken.
#[must_use]
pub fn processor_time() -> u64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    u64::try_from(used.tv_sec * 1_000_000_000 + used.tv_nsec).expect("not before it started")
}

/// Seconds of processor time that another process has taken, in hundredths.
///
/// # Panics
/// If there is none of this number.
#[must_use]
pub fn processor_time_of(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    // After the name, which may hold anything: fields 14 and 15 of proc(5), of which the first two are behind us.
    let (_, after) = stat.rsplit_once(") ").expect("a name in parentheses");
    let ticks = after.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / 100.0
}

/// Megabytes of another process's memory, by a line of proc(5): `VmRSS:`, `VmHWM:`.
///
/// # Panics
/// If it does not run.
#[must_use]
pub fn memory_of(process: u32, line: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|text| text.strip_prefix(line)).expect("Linux tells a process's memory");
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024.0 / 1_000_000.0
}
