//! An account's life on the command line, beside a running server and without one.

use crate::kit::Place;
use crate::support::{Connection, ServerProcess};
use serde_json::json;

const PASSWORD: &str = "a phrase of several words";

fn sign_in(server: &ServerProcess, login: &str, password: &str) -> (u16, serde_json::Value) {
    let request = json!({ "login": login, "password": password });
    Connection::open(server.address).unwrap().post("/api/v1/sign-in", &request).unwrap()
}

#[test]
fn an_account_lives_from_add_to_remove() {
    let place = Place::new();
    let added = place.json(&["account", "add", "ana", "--email", "ana@example.com", "--name", "Ana", "--role", "ops"]);
    let id = added["id"].as_str().unwrap();
    assert_eq!((id.len(), &added["login"]), (22, &json!("ana")));
    assert_eq!(added.as_object().unwrap().len(), 2);

    let shown = place.json(&["account", "show", "ana"]);
    for (member, value) in [
        ("id", json!(id)),
        ("email", json!("ana@example.com")),
        ("name", json!("Ana")),
        ("roles", json!(["ops"])),
        ("status", json!("active")),
        ("has_password", json!(false)),
        ("sessions", json!([])),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    assert_eq!(place.json(&["account", "show", id])["login"], "ana");

    assert_eq!(place.json(&["account", "role", "ana", "add", "admin"])["changed"], true);
    assert_eq!(place.json(&["account", "role", "ana", "add", "admin"])["changed"], false);
    assert_eq!(place.json(&["account", "role", "ana", "remove", "ops"])["changed"], true);
    place.json(&["account", "set", "ana", "department=sales", "floor=3"]);
    place.json(&["account", "set", "ana", "floor="]);
    place.json(&["account", "disable", "ana"]);
    let items = place.json(&["account", "list"]);
    let item = &items["items"][0];
    assert_eq!((&item["roles"], &item["status"]), (&json!(["admin"]), &json!("disabled")));
    assert_eq!(item["attributes"], json!({ "department": "sales" }));
    place.json(&["account", "enable", "ana"]);
    place.json(&["account", "remove", "ana"]);
    assert_eq!(place.json(&["account", "list"]), json!({ "items": [] }));
}

#[test]
fn commands_work_beside_a_running_server() {
    let place = Place::new();
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    place.account("ana", PASSWORD);
    let (status, tokens) = sign_in(&server, "ana", PASSWORD);
    assert_eq!(status, 200, "{tokens}");

    let sessions = place.json(&["session", "list", "--account", "ana", "--live"]);
    assert_eq!(sessions["items"][0]["id"], tokens["session_id"]);
    let set = place.run_with(&["account", "set-password", "ana", "--password-stdin"], "another phrase of words\n", &[]);
    assert_eq!(set.code, 0, "{set:?}");
    assert_eq!(sign_in(&server, "ana", PASSWORD).0, 401);
    assert_eq!(sign_in(&server, "ana", "another phrase of words").0, 200);

    let ended = place.json(&["session", "show", tokens["session_id"].as_str().unwrap()]);
    assert_eq!((&ended["live"], &ended["end"]["reason"]), (&json!(false), &json!("password_changed")));
    assert_eq!(place.json(&["account", "disable", "ana"])["sessions_ended"], 1);
    assert_eq!(sign_in(&server, "ana", "another phrase of words").0, 401);
}

#[test]
fn passwords_come_from_a_file_or_standard_input_and_are_never_shown() {
    let place = Place::new();
    let file = place.write("password.txt", format!("{PASSWORD}\r\n"));
    let ran = place.run(&["account", "add", "ana", "--password-file", file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    assert_eq!(sign_in(&server, "ana", PASSWORD).0, 200);
    let shown = place.run(&["account", "show", "ana", "--json"]);
    assert!(![ran.out, ran.err, shown.out, shown.err].concat().contains("phrase"));
    // There is no option that takes a password itself.
    place.run(&["account", "add", "ben", "--password", PASSWORD]).assert_failed(2, &["--password"]);
}

#[test]
fn what_can_not_be_is_refused() {
    let place = Place::new();
    place.account("ana", PASSWORD);
    place.run(&["account", "add", "ana"]).assert_failed(1, &["`ana`", "hint: countersign account show ana"]);
    place.run(&["account", "add", "ANA"]).assert_failed(1, &["already"]);
    place.run(&["account", "show", "anna"]).assert_failed(1, &["`anna`", "did you mean `ana`?"]);
    place.run(&["account", "add", ""]).assert_failed(2, &["not a login"]);
    place.run(&["account", "add", "ben", "--email", "nowhere"]).assert_failed(2, &["email"]);
    place.run(&["account", "add", "ben", "--role", "a b"]).assert_failed(2, &["not a role"]);
    place.run(&["account", "set", "ana", "department"]).assert_failed(2, &["department=sales"]);
    place.run(&["account", "set-password", "ana"]).assert_failed(2, &["--password-stdin"]);
    let short = place.run_with(&["account", "add", "ben", "--password-stdin"], "short", &[]);
    short.assert_failed(1, &["too short"]);
    assert!(!short.err.contains("\"short\""));
    assert_eq!(place.json(&["account", "list"])["items"].as_array().unwrap().len(), 1);
}
