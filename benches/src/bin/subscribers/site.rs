//! The real binary, an administrator who takes tokens back, and a machine client whose tokens follow the feed.

use countersign_benches::{Connection, ServerProcess, command};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const ADMINISTRATOR: &str = "ana";
/// Who signs in: enough that nobody has too many sessions, which would end the oldest and publish that.
pub(crate) const PEOPLE: usize = 8;
pub(crate) const PASSWORD: &str = "a long enough phrase";
/// Tokens must outlive the bench.
const SETTINGS: [(&str, &str); 1] = [("COUNTERSIGN_TOKENS__ACCESS_LIFETIME", "1h")];

/// All of it.
pub(crate) struct Site {
    data: PathBuf,
    server: Option<ServerProcess>,
    pub(crate) address: SocketAddr,
    administrator: String,
    /// Gone while the server is.
    connection: Option<Connection>,
    secret: String,
    published: u64,
    /// The number of the last entry.
    last: u64,
}

impl Site {
    pub(crate) fn start(folder: &Path) -> Self {
        let data = folder.join("data");
        let _ = command(&data, &["account", "add", ADMINISTRATOR, "--role", "admin", "--password-stdin"], PASSWORD);
        for number in 0..PEOPLE {
            let _ = command(&data, &["account", "add", &login(number), "--password-stdin"], PASSWORD);
        }
        let machine = command(&data, &["client", "add", "verifiers", "--kind", "machine", "--scope", "feed:read"], "");
        let secret = machine["client_secret"].as_str().expect("a secret").to_owned();
        let server = ServerProcess::start(&data, &SETTINGS);
        let address = server.address;
        let mut connection = Connection::open(address);
        let sign_in = json!({ "login": ADMINISTRATOR, "password": PASSWORD });
        let (_, signed_in) = connection.send("POST /api/v1/sign-in", None, &sign_in);
        let administrator = format!("Bearer {}", signed_in["access_token"].as_str().expect("a token"));
        let connection = Some(connection);
        Self { data, server: Some(server), address, administrator, connection, secret, published: 0, last: 0 }
    }

    pub(crate) fn process(&self) -> u32 {
        self.server.as_ref().expect("it runs").id()
    }

    /// A token of its own for each verifier.
    pub(crate) fn tokens(&mut self, count: usize) -> Vec<String> {
        let connection = self.connection.as_mut().expect("it runs");
        let mut token = || {
            let form = "grant_type=client_credentials&scope=feed%3Aread";
            let (status, answer) = connection.post_form("/oauth2/token", ("verifiers", &self.secret), form);
            assert_eq!(status, 200, "{answer}");
            answer["access_token"].as_str().expect("a token").to_owned()
        };
        (0..count).map(|_| token()).collect()
    }

    /// Takes some token back; gives its number in the feed.
    pub(crate) fn publish(&mut self) -> u64 {
        let connection = self.connection.as_mut().expect("it runs");
        self.published += 1;
        let body = json!({ "kind": "token", "id": token_id(self.published) });
        let (status, answer) = connection.send("POST /api/v1/admin/revocations", Some(&self.administrator), &body);
        assert_eq!(status, 201, "{answer}");
        self.last = answer["sequence"].as_u64().expect("a number");
        self.last
    }

    /// The same, where the answer waits for all that report; prints how far they were.
    pub(crate) fn publish_and_wait(&mut self) {
        let connection = self.connection.as_mut().expect("it runs");
        self.published += 1;
        let body = json!({ "kind": "token", "id": token_id(self.published) });
        let (status, answer) = connection.send_waiting("POST /api/v1/admin/revocations", &self.administrator, &body);
        assert_eq!(status, 201, "{answer}");
        self.last = answer["sequence"].as_u64().expect("a number");
        println!("a revocation that waits for them: {}", answer["verifiers"]);
    }

    /// Ends the server by `end`, takes a token back while nobody serves, and leaves the server down for `pause`; gives
    /// the number that the token has in the feed.
    pub(crate) fn stop(&mut self, end: impl FnOnce(ServerProcess), pause: std::time::Duration) -> u64 {
        self.connection = None;
        end(self.server.take().expect("it runs"));
        self.published += 1;
        let _ = command(&self.data, &["revoke", "--token", &token_id(self.published)], "");
        self.last += 1;
        std::thread::sleep(pause);
        self.last
    }

    /// Starts it again where it was.
    pub(crate) fn start_again(&mut self) {
        self.server = Some(ServerProcess::start_at(&self.data, &self.address.to_string(), &SETTINGS));
    }

    /// Anew: after a restart, or after a pause.
    pub(crate) fn connect(&mut self) {
        self.connection = Some(Connection::open(self.address));
    }
}

pub(crate) fn login(number: usize) -> String {
    format!("person-{number}")
}

fn token_id(number: u64) -> String {
    countersign_jose::base64url::encode(&u128::from(number).to_be_bytes())
}
