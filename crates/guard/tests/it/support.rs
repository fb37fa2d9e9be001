//! A guard on a port, and requests as a proxy makes them, written by hand.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use countersign_guard::{Demand, Guard, PathPattern, Proxy, Rule, Rules, Settings, serve};
use countersign_verifier::{Mint, Minted, Needs, TestIssuer, Verifier};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

pub(crate) const AUDIENCE: &str = "https://app.example";
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// An issuer and a guard for its tokens.
pub(crate) struct Site {
    pub(crate) issuer: TestIssuer,
    pub(crate) verifier: Verifier,
    pub(crate) guard: Guard,
    pub(crate) address: SocketAddr,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeMap<String, Vec<String>>,
    pub(crate) body: String,
}

/// `/public/*` is public, `/orders/*` wants a scope, `/admin/*` a role; elsewhere any token will do.
pub(crate) fn rules() -> Rules {
    Rules::new(vec![
        rule("/public/*", Demand::Public),
        rule("/orders/*", Demand::Token(Needs::any_token().scope("orders:read").scope("orders:list"))),
        rule("/admin/*", Demand::Token(Needs::any_token().role("admin"))),
    ])
    .unwrap()
}

pub(crate) fn rule(path: &str, demand: Demand) -> Rule {
    Rule::new(PathPattern::parse(path).unwrap(), demand)
}

pub(crate) async fn listen(guard: &Guard) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, guard.router(), std::future::pending()));
    address
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::start_with(Settings::new(Proxy::Nginx), rules()).await
    }

    pub(crate) async fn start_with(settings: Settings, rules: Rules) -> Self {
        let issuer = TestIssuer::start().await;
        let verifier = Verifier::builder(issuer.url()).audience(AUDIENCE).build().await.unwrap();
        assert!(verifier.wait_until_current(LONG).await);
        let guard = Guard::new(settings, [verifier.clone()], rules);
        let address = listen(&guard).await;
        Self { issuer, verifier, guard, address }
    }

    /// A token of somebody, with these scopes and roles.
    pub(crate) fn mint(&self, scopes: &[&str], roles: &[&str]) -> Minted {
        let mint = scopes.iter().fold(Mint::new(AUDIENCE).subject("ana"), |mint, scope| mint.scope(scope));
        self.issuer.sign(&roles.iter().fold(mint, |mint, role| mint.role(role)))
    }

    /// As nginx asks about `GET target`.
    pub(crate) async fn ask(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask_about("GET", target, headers).await
    }

    pub(crate) async fn ask_about(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        let original = [("X-Original-Method", method), ("X-Original-URI", target), ("X-Original-Host", "app.example")];
        let headers: Vec<_> = original.into_iter().chain(headers.iter().copied()).collect();
        send(self.address, "GET /verify", &headers).await
    }

    /// With a bearer token.
    pub(crate) async fn ask_with(&self, target: &str, minted: &Minted) -> Answer {
        self.ask(target, &[("Authorization", &bearer(minted))]).await
    }
}

pub(crate) fn bearer(minted: &Minted) -> String {
    format!("Bearer {}", minted.token)
}

impl Answer {
    /// All values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get(name).map(|values| values.iter().map(String::as_str).collect()).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// Subject, client, scope and roles; that all five headers are there, once, is asserted.
    pub(crate) fn identity(&self) -> [&str; 4] {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.all("x-auth-session").len(), 1);
        ["x-auth-subject", "x-auth-client", "x-auth-scope", "x-auth-roles"].map(|name| {
            let values = self.all(name);
            assert_eq!(values.len(), 1, "{name}");
            values[0]
        })
    }
}

/// `line` is method and target.
pub(crate) async fn send(address: SocketAddr, line: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = format!("{line} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.push_str("Host: guard.internal\r\n");
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        headers.entry(name.to_ascii_lowercase()).or_default().push(value.trim().to_owned());
    }
    Answer { status, headers, body: body.to_owned() }
}

/// Asks until it holds: what comes by the feed comes soon.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let waited = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(LONG, waited).await.is_ok(), "not in time: {what}");
}
