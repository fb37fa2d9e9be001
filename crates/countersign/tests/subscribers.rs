//! 500 verifiers on one server that may open 256 files until it asks for more: all of them come back after each restart,
//! follow up what was revoked meanwhile without a gap, and none is refused. `benches` does it with 5,000, and measures.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, reason = "the test waits in real time for a real process")]

mod support;

use countersign_jose::{KeySet, base64url};
use countersign_revocation::{Applied, Follower, RevokedSet, SignedObject, Subjects};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Connection, ServerProcess, countersign};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

const SUBSCRIBERS: u64 = 500;
const RESTARTS: u64 = 2;
const REVOKED_MEANWHILE: u64 = 3;
/// For a busy machine: a test that passes does not wait for it.
const LONG: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_subscriber_resumes_after_a_restart_and_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let machine = run(&data, &["client", "add", "verifiers", "--kind", "machine", "--scope", "feed:read", "--json"]);
    let machine: serde_json::Value = serde_json::from_str(&machine).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = serve(&data, address);
    let mut connection = Connection::open(address).unwrap();
    let client = ("verifiers", machine["client_secret"].as_str().unwrap());
    let form = "grant_type=client_credentials&scope=feed%3Aread";
    let token = connection.post_form("/oauth2/token", client, form).unwrap().1;
    let token = token["access_token"].as_str().unwrap().to_owned();
    let (_, keys) = connection.send("GET", "/revocations/jwks.json", None, None).unwrap();
    let (_, snapshot) = connection.send("GET", "/revocations/snapshot", Some(&token), None).unwrap();
    drop(connection);

    let issuer = format!("http://localhost:{}", address.port());
    let place = Arc::new(Place {
        address,
        token,
        keys: KeySet::from_json(keys.to_string().as_bytes()).unwrap(),
        snapshot: snapshot["objects"][0].as_str().unwrap().to_owned(),
        faults: Mutex::default(),
    });
    let subscribers: Vec<_> = (0..SUBSCRIBERS).map(|_| Subscriber::begin(&place, &issuer)).collect();
    let (mut server, mut revoked) = (Some(server), 0);
    for restart in 0..=RESTARTS {
        for _ in 0..REVOKED_MEANWHILE {
            revoked += 1;
            run(&data, &["revoke", "--token", &id(revoked)]);
        }
        if restart > 0 {
            server = Some(serve(&data, address));
        }
        for subscriber in &subscribers {
            let mut heard = subscriber.clone();
            let all = timeout(LONG, heard.wait_for(|heard| *heard == revoked)).await;
            assert!(all.is_ok(), "one heard {} of {revoked}; {:?}", *subscriber.borrow(), place.faults.lock().unwrap());
        }
        // Asked to stop it tells everybody to come again; killed it tells nobody.
        server.take().into_iter().for_each(if restart == 0 { stop } else { ServerProcess::kill });
    }
    let faults = place.faults.lock().unwrap();
    assert!(faults.is_empty(), "{faults:?}");
}

/// The server, in a process that may open 256 files until it asks for more.
fn serve(data: &Path, address: SocketAddr) -> ServerProcess {
    let mut shell = Command::new("sh");
    shell.env_clear().current_dir(data.parent().unwrap()).stdin(Stdio::null());
    shell.args(["-c", "ulimit -Sn 256; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_countersign"), "--data"]).arg(data);
    shell.args(["serve", "--json", "--listen", &address.to_string()]);
    ServerProcess::started(shell)
}

fn stop(server: ServerProcess) {
    // The shell's own `kill`: a bare machine may have no other.
    let asked = Command::new("sh").args(["-c", &format!("kill -TERM {}", server.id())]).status().unwrap();
    assert!(asked.success());
    server.wait();
}

fn run(data: &Path, arguments: &[&str]) -> String {
    let mut child = countersign(data).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // A command that reads nothing has closed it.
    let _ = child.stdin.take().unwrap().write_all(b"");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn id(number: u64) -> String {
    base64url::encode(&u128::from(number).to_be_bytes())
}

/// What all subscribers know, and what went wrong with any of them.
struct Place {
    address: SocketAddr,
    token: String,
    keys: KeySet,
    snapshot: String,
    faults: Mutex<Vec<String>>,
}

struct Subscriber {
    place: Arc<Place>,
    issuer: String,
    follower: Follower,
    /// How many of the revocations are known.
    heard: watch::Sender<u64>,
}

impl Subscriber {
    fn begin(place: &Arc<Place>, issuer: &str) -> watch::Receiver<u64> {
        let (heard, receiver) = watch::channel(0);
        let follower = Follower::new(issuer, Arc::new(RevokedSet::new()));
        let mut one = Self { place: Arc::clone(place), issuer: issuer.to_owned(), follower, heard };
        let snapshot = place.snapshot.clone();
        tokio::spawn(async move {
            one.take(&snapshot);
            loop {
                // Whatever ends a stream: it comes back.
                let _ = one.stream().await;
                sleep(Duration::from_millis(50)).await;
            }
        });
        receiver
    }

    async fn stream(&mut self) -> std::io::Result<()> {
        let stream = TcpStream::connect(self.place.address).await?;
        let (token, position) = (&self.place.token, self.follower.position().unwrap());
        let request = format!(
            "GET /revocations/feed HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nLast-Event-ID: \
             {position}\r\n\r\n"
        );
        stream.writable().await?;
        assert_eq!(stream.try_write(request.as_bytes())?, request.len());
        let (mut held, mut is_head) = (Vec::new(), true);
        loop {
            let mut bytes = [0; 2048];
            stream.readable().await?;
            match stream.try_read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(read) => held.extend_from_slice(&bytes[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            if is_head {
                let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                let head = String::from_utf8(held.drain(..end + 4).collect()).unwrap();
                if !head.starts_with("HTTP/1.1 200") {
                    self.fault(format!("refused: {head}"));
                }
                is_head = false;
            }
            while let Some(end) = held.windows(2).position(|two| two == b"\n\n") {
                let event = String::from_utf8(held.drain(..end + 2).collect()).unwrap();
                // The last event tells to come again, and is no object.
                let object = event.lines().find_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "{}");
                object.into_iter().for_each(|object| self.take(object));
            }
        }
    }

    fn take(&mut self, text: &str) {
        match SignedObject::verify(text, &self.place.keys, &self.issuer) {
            Ok(object) => match self.follower.apply(&object, object.object().point().as_of / 1_000) {
                Applied::Advanced | Applied::Nothing => {}
                other => self.fault(format!("at {:?}: {other:?}", self.follower.position())),
            },
            Err(error) => self.fault(error.to_string()),
        }
        let is_known = |number: u64| {
            let token = Subjects { token: Some(u128::from(number).to_be_bytes()), ..Subjects::default() };
            self.follower.set().look_up(&token).is_some()
        };
        let known =
            (1..=RESTARTS * REVOKED_MEANWHILE + REVOKED_MEANWHILE).take_while(|number| is_known(*number)).count();
        self.heard.send_if_modified(|heard| std::mem::replace(heard, known as u64) != known as u64);
    }

    fn fault(&self, fault: String) {
        self.place.faults.lock().unwrap().push(fault);
    }
}
