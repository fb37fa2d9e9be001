//! Accounts, clients, sessions and tokens, and the connection over which they end.

use crate::endings::{Ending, How};
use countersign_benches::{Connection, Opener, ServerProcess, countersign, shared_clock};
use countersign_core::key_ring::MasterKey;
use countersign_store_sqlite::{Options, SqliteStore};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

/// What accounts that sign up over HTTP are signed up with.
pub const PASSWORD: &str = "a long enough phrase";
const ADMIN: &str = "admin";
/// Fewer than a hundred sessions each, so that none ends for being too many.
const CROWD: usize = 8;

/// A server with everything that ends, and who ends it.
pub struct Stage {
    data: PathBuf,
    connection: Connection,
    opener: Opener,
    administrator: String,
    feed_reader: (String, String),
    opened: usize,
}

/// A session and what its client holds.
pub struct Held {
    pub session: String,
    /// Two access tokens, the older first.
    pub access: [String; 2],
    /// The current refresh token, and one that was traded twice.
    pub refresh: String,
    pub used: String,
}

/// When an ending was asked for, and when its answer came.
pub struct Took {
    pub asked_at: u64,
    pub answered_at: u64,
}

impl Stage {
    /// Finds its way into a new server.
    pub async fn set(data: &Path, server: &ServerProcess) -> Self {
        let store = SqliteStore::open(&Options::at(data.join("countersign.db"))).expect("the server's database");
        let master = std::fs::read_to_string(data.join("master.key")).expect("the server's key");
        let master = countersign_jose::base64url::decode(master.trim()).expect("base64url");
        let master = MasterKey::from_bytes(master.try_into().expect("256 bits"));
        let opener = Opener::new(Arc::new(store), &master, &server.issuer).await;
        opener.account(ADMIN, ADMIN).await;
        for one in 0..CROWD {
            opener.account(&format!("crowd-{one}"), "").await;
        }
        let connection = Connection::open(server.address);
        let (data, administrator, feed_reader) = (data.to_owned(), String::new(), Default::default());
        let mut stage = Self { data, connection, opener, administrator, feed_reader, opened: 0 };
        stage.administrator = stage.session_of(ADMIN).await.access[0].clone();
        stage.feed_reader = stage.client("verifiers");
        stage
    }

    /// Id and secret of the client as which verifiers read the feed.
    pub fn feed_reader(&self) -> (String, String) {
        self.feed_reader.clone()
    }

    /// Access tokens of sessions that nothing ends.
    pub async fn live(&mut self, count: usize) -> Vec<String> {
        let mut tokens = Vec::with_capacity(count);
        for one in 0..count {
            if one % 50 == 0 {
                self.account(&format!("live-{}", one / 50), "").await;
            }
            let held = self.session_of(&format!("live-{}", one / 50)).await;
            tokens.push(held.access[0].clone());
        }
        tokens
    }

    /// A session of one of many accounts.
    pub async fn session(&mut self) -> Held {
        self.opened += 1;
        self.session_of(&format!("crowd-{}", self.opened % CROWD)).await
    }

    pub async fn session_of(&mut self, login: &str) -> Held {
        let used = self.opener.session_of(login).await;
        let first = self.refresh(&used);
        let second = self.refresh(text(&first, "refresh_token"));
        Held {
            session: text(&second, "session_id").to_owned(),
            access: [&first, &second].map(|answer| text(answer, "access_token").to_owned()),
            refresh: text(&second, "refresh_token").to_owned(),
            used,
        }
    }

    /// An account whose password nobody checks.
    pub async fn account(&self, login: &str, roles: &str) {
        self.opener.account(login, roles).await;
    }

    /// An account whose password is hashed.
    pub fn sign_up(&mut self, login: &str) {
        let body = json!({ "login": login, "password": PASSWORD });
        let (status, answer) = self.connection.send("POST /api/v1/accounts", None, &body);
        assert!((200..300).contains(&status), "{status} {answer}");
    }

    /// A machine client: its id and secret.
    pub fn client(&mut self, id: &str) -> (String, String) {
        let body = json!({ "client_id": id, "kind": "machine", "scopes": ["feed:read"] });
        let bearer = self.administrator();
        let (status, answer) = self.connection.send("POST /api/v1/admin/clients", Some(&bearer), &body);
        assert_eq!(status, 201, "{answer}");
        (id.to_owned(), text(&answer, "client_secret").to_owned())
    }

    /// A machine client's access token.
    pub fn machine_token(&mut self, id: &str, secret: &str) -> String {
        let form = "grant_type=client_credentials";
        let (status, answer) = self.connection.post_form("/oauth2/token", (id, secret), form);
        assert_eq!(status, 200, "{answer}");
        text(&answer, "access_token").to_owned()
    }

    /// `Authorization` of an administrator.
    pub fn administrator(&self) -> String {
        format!("Bearer {}", self.administrator)
    }

    /// Ends it, and tells when the answer was there.
    pub fn end(&mut self, ending: Ending) -> Took {
        let asked_at = shared_clock();
        match ending.how {
            How::Request { line, authorization, body, status } => {
                let (answered, answer) = self.connection.send(&line, authorization.as_deref(), &body);
                let took = Took { asked_at, answered_at: shared_clock() };
                assert_eq!(answered, status, "{line}: {answer}");
                took
            }
            How::Command(arguments) => self.run(&arguments, asked_at),
        }
    }

    /// The answer of a command is its first byte on standard output.
    fn run(&self, arguments: &[String], asked_at: u64) -> Took {
        let mut command = countersign(&self.data);
        let mut child = command.args(arguments).arg("--json").stdout(Stdio::piped()).spawn().expect("it starts");
        let mut first = [0; 1];
        let read = child.stdout.as_mut().expect("a pipe").read(&mut first).expect("it answers");
        let took = Took { asked_at, answered_at: shared_clock() };
        let output = child.wait_with_output().expect("it ends");
        assert!(read == 1 && output.status.success(), "{arguments:?}");
        std::io::stdout().flush().expect("standard output");
        took
    }

    fn refresh(&mut self, token: &str) -> Value {
        let body = json!({ "refresh_token": token });
        let (status, answer) = self.connection.send("POST /api/v1/refresh", None, &body);
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}
