//! The real binary as a process, and HTTP/1.1 by hand, so that nothing of ours stands between a test and the wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(dead_code, unreachable_pub, reason = "each test program uses its part")]

pub mod nginx;
pub mod opener;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `countersign serve`. Killed when dropped.
pub struct ServerProcess {
    child: Child,
    pub address: SocketAddr,
}

impl ServerProcess {
    /// Starts the server on `data` and waits for its ready line. `settings` are environment variables.
    pub fn start(data: &Path, listen: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = countersign(data);
        command.args(["serve", "--json", "--listen", listen]).envs(settings.iter().copied());
        Self::started(command)
    }

    /// A command that serves, once it has written its ready line.
    pub fn started(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line:?}"));
        assert_eq!(ready["event"], "ready");
        Self { child, address: ready["listen"].as_str().unwrap().parse().unwrap() }
    }

    /// SIGKILL: nothing is flushed, nobody says good-bye.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, with this data folder and no other configuration.
pub fn countersign(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.env_clear().arg("--data").arg(data).current_dir(data.parent().unwrap()).stdin(Stdio::null());
    command
}

/// A keep-alive connection that sends JSON and reads answers.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Posts `body` and gives status and JSON of the answer.
    pub fn post(&mut self, path: &str, body: &serde_json::Value) -> std::io::Result<(u16, serde_json::Value)> {
        self.send("POST", path, None, Some(body))
    }

    /// Sends a request, with this bearer token and this JSON if there are any, and gives status and JSON of the answer.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Option<&serde_json::Value>,
    ) -> std::io::Result<(u16, serde_json::Value)> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        if let Some(token) = bearer {
            request += &format!("Authorization: Bearer {token}\r\n");
        }
        match body.map(ToString::to_string) {
            Some(body) => {
                let length = body.len();
                request += &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
            }
            None => request += "\r\n",
        }
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    /// Posts a form as a client that authenticates by `client_secret_basic`; both parts need no encoding.
    pub fn post_form(
        &mut self,
        path: &str,
        (id, secret): (&str, &str),
        form: &str,
    ) -> std::io::Result<(u16, serde_json::Value)> {
        let pair = countersign_jose::base64url::encode(format!("{id}:{secret}").as_bytes());
        let padding = "=".repeat((4 - pair.len() % 4) % 4);
        let basic = pair.replace('-', "+").replace('_', "/") + &padding;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {basic}\r\nContent-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> std::io::Result<(u16, serde_json::Value)> {
        let closed = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(closed());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3).and_then(|code| code.parse().ok());
            }
            if let Some(rest) = line.strip_prefix("content-length:") {
                length = rest.trim().parse().map_err(|_| closed())?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let body = serde_json::from_slice(&body).unwrap_or(serde_json::Value::Null);
        Ok((status.ok_or_else(closed)?, body))
    }
}
