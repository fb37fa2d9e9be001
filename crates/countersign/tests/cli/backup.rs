//! `countersign backup` and `restore`: what is refused leaves every file as it was.

use crate::kit::{Place, Ran};
use crate::support::ServerProcess;
use rusqlite::Connection;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A deployment with an account, and a backup of it.
fn backed_up() -> (Place, PathBuf) {
    let place = Place::new();
    place.json(&["account", "add", "ana"]);
    let file = place.path("backup.db");
    place.json(&["backup", file.to_str().unwrap()]);
    (place, file)
}

/// That restoring `file` is refused, and that neither it nor the deployment has changed.
fn refuses(place: &Place, file: &Path, code: i32, named: &[&str]) {
    let state = || {
        let database = std::fs::read(place.data().join("countersign.db")).unwrap();
        (database, std::fs::read(place.data().join("master.key")).ok(), std::fs::read(file).ok())
    };
    let before = state();
    place.run(&["restore", file.to_str().unwrap()]).assert_failed(code, named);
    assert!(state() == before, "a file was changed: {named:?}");
    assert!(!place.data().join("countersign.db.restoring").exists());
    assert_eq!(kept(place), 0);
}

/// Databases that restores have replaced.
fn kept(place: &Place) -> usize {
    let names = std::fs::read_dir(place.data()).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains("before-restore")).count()
}

fn logins(place: &Place) -> Vec<String> {
    let list = place.json(&["account", "list"]);
    list["items"].as_array().unwrap().iter().map(|item| item["login"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_backup_is_private_and_says_what_it_holds_and_where_the_master_key_is() {
    let (place, file) = backed_up();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let taken = place.run(&["backup", file.to_str().unwrap()]);
    taken.assert_failed(2, &["is there already", "--force"]);
    let again = place.run(&["backup", file.to_str().unwrap(), "--force"]);
    assert!(again.out.contains("master key is not in it") && again.out.contains("master.key"), "{again:?}");
    let document = place.json(&["backup", place.path("other.db").to_str().unwrap()]);
    assert_eq!(document["bytes"], std::fs::metadata(place.path("other.db")).unwrap().len());
    for member in ["file", "sessions", "epoch", "last", "took_ms"] {
        assert!(!document[member].is_null(), "{member}: {document}");
    }
    let master = std::fs::read_to_string(place.data().join("master.key")).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(43).any(|window| window == master.trim().as_bytes()));
}

#[test]
fn a_backup_goes_nowhere_where_it_would_do_harm() {
    let (place, _) = backed_up();
    let database = place.data().join("countersign.db");
    let before = std::fs::read(&database).unwrap();
    let database = database.to_str().unwrap();
    place.run(&["backup", database, "--force"]).assert_failed(2, &["belongs to the database itself"]);
    place.run(&["backup", &format!("{database}-wal"), "--force"]).assert_failed(2, &["belongs to the database"]);
    place.run(&["backup", place.data().to_str().unwrap(), "--force"]).assert_failed(2, &["is a folder"]);
    let nowhere = place.path("nowhere/backup.db");
    place.run(&["backup", nowhere.to_str().unwrap()]).assert_failed(3, &["can't be backed up", "No such file"]);
    assert_eq!(std::fs::read(database).unwrap(), before);
    let empty = Place::new();
    empty.run(&["backup", "x.db"]).assert_failed(2, &["there is no deployment"]);
    assert!(!empty.data().exists());
}

#[test]
fn a_full_or_closed_disk_leaves_no_half_a_backup() {
    let (place, file) = backed_up();
    let target = place.path("disk");
    std::fs::create_dir(&target).unwrap();
    let backup = target.join("backup.db").display().to_string();
    // No file of more than a few pages: works without being root, and for the copy that a restore makes too.
    let narrow = r#"trap "" XFSZ; ulimit -f 64; exec "$@""#;
    shell(&place, narrow, &["backup", &backup]).assert_failed(3, &["can't be backed up"]);
    shell(&place, narrow, &["restore", file.to_str().unwrap()]).assert_failed(3, &["can't be restored"]);
    assert_eq!(std::fs::read_dir(&target).unwrap().count(), 0, "something stayed");
    assert!(!place.data().join("countersign.db.restoring").exists());
    // A disk of its own, where the machine lets us make one.
    let can_mount = Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success());
    if !can_mount {
        return;
    }
    let on = |options: &str, and: &str| {
        let script =
            format!("mount -t tmpfs -o {options} none '{}' && \"$@\"; code=$?; {and}; exit $code", target.display());
        let script = format!("unshare -m sh -c '{}' sh \"$@\"", script.replace('\'', "'\\''"));
        shell(&place, &script, &["backup", &backup])
    };
    let count = format!("ls -A '{}' | wc -l", target.display());
    let full = on("size=64k", &count);
    full.assert_failed(3, &["storage is full", "free some disk space"]);
    assert_eq!(full.out.trim(), "0", "{full:?}");
    on("ro,size=1m", ":").assert_failed(3, &["can't be backed up", "Read-only"]);
}

/// Runs the binary from a script, as `"$@"`.
fn shell(place: &Place, script: &str, args: &[&str]) -> Ran {
    let mut command = Command::new("sh");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).args(["-c", script, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_countersign")).arg("--data").arg(place.data()).args(args);
    let output = command.current_dir(place.path(".")).output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn what_is_no_good_backup_is_refused_and_nothing_changes() {
    let (place, good) = backed_up();
    let bytes = std::fs::read(&good).unwrap();
    let bad = place.path("bad.db");
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = bytes.clone();
        change(&mut changed);
        std::fs::write(&bad, changed).unwrap();
    };
    let refused = |code, named: &[&str]| refuses(&place, &bad, code, &[named, &["bad.db can't be restored"]].concat());
    with(&|bytes| bytes[8_192..20_000].fill(0xa5));
    refused(3, &["corrupt"]);
    with(&|bytes| bytes.truncate(bytes.len() / 2));
    refused(3, &["corrupt"]);
    with(&|bytes| bytes.truncate(50));
    refused(3, &["corrupt"]);
    with(&Vec::clear);
    refused(3, &["it is empty"]);
    with(&|bytes| bytes[..16].copy_from_slice(b"dear diary, 2026"));
    refused(3, &["not an SQLite database"]);
    // `user_version` and `application_id` in the file's header.
    with(&|bytes| bytes[60..64].copy_from_slice(&999_u32.to_be_bytes()));
    refused(3, &["schema 999", "run the newer version"]);
    with(&|bytes| bytes[68..72].copy_from_slice(b"NOTE"));
    refused(3, &["another application"]);
    let emptied = || {
        std::fs::write(&bad, &bytes).unwrap();
        Connection::open(&bad).unwrap().execute("DELETE FROM deployment", []).unwrap();
    };
    emptied();
    refused(3, &["no deployment is in it"]);
    refuses(&place, &place.path("missing.db"), 2, &["there is no backup"]);
}

#[test]
fn a_backup_under_another_master_key_is_refused() {
    let (_elsewhere, file) = backed_up();
    let place = Place::new();
    place.json(&["account", "add", "ben"]);
    refuses(&place, &file, 2, &["master.key", "not the one", "backup.db was sealed under"]);
    std::fs::remove_file(place.data().join("master.key")).unwrap();
    refuses(&place, &file, 2, &["master.key is not there"]);
    assert!(!place.data().join("master.key").exists(), "another key was made");
}

#[test]
fn no_backup_is_restored_under_a_running_server_or_another_command() {
    let (place, file) = backed_up();
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    let id = server.id().to_string();
    place.run(&["restore", file.to_str().unwrap()]).assert_failed(3, &["already serves", &id]);
    server.kill();
    // Not a server, but it has the database open.
    let other = Connection::open(place.data().join("countersign.db")).unwrap();
    other.query_row("SELECT count(*) FROM account", [], |row| row.get::<_, i64>(0)).unwrap();
    place
        .run(&["restore", file.to_str().unwrap()])
        .assert_failed(3, &["another process has it open", "every other command"]);
    assert_eq!(kept(&place), 0);
    drop(other);
    place.json(&["restore", file.to_str().unwrap()]);
}

#[test]
fn what_was_replaced_stays_and_restores_again() {
    let (place, file) = backed_up();
    place.json(&["account", "add", "ben"]);
    let restored = place.json(&["restore", file.to_str().unwrap()]);
    assert_eq!(logins(&place), ["ana"]);
    let replaced = restored["replaced"].as_str().unwrap().to_owned();
    assert!(replaced.contains("countersign.db.before-restore-2"), "{replaced}");
    let back = place.json(&["restore", &replaced]);
    assert_eq!(logins(&place), ["ana", "ben"]);
    assert!(back["epoch"].as_str() > restored["epoch"].as_str(), "epochs only move on");
    assert_eq!(kept(&place), 2);
    let events = Connection::open(place.data().join("countersign.db")).unwrap();
    let told = "SELECT count(*) FROM audit WHERE what = 'storage.restored'";
    assert_eq!(events.query_row(told, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[test]
fn a_database_that_does_not_open_is_replaced_and_kept() {
    let (place, file) = backed_up();
    let database = place.data().join("countersign.db");
    std::fs::write(&database, b"what a broken disk left").unwrap();
    let restored = place.run(&["restore", file.to_str().unwrap(), "--json"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(restored.err.contains("can't be read"), "{restored:?}");
    assert_eq!(logins(&place), ["ana"]);
    let document: serde_json::Value = serde_json::from_str(&restored.out).unwrap();
    assert_eq!(std::fs::read(document["replaced"].as_str().unwrap()).unwrap(), b"what a broken disk left");
}

#[test]
fn what_was_revoked_after_the_backup_stays_revoked() {
    let (place, file) = backed_up();
    let active = || {
        let keys = place.json(&["key", "list"]);
        let keys = keys["items"].as_array().unwrap().clone();
        let active = keys.into_iter().find(|key| key["kind"] == "signing" && key["state"] == "active").unwrap();
        active["id"].as_str().unwrap().to_owned()
    };
    let revoked = active();
    place.json(&["revoke", "--key", &revoked]);
    let restored = place.json(&["restore", file.to_str().unwrap()]);
    assert_eq!(restored["keys_revoked"], serde_json::json!([revoked]));
    assert_ne!(active(), revoked, "what every verifier refuses would sign");
    let database = Connection::open(place.data().join("countersign.db")).unwrap();
    let told = "SELECT count(*) FROM revocation WHERE kind = 'k' AND subject = ?1";
    assert!(database.query_row(told, [&revoked], |row| row.get::<_, i64>(0)).unwrap() >= 1);
}
