//! `countersign doctor`: a healthy deployment has no problem, and what is planted is found with what to do about it.

use crate::kit::{Place, files};
use crate::support::{ServerProcess, countersign};
use rusqlite::Connection;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn founded() -> Place {
    let place = Place::new();
    place.json(&["account", "add", "ana"]);
    place
}

fn examine(place: &Place, settings: &[(&str, &str)]) -> (i32, Vec<Value>) {
    let output = countersign(&place.data()).args(["doctor", "--json"]).envs(settings.iter().copied()).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let code = output.status.code().unwrap();
    assert_eq!(document["ok"], code == 0, "{document}");
    (code, document["findings"].as_array().unwrap().clone())
}

/// That there is exactly one problem, about this, with this remedy.
fn assert_problem(place: &Place, settings: &[(&str, &str)], what: &str, remedy: &str) {
    let (code, findings) = examine(place, settings);
    let problems: Vec<_> = findings.iter().filter(|finding| finding["severity"] == "problem").collect();
    assert_eq!((code, problems.len()), (1, 1), "{findings:#?}");
    assert!(problems[0]["what"].as_str().unwrap().contains(what), "{what}: {problems:#?}");
    assert!(problems[0]["remedy"].as_str().unwrap().contains(remedy), "{remedy}: {problems:#?}");
}

/// That no problem is found, but a warning or note about this.
fn assert_mentioned(place: &Place, settings: &[(&str, &str)], severity: &str, what: &str) {
    let (code, findings) = examine(place, settings);
    let found = |finding: &&Value| finding["severity"] == severity && finding["what"].as_str().unwrap().contains(what);
    let found = findings.iter().find(found).unwrap_or_else(|| panic!("{what} is not found: {findings:#?}"));
    assert_eq!(code, 0, "{findings:#?}");
    assert!(found["remedy"].is_string(), "{found}");
}

fn change(place: &Place, sql: &str) {
    let database = Connection::open(place.data().join("countersign.db")).unwrap();
    database.execute_batch(sql).unwrap();
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_healthy_deployment_has_no_problem_beside_a_server_and_without_one() {
    let place = founded();
    let sound = |place: &Place| {
        let (code, findings) = examine(place, &[]);
        let bad = |finding: &&Value| finding["severity"] == "problem" || finding["severity"] == "warning";
        assert_eq!((code, findings.iter().filter(bad).count()), (0, 0), "{findings:#?}");
        for check in ["data folder", "disk", "schema", "database", "clock", "feed", "issuer", "master key", "keys"] {
            assert!(findings.iter().any(|finding| finding["check"] == check), "{check} was not looked at");
        }
    };
    let before = files(&place.data());
    sound(&place);
    assert!(files(&place.data()) == before, "looking changed something");
    let text = place.run(&["doctor"]);
    assert!(text.out.ends_with("0 problems, 0 warnings\n"), "{}", text.out);
    let server =
        ServerProcess::start(&place.data(), "127.0.0.1:0", &[("COUNTERSIGN_SERVER__ISSUER", "http://localhost:8420")]);
    sound(&place);
    server.kill();
    sound(&place);
}

#[test]
fn what_others_may_read_is_a_problem() {
    let place = founded();
    let (data, key) = (place.data(), place.data().join("master.key"));
    mode(&data, 0o755);
    assert_problem(&place, &[], "others may enter", "chmod 700");
    mode(&data, 0o700);
    mode(&data.join("countersign.db"), 0o644);
    assert_problem(&place, &[], "others may read", "chmod 600");
    mode(&data.join("countersign.db"), 0o600);
    mode(&key, 0o640);
    let (code, findings) = examine(&place, &[]);
    assert_eq!(code, 1);
    assert!(findings.iter().any(|finding| finding["check"] == "master key" && finding["severity"] == "problem"));
}

#[test]
fn a_master_key_that_does_not_fit_is_a_problem() {
    let place = founded();
    std::fs::write(place.data().join("master.key"), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n").unwrap();
    assert_problem(&place, &[], "not the one", "put back the master key");
}

#[test]
fn a_damaged_missing_newer_or_older_database_is_found() {
    let place = founded();
    let path = place.data().join("countersign.db");
    let whole = std::fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damaged[8_192..20_000].fill(0xa5);
    std::fs::write(&path, &damaged).unwrap();
    assert_problem(&place, &[], "corrupt", "whole");
    std::fs::write(&path, &whole).unwrap();
    change(&place, "PRAGMA user_version = 999");
    assert_problem(&place, &[], "schema 999", "countersign restore");
    std::fs::remove_file(&path).unwrap();
    assert_problem(&place, &[], "countersign.db is not there", "countersign restore");
    std::fs::write(&path, &whole).unwrap();
    mode(&path, 0o600);
    change(
        &place,
        "DROP TABLE client; CREATE TABLE client (id TEXT PRIMARY KEY NOT NULL) STRICT; \
        DELETE FROM migration WHERE version > 1; PRAGMA user_version = 1",
    );
    assert_mentioned(&place, &[], "warning", "the database has schema 1");
    let nowhere = Place::new();
    assert_problem(&nowhere, &[], "is not there", "countersign serve");
    assert!(!nowhere.data().exists());
}

#[test]
fn a_clock_that_went_back_is_a_problem() {
    let place = founded();
    change(&place, "INSERT INTO audit (at, what) VALUES (4102444800000, 'from.the.future')");
    assert_problem(&place, &[], "before what was written last", "NTP");
}

#[test]
fn a_feed_that_lost_an_entry_is_a_problem() {
    let place = founded();
    place.json(&["account", "add", "ben"]);
    change(&place, "UPDATE revocation SET until = until + 1 WHERE sequence = 1");
    assert_problem(&place, &[], "digest is not that of its entries", "countersign restore");
}

#[test]
fn keys_that_do_not_move_on_are_found() {
    let place = founded();
    change(&place, "UPDATE ring_key SET activated_at = 1000 WHERE state = 'active'");
    assert_mentioned(&place, &[], "warning", "longer than `keys.rotation`");
    change(&place, "DELETE FROM ring_key WHERE state = 'next'");
    assert_mentioned(&place, &[], "warning", "is published ahead");
    change(&place, "DELETE FROM ring_key WHERE state = 'active' AND purpose = 'feed'");
    assert_problem(&place, &[], "no feed key signs", "countersign serve");
}

#[test]
fn settings_that_are_weaker_than_need_be_are_found() {
    let place = founded();
    for (name, value, severity, what) in [
        ("TOKENS__LEEWAY", "60s", "warning", "tokens.leeway is 1 minute"),
        ("TOKENS__ACCESS_LIFETIME", "1h", "warning", "tokens.access_lifetime"),
        ("SESSIONS__ABSOLUTE", "1000d", "warning", "sessions.absolute"),
        ("SESSIONS__GRACE", "60s", "warning", "sessions.grace"),
        ("SESSIONS__FORGIVENESS", "5", "warning", "sessions.forgiveness"),
        ("SESSIONS__GRACE", "0s", "note", "two tabs"),
        ("ACCOUNTS__SIGN_UP", "open", "note", "anybody can make an account"),
        ("FEED__ACCESS", "public", "note", "feed.access"),
        ("TELEMETRY__METRICS", "public", "note", "telemetry.metrics"),
        ("TELEMETRY__LOG_LEVEL", "info,hyper=trace", "warning", "telemetry.log_level"),
        ("TELEMETRY__AUDIT_KEPT", "7d", "note", "telemetry.audit_kept"),
    ] {
        assert_mentioned(&place, &[(&format!("COUNTERSIGN_{name}"), value)], severity, what);
    }
    let issuer = [("COUNTERSIGN_SERVER__ISSUER", "https://auth.example.com")];
    assert_problem(&place, &issuer, "the data was founded under http://localhost:8420", "--change-issuer");
    let (_, findings) = examine(&place, &issuer);
    let proxy = |finding: &Value| finding["what"].as_str().unwrap().contains("names no proxy");
    assert!(findings.iter().any(proxy), "{findings:#?}");
    assert_problem(&place, &[("COUNTERSIGN_SERVER__BEHIND_PROXY", "0.0.0.0/0")], "believes everybody", "nothing wider");
    assert_problem(&place, &[("COUNTERSIGN_TOKENS__LEEWAY", "2m")], "tokens.leeway", "10s");
}

#[test]
fn a_full_disk_is_a_problem() {
    let place = founded();
    let can_mount = std::process::Command::new("unshare").args(["-m", "true"]).status();
    if !can_mount.is_ok_and(|status| status.success()) {
        return;
    }
    let script = format!(
        "mount -t tmpfs -o size=400k,mode=700 none /mnt && cp -p '{0}'/* /mnt && '{1}' --data /mnt doctor --json",
        place.data().display(),
        env!("CARGO_BIN_EXE_countersign")
    );
    let output = std::process::Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text.contains("without it nobody can sign in"), "{text}");
}
