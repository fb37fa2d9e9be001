//! `countersign migrate`: what is pending, made in the open.

use crate::kit::Place;
use crate::support::ServerProcess;
use rusqlite::Connection;
use std::path::PathBuf;

const FIRST: &str = include_str!("../../../store-sqlite/migrations/0001_foundation.sql");

/// A deployment whose database has the first schema again.
fn older() -> (Place, PathBuf) {
    let place = Place::new();
    place.json(&["account", "add", "ana"]);
    let (path, newer) = (place.data().join("countersign.db"), place.path("newer.db"));
    std::fs::rename(&path, &newer).unwrap();
    let database = Connection::open(&path).unwrap();
    database.execute_batch(FIRST).unwrap();
    database.execute("ATTACH ?1 AS newer", [newer.to_str().unwrap()]).unwrap();
    let ours: u32 = database.pragma_query_value(Some("newer"), "application_id", |row| row.get(0)).unwrap();
    database.pragma_update(Some("main"), "application_id", ours).unwrap();
    let names = |statement: &str| -> Vec<String> {
        let mut names = database.prepare(statement).unwrap();
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    names("SELECT sql FROM newer.sqlite_schema WHERE name = 'migration'")
        .iter()
        .for_each(|sql| database.execute_batch(sql).unwrap());
    for table in names("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'") {
        let columns =
            names(&format!("SELECT '\"' || name || '\"' FROM pragma_table_info('{table}', 'main')")).join(", ");
        let copy = format!(
            "DELETE FROM main.{table}; INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}"
        );
        database.execute_batch(&copy).unwrap();
    }
    database.execute_batch("DELETE FROM migration WHERE version > 1; PRAGMA main.user_version = 1").unwrap();
    (place, path)
}

#[test]
fn what_is_pending_is_told_and_then_made_with_a_copy_as_it_was() {
    let (place, path) = older();
    let check = place.run(&["migrate", "--check", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    assert_eq!((check.code, &document["schema"], &document["applied"]), (1, &1.into(), &false.into()));
    assert_eq!(document["pending"][0]["name"], "clients");
    assert!(place.run(&["migrate", "--check"]).out.contains("pending: 2 (clients), 3 (claims), 4 (grants), "));
    let version = |path: &PathBuf| -> u32 {
        Connection::open(path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&path), 1, "a check changed something");

    let done = place.json(&["migrate"]);
    let newest = document["pending"].as_array().unwrap().len() as u32 + 1;
    assert_eq!((&done["applied"], version(&path)), (&true.into(), newest));
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
