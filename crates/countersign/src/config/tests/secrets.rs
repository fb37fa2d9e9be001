//! Secrets are read from where they stand, and never shown.

use super::Setup;

/// Thirty-two times 0x2a.
const KEY: &str = "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio";

fn entry(setup: &Setup, key: &str) -> String {
    let config = setup.config();
    let entry = config.entries().iter().find(|entry| entry.key == key).unwrap().clone();
    format!("{} ({})", entry.value, entry.origin)
}

#[test]
fn a_master_key_is_read_from_a_variable() {
    let setup = Setup::new().variable("COUNTERSIGN_KEYS__MASTER_KEY", KEY);
    let config = setup.config();
    assert_eq!(config.keys.master_key.as_ref().unwrap().expose(), &[0x2a; 32]);
    assert_eq!(entry(&setup, "keys.master_key"), "set (COUNTERSIGN_KEYS__MASTER_KEY)");
    assert!(!format!("{config:?}").contains(KEY) && format!("{:?}", config.keys).contains("[redacted]"));
}

#[cfg(unix)]
#[test]
fn a_master_key_is_read_from_a_file_that_only_its_owner_can_read() {
    let setup = || Setup::of_file("[keys]\nmaster_key_file = \"m.key\"").file("m.key", format!("{KEY}\n"));
    let private = setup().mode("m.key", 0o600);
    assert_eq!(private.config().keys.master_key.unwrap().expose(), &[0x2a; 32]);
    assert_eq!(entry(&private, "keys.master_key"), "set (countersign.toml:2)");
    assert_eq!(entry(&private, "keys.master_key_file"), "\"m.key\" (countersign.toml:2)");
    for mode in [0o640, 0o604, 0o644] {
        let report = setup().mode("m.key", mode).report();
        assert!(report.contains("others can read the file\n    hint: chmod 600 CWD/m.key"), "{report}");
    }
}

#[cfg(unix)]
#[test]
fn what_stands_in_a_secret_file_is_never_shown() {
    for content in ["hunter2".as_bytes(), b"hunter2\xff", &[b'h'; 70_000], b""] {
        let setup = Setup::new().file("m.key", content).mode("m.key", 0o600);
        let report = setup.variable("COUNTERSIGN_KEYS__MASTER_KEY_FILE", "m.key").report();
        assert!(report.contains("COUNTERSIGN_KEYS__MASTER_KEY_FILE  keys.master_key_file = \"m.key\"\n"), "{report}");
        assert!(!report.contains("hunter2") && report.len() < 400, "{report}");
    }
}

#[test]
fn a_bad_secret_is_never_shown_wherever_it_stands() {
    for text in [
        "[keys]\nmaster_key = \"hunter2\"",
        "[keys]\nmaster_key = [\"hunter2\"]",
        "[keys]\nmaster_kye = \"hunter2\"",
        "[kyes]\nmaster_key = \"hunter2\"",
        "master_key = \"hunter2\"",
        "[keys]\nmaster_key = \"hunter2\nx",
        "[keys]\nmaster_key = hunter2",
        "[store]\nurl = \"postgresql://ana:hunter2@db/x\"",
        "[store]\nurl = \"mysql:ana:hunter2@db/x\"",
        "[store]\nurl = \"postgresql://ana:a/b?hunter2@db/x\"",
        "[server]\nissuer = \"https://ana:hunter2@auth.example.com\"",
        "[server]\ntrusted_origins = [\"https://ana:hunter2@app.example.com\"]",
        "[server]\ntrusted_origins = \"https://ana:hunter2@app.example.com\"",
    ] {
        let report = Setup::of_file(text).report();
        assert!(!report.contains("hunter2"), "{report}");
    }
    for name in ["COUNTERSIGN_KEYS__MASTER_KEY", "COUNTERSIGN_KEYS_MASTER_KEY", "COUNTERSIGN_MASTER_KEY"] {
        let report = Setup::new().variable(name, "hunter2").report();
        assert!(!report.contains("hunter2"), "{report}");
    }
}

#[test]
fn a_mistyped_secret_file_is_found_by_name() {
    let report = Setup::of_file("[keys]\nmaster_key_fiel = \"m.key\"").report();
    assert!(report.contains("did you mean \"keys.master_key_file\"?"), "{report}");
}

#[cfg(unix)]
#[test]
fn at_most_one_of_the_three_ways_to_give_the_master_key() {
    let file = || Setup::of_file("[keys]\nmaster_key_file = \"m.key\"").file("m.key", KEY).mode("m.key", 0o600);
    let report = file().variable("COUNTERSIGN_KEYS__MASTER_KEY", KEY).report();
    assert!(report.contains("`keys.master_key` is given as well (COUNTERSIGN_KEYS__MASTER_KEY)"), "{report}");
    let report = file().variable("COUNTERSIGN_KEYS__MASTER_KEY_COMMAND", "cat m.key").report();
    assert!(
        report.contains(
            "keys.master_key_command = \"cat m.key\"\n    `keys.master_key_file` is given as well (countersign.toml:2)"
        ),
        "{report}"
    );
    let command = Setup::new().variable("COUNTERSIGN_KEYS__MASTER_KEY_COMMAND", "cat m.key").config();
    assert_eq!(command.keys.master_key_command.as_deref(), Some("cat m.key"));
}
