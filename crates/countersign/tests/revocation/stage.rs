//! An issuer that is started, killed and started again at one address, and verifiers that follow it.

use crate::kit::Place;
use crate::support::{Connection, ServerProcess};
use countersign_jose::base64url;
use countersign_verifier::{Builder, Complete, Freshness, Timing, Verifier};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tokio::task::block_in_place;

/// Long enough for a busy machine; a test that passes does not wait for it.
pub(crate) const LONG: Duration = Duration::from_secs(30);
pub(crate) const PASSWORD: &str = "a phrase of several words";
/// The client as which verifiers read the feed.
const READER: &str = "orders";

/// An issuer's folder and address, with a process that may come and go.
pub(crate) struct Stage {
    pub(crate) place: Place,
    address: SocketAddr,
    settings: Vec<(&'static str, &'static str)>,
    reader_secret: String,
    server: Option<ServerProcess>,
}

/// What somebody who signed in holds.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) session: String,
}

impl Stage {
    /// A running issuer with the account `ana` and a client that reads the feed.
    pub(crate) fn start(settings: &[(&'static str, &'static str)]) -> Self {
        let (place, address) = (Place::new(), free_address());
        let listen = address.to_string();
        let founding = [settings, &[("COUNTERSIGN_SERVER__LISTEN", listen.as_str())]].concat();
        let account = place.run_with(&["account", "add", "ana", "--password-stdin"], PASSWORD, &founding);
        assert_eq!(account.code, 0, "{account:?}");
        let reader = place.json(&["client", "add", READER, "--kind", "machine", "--scope", "feed:read"]);
        let reader_secret = reader["client_secret"].as_str().unwrap().to_owned();
        let mut stage = Self { place, address, settings: settings.to_vec(), reader_secret, server: None };
        stage.start_again();
        stage
    }

    /// At the same address, on what is in the folder now.
    pub(crate) fn start_again(&mut self) {
        let server =
            block_in_place(|| ServerProcess::start(&self.place.data(), &self.address.to_string(), &self.settings));
        assert!(self.server.replace(server).is_none(), "it ran already");
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.server.take().expect("it runs").kill();
    }

    /// What tokens name as `iss`.
    pub(crate) fn issuer(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    pub(crate) fn sign_in(&self) -> Tokens {
        self.sign_in_for(&json!({ "login": "ana", "password": PASSWORD }))
    }

    /// Signs in with more than login and password.
    pub(crate) fn sign_in_for(&self, request: &Value) -> Tokens {
        let (status, answer) = self.call("POST", "/api/v1/sign-in", None, Some(request));
        assert_eq!(status, 200, "{answer}");
        Tokens::of(&answer)
    }

    pub(crate) fn refresh(&self, tokens: &Tokens) -> Tokens {
        let (status, answer) =
            self.call("POST", "/api/v1/refresh", None, Some(&json!({ "refresh_token": tokens.refresh })));
        assert_eq!(status, 200, "{answer}");
        Tokens::of(&answer)
    }

    pub(crate) fn sign_out(&self, tokens: &Tokens) {
        assert_eq!(self.call("POST", "/api/v1/sign-out", Some(&tokens.access), Some(&json!({}))).0, 204);
    }

    pub(crate) fn sign_out_everywhere(&self, tokens: &Tokens) {
        let body = json!({ "everywhere": true });
        assert_eq!(self.call("POST", "/api/v1/sign-out", Some(&tokens.access), Some(&body)).0, 204);
    }

    /// A request of its own connection.
    pub(crate) fn call(&self, method: &str, path: &str, bearer: Option<&str>, body: Option<&Value>) -> (u16, Value) {
        block_in_place(|| Connection::open(self.address).unwrap().send(method, path, bearer, body).unwrap())
    }

    /// A command beside the server, with the server's settings; gives its document.
    pub(crate) fn command(&self, args: &[&str]) -> Value {
        let ran = block_in_place(|| self.place.run_with(&[args, &["--json"]].concat(), "", &self.settings));
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        serde_json::from_str(&ran.out).unwrap()
    }

    /// A verifier of tokens for the issuer itself, with waits that suit a test.
    pub(crate) fn verifier(&self) -> Builder<Complete> {
        let timing = Timing { backoff_max: Duration::from_millis(250), ..Timing::default() };
        let builder = Verifier::builder(self.issuer()).audience(self.issuer()).timing(timing);
        builder.client(READER, self.reader_secret.clone())
    }

    /// The same, once it knows everything.
    pub(crate) async fn current_verifier(&self) -> Verifier {
        current(self.verifier()).await
    }
}

impl Tokens {
    fn of(answer: &Value) -> Self {
        let text = |member: &str| answer[member].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token"), session: text("session_id") }
    }

    /// The claims of the access token.
    pub(crate) fn claims(&self) -> Value {
        claims(&self.access)
    }
}

/// Builds it and waits until it knows everything.
pub(crate) async fn current(builder: Builder<Complete>) -> Verifier {
    let verifier = builder.build().await.unwrap();
    assert!(verifier.wait_until_current(LONG).await, "{:?}", verifier.metrics());
    verifier
}

/// What the verifier says of a token: `fresh`, `stale`, or the code of the error.
pub(crate) fn judge(verifier: &Verifier, token: &str) -> &'static str {
    match verifier.verify::<Value>(token) {
        Ok(token) if token.is_fresh() => "fresh",
        Ok(token) => {
            assert_eq!(token.freshness(), Freshness::Stale);
            "stale"
        }
        Err(error) => error.code(),
    }
}

/// Waits until the verifier says this of the token.
pub(crate) async fn until_judged(verifier: &Verifier, tokens: &Tokens, judged: &str) {
    until(judged, || judge(verifier, &tokens.access) == judged).await;
}

/// Looks until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The claims of a token that need not hold.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// Which key is said to have signed it.
pub(crate) fn key_id(token: &str) -> String {
    part(token, 0)["kid"].as_str().unwrap().to_owned()
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()
}

/// An address that nobody takes while the issuer is down: below the ports that connections are given by themselves.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = 20_000 + (base + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
