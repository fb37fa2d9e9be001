//! `kill -9` in the middle of 200 clients that refresh: every client goes on with the token that it holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, reason = "the test waits in real time for a real process")]
#![allow(clippy::disallowed_macros, reason = "the figures are the test's report")]

mod support;

use countersign_core::audit::AuditFilter;
use countersign_core::key_ring::MasterKey;
use countersign_core::store::{Page, SessionFilter, Store};
use countersign_store_sqlite::{Options, SqliteStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::opener::Opener;
use support::{Connection, ServerProcess};

const CLIENTS: usize = 200;
const KILLS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_goes_on_after_each_kill_when_every_refresh_commits() {
    drill("0s").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_goes_on_after_each_kill_with_a_grace_period() {
    drill("1s").await;
}

async fn drill(grace: &str) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // One port for all starts: clients come back to where they were.
    let address: SocketAddr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, issuer) = (address.to_string(), format!("http://localhost:{}", address.port()));
    let settings = [("COUNTERSIGN_SESSIONS__GRACE", grace)];
    let mut server = ServerProcess::start(&data, &listen, &settings);
    let opener = opener(&data, &issuer).await;
    opener.accounts().await;
    for kill in 1..=KILLS {
        let mut tokens = Vec::with_capacity(CLIENTS);
        for client in 0..CLIENTS {
            tokens.push(opener.session(client).await);
        }
        let (held, rates) = refresh_until_killed(server, tokens, kill);
        let Rates { refreshes, commits } = rates;
        println!(
            "grace {grace}, kill {kill}: {refreshes:.0} refreshes, {commits:.0} of them rotations committed, a second"
        );
        server = ServerProcess::start(&data, &listen, &settings);
        let stranded = retry_all(server.address, &held);
        assert_eq!(stranded, Vec::<String>::new(), "grace {grace}, kill {kill}: clients that could not go on");
    }
    assert_eq!(false_alarms(&*opener.store).await, 0);
}

/// What was answered each second before the kill.
struct Rates {
    refreshes: f64,
    /// Those that answered another refresh token: each was on disk by then.
    commits: f64,
}

#[derive(Default)]
struct Counts {
    refreshes: AtomicU64,
    commits: AtomicU64,
}

/// All clients refresh as fast as they are answered, until the server is killed; gives the token that each holds.
fn refresh_until_killed(server: ServerProcess, tokens: Vec<String>, kill: usize) -> (Vec<String>, Rates) {
    let (address, counts, killed) = (server.address, Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = tokens
        .into_iter()
        .map(|token| {
            let (counts, killed) = (Arc::clone(&counts), Arc::clone(&killed));
            std::thread::spawn(move || refresh_on(address, token, &counts, &killed))
        })
        .collect();
    let started = Instant::now();
    // Another moment each time, so that the kill meets other states of the writer.
    while counts.refreshes.load(Ordering::Relaxed) < 150 + 97 * kill as u64 {
        std::thread::sleep(Duration::from_millis(1));
        assert!(started.elapsed() < Duration::from_secs(60), "the server does not answer");
    }
    let per_second = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    let rates = Rates { refreshes: per_second(&counts.refreshes), commits: per_second(&counts.commits) };
    server.kill();
    killed.store(true, Ordering::Relaxed);
    (clients.into_iter().map(|client| client.join().unwrap()).collect(), rates)
}

fn refresh_on(address: SocketAddr, mut token: String, counts: &Counts, killed: &AtomicBool) -> String {
    let Ok(mut connection) = Connection::open(address) else { return token };
    loop {
        let request = serde_json::json!({ "refresh_token": token });
        match connection.post("/api/v1/refresh", &request) {
            Ok((200, answer)) => {
                let next = answer["refresh_token"].as_str().unwrap().to_owned();
                counts.commits.fetch_add(u64::from(next != token), Ordering::Relaxed);
                token = next;
            }
            Ok((status, answer)) => panic!("refused before the kill: {status} {answer}"),
            Err(_) => return token,
        }
        counts.refreshes.fetch_add(1, Ordering::Relaxed);
        if killed.load(Ordering::Relaxed) {
            return token;
        }
    }
}

/// Each client presents the token that it holds, twice in a row to show that its chain is alive; gives who could not.
fn retry_all(address: SocketAddr, held: &[String]) -> Vec<String> {
    let mut stranded = Vec::new();
    let mut connection = Connection::open(address).unwrap();
    for token in held {
        let mut token = token.clone();
        for _ in 0..2 {
            match connection.post("/api/v1/refresh", &serde_json::json!({ "refresh_token": token })).unwrap() {
                (200, answer) => token = answer["refresh_token"].as_str().unwrap().to_owned(),
                (status, answer) => stranded.push(format!("{status} {answer}")),
            }
        }
    }
    stranded
}

async fn opener(data: &Path, issuer: &str) -> Opener {
    let store = SqliteStore::open(&Options::at(data.join("countersign.db"))).unwrap();
    let master = std::fs::read_to_string(data.join("master.key")).unwrap();
    let master = countersign_jose::base64url::decode(master.trim()).unwrap().try_into().unwrap();
    Opener::new(Arc::new(store), &MasterKey::from_bytes(master), issuer).await
}

/// Sessions that ended for any reason but a hundred newer ones, and alarms: an honest client has none.
async fn false_alarms(store: &dyn Store) -> usize {
    let mut page = Page::first();
    let mut found = 0;
    loop {
        let sessions = store.sessions(SessionFilter::default(), page).await.unwrap();
        let ended = sessions.items.iter().filter_map(|session| session.ended.as_ref());
        found += ended.filter(|ended| ended.end.reason.code() != "too_many").count();
        let Some(next) = sessions.next else { break };
        page = Page::new(100, Some(next));
    }
    let alarms = AuditFilter { what: Some("alarm.".to_owned()), ..Default::default() };
    found + store.audit(alarms, Page::first()).await.unwrap().items.len()
}
