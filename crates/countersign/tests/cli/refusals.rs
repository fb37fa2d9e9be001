//! What is refused: exit codes, and errors that say what to do.

use crate::kit::Place;
use serde_json::Value;

#[test]
fn usage_and_configuration_end_with_two() {
    let place = Place::new();
    place.run(&["nonsense"]).assert_failed(2, &["nonsense"]);
    place.run(&["account", "list"]).assert_failed(2, &["there is no deployment", "countersign serve"]);
    assert!(!place.data().exists(), "looking made something");
    let file = place.write("countersign.toml", "[tokens]\naccess_lifetime = \"2h\"\nlifetime = \"1m\"\n");
    let refused = place.run(&["serve"]);
    refused.assert_failed(2, &["2 problems", "countersign.toml:2", "tokens.access_lifetime", "tokens.lifetime"]);
    let checked = place.run(&["config", "check", "--json"]);
    let document: Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!((checked.code, &document["ok"]), (2, &Value::Bool(false)));
    assert_eq!(document["problems"].as_array().unwrap().len(), 2);
    place.run(&["config", "check"]).assert_failed(2, &["2 problems"]);
    std::fs::write(file, "[tokens]\naccess_lifetime = \"5m\"\n").unwrap();
    assert_eq!(place.run(&["config", "check"]).code, 0);
    let unknown = place.run_with(&["config", "show"], "", &[("COUNTERSIGN_TOKENS__LEWAY", "1s")]);
    unknown.assert_failed(2, &["COUNTERSIGN_TOKENS__LEWAY"]);
}

#[test]
fn each_value_tells_where_it_came_from() {
    let place = Place::new();
    place.write("countersign.toml", "[tokens]\naccess_lifetime = \"5m\"\n");
    let shown = place.run_with(&["config", "show", "--json"], "", &[("COUNTERSIGN_SESSIONS__GRACE", "3s")]);
    let document: Value = serde_json::from_str(&shown.out).unwrap();
    let origin = |key: &str| {
        let items = document["items"].as_array().unwrap();
        items.iter().find(|item| item["key"] == key).unwrap()["origin"].as_str().unwrap().to_owned()
    };
    assert!(origin("tokens.access_lifetime").contains("countersign.toml:2"));
    assert_eq!(origin("sessions.grace"), "COUNTERSIGN_SESSIONS__GRACE");
    assert_eq!(origin("server.data_dir"), "--data");
    assert_eq!(origin("server.listen"), "default");
}

#[test]
fn storage_that_is_not_ours_ends_with_three_and_stays_as_it_is() {
    let place = Place::new();
    std::fs::create_dir(place.data()).unwrap();
    let database = place.data().join("countersign.db");
    std::fs::write(&database, b"not a database, but somebody's").unwrap();
    place.run(&["account", "list"]).assert_failed(3, &["countersign.db"]);
    place.run(&["serve", "--listen", "127.0.0.1:0"]).assert_failed(3, &["countersign.db"]);
    assert_eq!(std::fs::read(&database).unwrap(), b"not a database, but somebody's");
}

#[cfg(unix)]
#[test]
fn a_master_key_that_is_open_missing_or_another_is_refused_and_nothing_changes() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.json(&["account", "add", "ana"]);
    let key = place.data().join("master.key");
    let database = std::fs::read(place.data().join("countersign.db")).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];

    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    place.run(&serve).assert_failed(2, &["others can read", "hint: chmod 600"]);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();

    let right = std::fs::read(&key).unwrap();
    std::fs::write(&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n").unwrap();
    place.run(&serve).assert_failed(2, &["master.key", "not the one", "hint:"]);
    std::fs::remove_file(&key).unwrap();
    place.run(&serve).assert_failed(2, &["master.key", "is not there"]);
    assert!(!key.exists(), "another key was made");

    let command = format!("printf %s {}", String::from_utf8(right).unwrap().trim());
    let printed = [("COUNTERSIGN_KEYS__MASTER_KEY_COMMAND", command.as_str())];
    let exported = place.run_with(&["key", "export"], "", &printed);
    assert_eq!(exported.code, 0, "{exported:?}");
    let silent = [("COUNTERSIGN_KEYS__MASTER_KEY_COMMAND", "true")];
    place.run_with(&serve, "", &silent).assert_failed(2, &["keys.master_key_command", "43 characters"]);
    assert_eq!(std::fs::read(place.data().join("countersign.db")).unwrap(), database);
}
