//! A disk that is full or fills up, and folders and files that can't be written.

use crate::deployment::{SERVE, assert_untouched, contents, stopped};
use crate::kit::Place;
use crate::mounted::Mounted;
use crate::support::Connection;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

const PASSWORD: &str = "a phrase of several words";
/// For a busy machine: a test that passes does not wait for it.
const LOOKS_MAX: u32 = 600;

/// A server in a namespace. Killed when dropped.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(disk: &Mounted, data: &Path) -> Self {
        let mut command = disk.command(data);
        let mut child = command.args(SERVE).arg("--json").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line:?}"));
        Self { child, address: ready["listen"].as_str().unwrap().parse().unwrap() }
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        Connection::open(self.address).unwrap().post(path, body).unwrap()
    }

    fn sign_in(&self) -> (u16, Value) {
        self.post("/api/v1/sign-in", &json!({ "login": "ana", "password": PASSWORD }))
    }

    fn refresh(&self, tokens: &Value) -> (u16, Value) {
        self.post("/api/v1/refresh", &json!({ "refresh_token": tokens["refresh_token"] }))
    }

    /// What `/readyz` says once it answers with `status`: it asks storage once a second.
    fn readiness(&self, status: u16) -> Value {
        for _ in 0..LOOKS_MAX {
            let (found, body) = Connection::open(self.address).unwrap().send("GET", "/readyz", None, None).unwrap();
            if found == status {
                return body;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("never {status}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small disk, and the place of a data folder on it.
fn small_disk(place: &Place, kibibytes: u32) -> Option<(Mounted, PathBuf)> {
    std::fs::create_dir(place.path("disk")).unwrap();
    let disk = Mounted::small(&place.path("disk"), kibibytes)?;
    Some((disk, place.path("disk").join("data")))
}

#[test]
fn a_disk_that_fills_up_refuses_changes_loses_nothing_and_recovers() {
    let place = Place::new();
    let Some((disk, data)) = small_disk(&place, 4_096) else { return };
    let server = Running::start(&disk, &data);
    assert_eq!(disk.run(&data, &["account", "add", "ana", "--password-stdin"], PASSWORD).code, 0);
    let (status, tokens) = server.sign_in();
    assert_eq!(status, 200, "{tokens}");

    // What is left of the log's last page may hold a few more changes; then nothing is taken.
    disk.fill(0);
    let refused = (0..200).map(|_| server.sign_in()).find(|(status, _)| *status != 200).expect("a refusal");
    assert_eq!((refused.0, &refused.1["code"]), (503, &json!("unavailable")));
    let refused = server.refresh(&tokens);
    assert_eq!((refused.0, &refused.1["code"]), (503, &json!("unavailable")));
    let unready = server.readiness(503);
    assert_eq!(unready["status"], "unready");
    assert!(unready["why"][0].as_str().unwrap().contains("storage is full: free some disk space"), "{unready}");
    disk.run(&data, &["account", "add", "ben"], "")
        .assert_failed(3, &["storage is full", "hint: free some disk space"]);
    let health = Connection::open(server.address).unwrap().send("GET", "/healthz", None, None).unwrap();
    assert_eq!(health.0, 200, "it still answers");

    // With room again it goes on by itself: the session that could not be refreshed is the same.
    disk.clear();
    server.readiness(200);
    let (status, refreshed) = server.refresh(&tokens);
    assert_eq!((status, &refreshed["session_id"]), (200, &tokens["session_id"]), "{refreshed}");

    // Full again, killed, and started on the full disk.
    disk.fill(0);
    drop(server);
    let before = contents(&disk.outside().join("data"));
    disk.run(&data, &SERVE, "").assert_failed(3, &["hint: free some disk space"]);
    assert_untouched(&before, &disk.outside().join("data"), "a full disk");
    disk.clear();
    let server = Running::start(&disk, &data);
    let (status, again) = server.refresh(&refreshed);
    assert_eq!((status, &again["session_id"]), (200, &tokens["session_id"]), "{again}");
    assert_eq!(server.sign_in().0, 200);
    let accounts = disk.run(&data, &["account", "list", "--json"], "");
    let accounts: Value = serde_json::from_str(&accounts.out).unwrap();
    assert_eq!(accounts["items"].as_array().unwrap().len(), 1, "{accounts}");
}

#[test]
fn a_first_start_on_a_full_disk_is_refused_wherever_it_runs_out_and_can_be_made_up_for() {
    let place = Place::new();
    let Some((disk, data)) = small_disk(&place, 2_048) else { return };
    // The folder, the lock, the database, its log, the log's index, the master key: each may be what no longer fits.
    for free in [0, 4, 8, 16, 24, 32, 64, 128, 192] {
        disk.fill(free);
        let ran = disk.run(&data, &SERVE, "");
        ran.assert_failed(3, &["hint: free some disk space"]);
        assert!(!ran.err.contains("bug"), "{free} KiB: {ran:?}");
        disk.clear();
        if free % 64 == 0 {
            let server = Running::start(&disk, &data);
            server.readiness(200);
            drop(server);
            std::fs::remove_dir_all(disk.outside().join("data")).unwrap();
        }
    }
}

#[test]
fn a_folder_that_can_not_be_written_is_refused_with_who_must_be_able_to() {
    let place = stopped();
    let Some(folder) = Mounted::read_only(&place.data()) else { return };
    let before = contents(&place.data());
    let told =
        ["the data folder can't be taken", "Read-only file system", "hint: let the user that runs this write to"];
    folder.run(&place.data(), &SERVE, "").assert_failed(3, &told);
    folder
        .run(&place.data(), &["account", "add", "ben"], "")
        .assert_failed(3, &["can't be opened", "hint:", "countersign doctor"]);
    let below = folder.run(&place.data().join("below"), &SERVE, "");
    below.assert_failed(2, &["can't be made", "Read-only file system", "hint: let the user", "--data DIR"]);
    assert_untouched(&before, &place.data(), "a read-only folder");
}

#[test]
fn a_database_that_can_not_be_written_is_refused_at_the_start_and_not_at_each_change() {
    let place = stopped();
    let Some(database) = Mounted::read_only(&place.data().join("countersign.db")) else { return };
    let before = contents(&place.data());
    let ran = database.run(&place.data(), &SERVE, "");
    ran.assert_failed(3, &["countersign.db can't be opened", "opening the database to write", "hint:"]);
    assert_untouched(&before, &place.data(), "a read-only database");
}
