//! A folder, a database, a master key, a port, an issuer: each in a state in which no server may start.

use crate::deployment::{SERVE, assert_untouched, contents, stopped};
use crate::kit::Place;
use crate::support::{Connection, ServerProcess};
use std::path::Path;
use std::process::Command;

/// Damages a deployment; `serve` must say why it can't, and leave everything as it is.
#[track_caller]
fn refused(what: &str, damage: impl FnOnce(&Path), code: i32, told: &[&str]) {
    let place = stopped();
    damage(&place.data());
    let before = contents(&place.data());
    place.run(&SERVE).assert_failed(code, told);
    assert_untouched(&before, &place.data(), what);
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_database_is_refused() {
    let corrupt = [
        "countersign.db can't be opened",
        "storage is corrupt",
        "left as it is",
        "hint: put back a copy of the database that is whole: countersign restore FILE",
    ];
    let pages = |data: &Path| change(&data.join("countersign.db"), |bytes| bytes[8_192..8_500].fill(0xa5));
    refused("damaged pages", pages, 3, &corrupt);
    let half = |data: &Path| change(&data.join("countersign.db"), |bytes| bytes.truncate(bytes.len() / 2));
    refused("a half", half, 3, &corrupt);
    let text = |data: &Path| std::fs::write(data.join("countersign.db"), "dear diary").unwrap();
    refused("a text", text, 3, &[&corrupt[..], &["not an SQLite database"]].concat());
    let foreign = |data: &Path| {
        std::fs::remove_file(data.join("countersign.db")).unwrap();
        let other = rusqlite::Connection::open(data.join("countersign.db")).unwrap();
        other.execute_batch("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('dear diary')").unwrap();
    };
    refused("somebody else's", foreign, 3, &[&corrupt[..], &["of another application"]].concat());
    let folder = |data: &Path| {
        std::fs::remove_file(data.join("countersign.db")).unwrap();
        std::fs::create_dir(data.join("countersign.db")).unwrap();
    };
    refused("a folder", folder, 3, &["countersign.db can't be opened", "Is a directory", "hint: `countersign doctor`"]);
}

#[test]
fn a_newer_database_is_refused() {
    let newer = |data: &Path| {
        let database = rusqlite::Connection::open(data.join("countersign.db")).unwrap();
        database.pragma_update(None, "user_version", 999).unwrap();
    };
    refused("a newer schema", newer, 3, &["schema 999", "run the newer version", "hint:", "countersign restore FILE"]);
}

#[cfg(unix)]
#[test]
fn a_master_key_that_is_not_the_one_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let key = |data: &Path| data.join("master.key");
    let another = |data: &Path| std::fs::write(key(data), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n").unwrap();
    refused("another", another, 2, &["master.key is not the one", "countersign.db was sealed under", "hint: put back"]);
    let half = |data: &Path| change(&key(data), |bytes| bytes.truncate(20));
    refused("a half", half, 2, &["holds no master key: expected 43 characters", "hint: put back"]);
    let gone = |data: &Path| std::fs::remove_file(key(data)).unwrap();
    refused("none", gone, 2, &["master.key is not there", "hint: put back", "`keys.master_key_file`"]);
    let open = |data: &Path| std::fs::set_permissions(key(data), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused("an open one", open, 2, &["others can read the master key", "hint: chmod 600"]);
    let folder = |data: &Path| {
        gone(data);
        std::fs::create_dir(key(data)).unwrap();
    };
    refused("a folder", folder, 2, &["master.key is a folder, not a file", "hint: put back"]);
}

#[test]
fn a_port_that_is_taken_is_refused() {
    let place = stopped();
    let before = contents(&place.data());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = place.run(&["serve", "--listen", &address]);
    ran.assert_failed(
        2,
        &[&format!("{address} can't be listened on"), "hint: another program listens there", "127.0.0.1:0"],
    );
    assert_untouched(&before, &place.data(), "a taken port");
}

#[test]
fn a_second_server_is_refused_and_the_first_goes_on() {
    let place = stopped();
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    // A server that runs may write: the key and the lock are what must stay.
    let kept = |name: &str| std::fs::read(place.data().join(name)).unwrap();
    let before = (kept("master.key"), kept("lock"));
    let second = place.run(&SERVE);
    second.assert_failed(3, &[&format!("process {} already serves", server.id()), "hint: stop it first", "--data DIR"]);
    assert_eq!(before, (kept("master.key"), kept("lock")));
    let mut connection = Connection::open(server.address).unwrap();
    assert_eq!(connection.send("GET", "/readyz", None, None).unwrap().0, 200);
}

#[test]
fn another_issuer_is_refused_with_both_and_how_to_keep_or_change() {
    let place = stopped();
    let before = contents(&place.data());
    place.write("countersign.toml", "[server]\nissuer = \"https://auth.example.com\"\n");
    let told = [
        "the issuer is https://auth.example.com",
        "founded under http://localhost:8420",
        "0 live sessions",
        "countersign.toml:2",
        "countersign serve --issuer http://localhost:8420",
        "countersign serve --change-issuer",
    ];
    place.run(&["serve", "--listen", "127.0.0.1:0"]).assert_failed(2, &told);
    assert_untouched(&before, &place.data(), "another issuer");
}

#[test]
fn a_data_folder_that_is_a_file_is_refused() {
    let place = Place::new();
    let file = place.write("data", "somebody's");
    for folder in [file.clone(), file.join("below")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        let output = command.env_clear().arg("--data").arg(&folder).args(SERVE).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        for expected in ["can't be made", "data is a file, not a folder", "hint: name another folder with `--data DIR`"]
        {
            assert!(told.contains(expected), "{told}");
        }
    }
    assert_eq!(std::fs::read(file).unwrap(), b"somebody's");
}
