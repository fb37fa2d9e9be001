//! A backup made while 200 sessions are refreshed as fast as they are answered, and what becomes of those sessions
//! where it is restored. And `kill -9` in the middle of a restore.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, reason = "the test waits in real time for a real process")]
#![allow(clippy::disallowed_macros, reason = "the figures are the test's report")]

mod support;

use countersign_core::key_ring::MasterKey;
use countersign_store_sqlite::{Options, SqliteStore};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::opener::Opener;
use support::{Connection, ServerProcess, countersign};

const SESSIONS: usize = 200;
const THREADS: usize = 20;
const BACKUPS: usize = 4;
const SETTINGS: [(&str, &str); 2] = [("COUNTERSIGN_SESSIONS__GRACE", "0s"), ("COUNTERSIGN_FEED__ACCESS", "public")];

/// A session as its client knows it.
#[derive(Clone)]
struct Held {
    session: String,
    token: String,
}

fn run(data: &Path, args: &[&str]) -> Value {
    let output = countersign(data).args(args).arg("--json").output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refresh(connection: &mut Connection, held: &Held) -> Result<Held, Value> {
    let (status, answer) = connection.post("/api/v1/refresh", &json!({ "refresh_token": held.token })).unwrap();
    if status != 200 {
        return Err(answer);
    }
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    Ok(Held { session: text("session_id"), token: text("refresh_token") })
}

async fn sessions(data: &Path, issuer: &str) -> Vec<Held> {
    let store = SqliteStore::open(&Options::at(data.join("countersign.db"))).unwrap();
    let master = std::fs::read_to_string(data.join("master.key")).unwrap();
    let master = countersign_jose::base64url::decode(master.trim()).unwrap().try_into().unwrap();
    let opener = Opener::new(Arc::new(store), &MasterKey::from_bytes(master), issuer).await;
    opener.accounts().await;
    let mut held = Vec::new();
    for client in 0..SESSIONS {
        held.push(Held { session: String::new(), token: opener.session(client).await });
    }
    held
}

/// All clients refresh until told to stop; gives what they hold then.
fn clients(
    address: SocketAddr,
    held: &[Held],
    count: &Arc<AtomicU64>,
    stop: &Arc<AtomicBool>,
) -> Vec<std::thread::JoinHandle<Vec<Held>>> {
    let start = |mine: &[Held]| {
        let (mut mine, count, stop) = (mine.to_vec(), Arc::clone(count), Arc::clone(stop));
        std::thread::spawn(move || {
            let mut connection = Connection::open(address).unwrap();
            while !stop.load(Ordering::Relaxed) {
                for held in &mut mine {
                    *held = refresh(&mut connection, held).unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
            mine
        })
    };
    held.chunks(SESSIONS / THREADS).map(start).collect()
}

/// A data folder on another machine: the master key, and nothing else.
fn elsewhere(folder: &Path, name: &str) -> std::path::PathBuf {
    let data = folder.join(name);
    std::fs::create_dir(&data).unwrap();
    std::fs::copy(folder.join("data/master.key"), data.join("master.key")).unwrap();
    data
}

fn alarms(data: &Path) -> i64 {
    let database = rusqlite::Connection::open(data.join("countersign.db")).unwrap();
    database.query_row("SELECT count(*) FROM audit WHERE what LIKE 'alarm.%'", [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_whole_and_its_sessions_end_or_go_on_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let address: SocketAddr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listen = address.to_string();
    let server = ServerProcess::start(&data, &listen, &SETTINGS);
    let held = sessions(&data, &format!("http://localhost:{}", address.port())).await;
    let (count, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let running = clients(server.address, &held, &count, &stop);
    let until = |wanted: u64| {
        let started = Instant::now();
        while count.load(Ordering::Relaxed) < wanted {
            assert!(started.elapsed() < Duration::from_secs(60), "the server does not answer");
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    until(SESSIONS as u64 * 2);
    for backup in 1..=BACKUPS {
        let before = count.load(Ordering::Relaxed);
        let file = folder.path().join(format!("{backup}.db"));
        let made = run(&data, &["backup", file.to_str().unwrap()]);
        let during = count.load(Ordering::Relaxed) - before;
        println!("backup {backup}: {} bytes in {} ms, {during} refreshes meanwhile", made["bytes"], made["took_ms"]);
        assert_eq!(made["sessions"], SESSIONS);
        assert!(during > 0, "the server stood still");
    }
    // Every client is further than the backup knows.
    until(count.load(Ordering::Relaxed) + SESSIONS as u64 * 3);
    stop.store(true, Ordering::Relaxed);
    let held: Vec<Held> = running.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    server.kill();
    assert_eq!(alarms(&data), 0);
    let file = folder.path().join(format!("{BACKUPS}.db")).display().to_string();

    // Restored with what is the default: everybody signs in again, and every verifier hears of it.
    let ended = elsewhere(folder.path(), "ended");
    assert_eq!(run(&ended, &["restore", &file])["sessions_ended"], SESSIONS);
    let server = ServerProcess::start(&ended, &listen, &SETTINGS);
    let snapshot = run(&ended, &["feed", "snapshot"]);
    let refused: BTreeSet<&str> =
        snapshot["entries"].as_array().unwrap().iter().filter_map(|entry| entry["id"].as_str()).collect();
    let mut connection = Connection::open(server.address).unwrap();
    for held in &held {
        assert!(refused.contains(held.session.as_str()), "{} is not in the feed", held.session);
        assert_eq!(refresh(&mut connection, held).err().unwrap()["code"], "invalid_grant");
    }
    let shown = run(&ended, &["session", "show", &held[0].session]);
    assert_eq!(shown["end"]["reason"], "restored");
    server.kill();
    assert_eq!(alarms(&ended), 0);

    // Kept: each goes on from where its client is, although the backup knows older generations only.
    let kept = elsewhere(folder.path(), "kept");
    let restored = run(&kept, &["restore", &file, "--keep-sessions"]);
    assert_eq!((&restored["sessions_kept"], &restored["sessions_ended"]), (&json!(true), &json!(0)));
    let server = ServerProcess::start(&kept, &listen, &SETTINGS);
    let mut connection = Connection::open(server.address).unwrap();
    for held in &held {
        let next = refresh(&mut connection, held).unwrap_or_else(|answer| panic!("{answer}"));
        refresh(&mut connection, &next).unwrap_or_else(|answer| panic!("{answer}"));
    }
    server.kill();
    assert_eq!(alarms(&kept), 0, "a false alarm");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ended_after_the_backup_does_not_live_again_where_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = ServerProcess::start(&data, "127.0.0.1:0", &SETTINGS);
    let issuer = format!("http://localhost:{}", server.address.port());
    let listen = server.address.to_string();
    let held = sessions(&data, &issuer).await;
    let file = folder.path().join("backup.db").display().to_string();
    run(&data, &["backup", &file]);
    let mut connection = Connection::open(server.address).unwrap();
    let (gone, goes_on) = (refresh(&mut connection, &held[0]).unwrap(), refresh(&mut connection, &held[1]).unwrap());
    run(&data, &["revoke", "--session", &gone.session]);
    server.kill();
    let restored = run(&data, &["restore", &file, "--keep-sessions"]);
    assert_eq!(restored["sessions_ended"], 1);
    let server = ServerProcess::start(&data, &listen, &SETTINGS);
    let mut connection = Connection::open(server.address).unwrap();
    assert_eq!(refresh(&mut connection, &gone).err().unwrap()["code"], "invalid_grant");
    refresh(&mut connection, &goes_on).unwrap_or_else(|answer| panic!("{answer}"));
    assert_eq!(run(&data, &["session", "show", &gone.session])["end"]["reason"], "administrator");
}

#[test]
fn a_killed_restore_leaves_the_old_or_the_new_database() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    run(&data, &["account", "add", "ana"]);
    let file = folder.path().join("backup.db").display().to_string();
    run(&data, &["backup", &file]);
    let (mut old, mut new) = (0, 0);
    for kill in 0..24_u64 {
        let login = format!("since-{kill}");
        run(&data, &["account", "add", &login]);
        let mut child =
            countersign(&data).args(["restore", &file]).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(kill * 6));
        let _ = child.kill();
        child.wait().unwrap();
        let accounts = run(&data, &["account", "list"])["items"].as_array().unwrap().clone();
        let has = |login: &str| accounts.iter().any(|account| account["login"] == login);
        assert!(has("ana"), "kill {kill}: neither the old nor the new one: {accounts:?}");
        if has(&login) { old += 1 } else { new += 1 }
    }
    println!("killed at 24 moments: {old} times the old database, {new} times the new one");
    run(&data, &["restore", &file]);
    assert_eq!(run(&data, &["account", "list"])["items"].as_array().unwrap().len(), 1);
    assert!(!data.join("countersign.db.restoring").exists());
}
