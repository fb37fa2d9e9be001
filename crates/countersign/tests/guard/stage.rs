//! An issuer in memory, the guard as a process, nginx before it and an application behind.

use crate::application::Application;
use crate::support::nginx::Nginx;
use crate::support::{ServerProcess, countersign};
use countersign_verifier::{Mint, Minted, TestIssuer};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const AUDIENCE: &str = "https://app.example.com";
/// For a busy machine: a test that passes does not wait for it.
pub(crate) const LONG: Duration = Duration::from_secs(30);
const PAGE: &str = include_str!("../../../../docs/integrating/guard.md");

/// The page's rules, and more keys above them.
pub(crate) fn file(issuer: &str, keys: &str) -> String {
    format!("{keys}\n[[issuer]]\nurl = \"{issuer}\"\naudience = \"{AUDIENCE}\"\n\n{}", block("toml"))
}

/// The first block of that language on the page.
pub(crate) fn block(language: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("```{language}\n")).expect("a block of this language");
    rest.split("```").next().unwrap()
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name));
        self.head.lines().find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }
}

/// Sends a request whose target may be anything, and reads the answer to its end.
pub(crate) fn send(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = format!("{line} HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n");
    headers.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
    if !body.is_empty() {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str(&format!("\r\n{body}"));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server that refuses a body closes before it has read it all.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {line}: {answer:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// The guard as a process, with this file.
pub(crate) fn guard(folder: &Path, text: &str) -> ServerProcess {
    fs::write(folder.join("countersign-guard.toml"), text).unwrap();
    let mut command = countersign(&folder.join("guard-data"));
    command.args(["guard", "--json", "--listen", "127.0.0.1:0"]);
    ServerProcess::started(command)
}

/// Looks until it holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let looking = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(LONG, looking).await.is_ok(), "not in time: {what}");
}

pub(crate) async fn until_ready(guard: &ServerProcess) {
    until("ready", || send(guard.address, "GET /readyz", &[], "").status == 200).await;
}

/// Everything together.
pub(crate) struct Stage {
    _folder: TempDir,
    pub(crate) issuer: TestIssuer,
    pub(crate) guard: Option<ServerProcess>,
    pub(crate) application: Application,
    nginx: Nginx,
}

impl Stage {
    pub(crate) async fn start(keys: &str) -> Self {
        let (folder, issuer, application) =
            (tempfile::tempdir().unwrap(), TestIssuer::start().await, Application::start());
        let guard = guard(folder.path(), &file(issuer.url(), keys));
        until_ready(&guard).await;
        let nginx = Nginx::start(folder.path(), |listen| documented(listen, guard.address, application.address));
        Self { _folder: folder, issuer, guard: Some(guard), application, nginx }
    }

    /// As a client outside asks.
    pub(crate) fn ask(&self, line: &str, headers: &[(&str, &str)]) -> Answer {
        send(self.nginx.address, line, headers, "")
    }

    /// With a bearer token.
    pub(crate) fn ask_with(&self, line: &str, minted: &Minted) -> Answer {
        self.ask(line, &[("Authorization", &format!("Bearer {}", minted.token))])
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.nginx.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    pub(crate) fn post(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(self.nginx.address, &format!("POST {target}"), headers, body)
    }

    /// A token of Ana's, with these scopes and roles.
    pub(crate) fn mint(&self, scopes: &[&str], roles: &[&str]) -> Minted {
        let mint = scopes.iter().fold(Mint::new(AUDIENCE).subject("ana"), |mint, scope| mint.scope(scope));
        self.issuer.sign(&roles.iter().fold(mint, |mint, role| mint.role(role)))
    }
}

/// The configuration that operators are told to use; nothing but addresses is put in the place of others, and plain HTTP in
/// the place of TLS, which is not what is looked at.
fn documented(listen: SocketAddr, guard: SocketAddr, application: SocketAddr) -> String {
    let replacements = [
        ("listen 443 ssl;", format!("listen {listen};")),
        ("    ssl_certificate /etc/nginx/app.example.com.pem;\n", String::new()),
        ("    ssl_certificate_key /etc/nginx/app.example.com.key;\n", String::new()),
        ("server 127.0.0.1:8421;", format!("server {guard};")),
        ("server 127.0.0.1:3000;", format!("server {application};")),
    ];
    replacements.into_iter().fold(block("nginx").to_owned(), |config, (from, to)| {
        assert_eq!(config.matches(from).count(), 1, "{from}");
        config.replace(from, &to)
    })
}
