//! `countersign migrate`: what is pending, made in the open.

use crate::kit::Place;
use crate::support::ServerProcess;
use rusqlite::Connection;
use std::path::PathBuf;

/// A deployment whose database has the first schema again.
fn older() -> (Place, PathBuf) {
    let place = Place::new();
    place.json(&["account", "add", "ana"]);
    let path = place.data().join("countersign.db");
    let database = Connection::open(&path).unwrap();
    let back = "DROP TABLE client;
        CREATE TABLE client (id TEXT PRIMARY KEY NOT NULL) STRICT;
        ALTER TABLE resource DROP COLUMN claims;
        ALTER TABLE session DROP COLUMN authenticated_at;
        DROP TABLE authorization_code;
        DROP TABLE consent;
        DROP TABLE pushed_request;
        DELETE FROM migration WHERE version > 1;
        PRAGMA user_version = 1";
    database.execute_batch(back).unwrap();
    (place, path)
}

#[test]
fn what_is_pending_is_told_and_then_made_with_a_copy_as_it_was() {
    let (place, path) = older();
    let check = place.run(&["migrate", "--check", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    assert_eq!((check.code, &document["schema"], &document["applied"]), (1, &1.into(), &false.into()));
    assert_eq!(document["pending"][0]["name"], "clients");
    assert!(place.run(&["migrate", "--check"]).out.contains("pending: 2 (clients), 3 (claims), 4 (grants)"));
    let version = |path: &PathBuf| -> u32 {
        Connection::open(path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&path), 1, "a check changed something");

    let done = place.json(&["migrate"]);
    let newest = document["pending"].as_array().unwrap().last().unwrap()["version"].as_u64().unwrap();
    assert_eq!((&done["applied"], u64::from(version(&path))), (&true.into(), newest));
    assert_eq!(version(&PathBuf::from(done["copy"].as_str().unwrap())), 1);
    assert_eq!(place.run(&["migrate", "--check"]).code, 0);
    assert!(place.run(&["migrate"]).out.contains("nothing is pending"));
    assert_eq!(place.json(&["account", "list"])["items"][0]["login"], "ana");
}

#[test]
fn an_older_backup_is_restored_and_migrated() {
    let (place, _) = older();
    let file = place.path("older.db").display().to_string();
    place.json(&["backup", &file]);
    place.json(&["migrate"]);
    place.json(&["restore", &file]);
    assert_eq!(place.run(&["migrate", "--check"]).code, 0);
    assert_eq!(place.json(&["account", "list"])["items"][0]["login"], "ana");
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() {
    let place = Place::new();
    place.json(&["account", "add", "ana"]);
    let path = place.data().join("countersign.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let before = std::fs::read(&path).unwrap();
    for args in [&["migrate"][..], &["migrate", "--check"], &["backup", "copy.db"]] {
        place.run(args).assert_failed(3, &["schema 999", "run the newer version"]);
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(!place.path("copy.db").exists());
}

#[test]
fn nothing_is_migrated_under_a_server() {
    let place = Place::new();
    place.json(&["account", "add", "ana"]);
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    assert_eq!(place.run(&["migrate", "--check"]).code, 0);
    assert_eq!(place.run(&["migrate"]).code, 0, "nothing is pending");
    server.kill();
}
