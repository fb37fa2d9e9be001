//! `countersign feed`: the feed as a verifier sees it.

use crate::kit::Place;
use crate::support::{Connection, ServerProcess};
use serde_json::{Value, json};

const PASSWORD: &str = "a phrase of several words";

fn sign_in(server: &ServerProcess) -> Value {
    let request = json!({ "login": "ana", "password": PASSWORD });
    let (status, tokens) = Connection::open(server.address).unwrap().post("/api/v1/sign-in", &request).unwrap();
    assert_eq!(status, 200, "{tokens}");
    tokens
}

/// A client that may read the feed, and the options that name it.
fn reader(place: &Place) -> Vec<String> {
    let file = place.data().join("watcher.secret").display().to_string();
    let add = ["client", "add", "watcher", "--kind", "machine", "--scope", "feed:read", "--secret-out", &file];
    let ran = place.run(&add);
    assert_eq!(ran.code, 0, "{ran:?}");
    ["--client-id", "watcher", "--secret-file", &file].map(str::to_owned).to_vec()
}

fn with<'a>(words: &[&'a str], reader: &'a [String]) -> Vec<&'a str> {
    words.iter().copied().chain(reader.iter().map(String::as_str)).collect()
}

#[test]
fn what_a_command_revokes_is_in_the_snapshot_and_on_the_wire() {
    let place = Place::new();
    place.account("ana", PASSWORD);
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    let reader = reader(&place);
    let session = sign_in(&server)["session_id"].as_str().unwrap().to_owned();
    place.json(&["revoke", "--session", &session]);
    let snapshot = place.json(&with(&["feed", "snapshot"], &reader));
    let entry = snapshot["entries"].as_array().unwrap().iter().find(|entry| entry["kind"] == "session").unwrap();
    assert_eq!(entry["id"], json!(session));
    assert!(entry["until"].is_string() && snapshot["as_of"].is_string(), "{snapshot}");
    let shown = place.run(&with(&["feed", "snapshot"], &reader));
    assert!(shown.out.contains(&session) && shown.out.contains("NUMBER"), "{}", shown.out);

    // The first object that a watcher sees is the snapshot which it joins by.
    let seen = place.json(&with(&["feed", "watch", "--count", "1"], &reader));
    assert_eq!(
        (&seen["kind"], &seen["applied"], &seen["last"]),
        (&json!("snapshot"), &json!("advanced"), &snapshot["last"])
    );
    let heads = place.run(&with(&["feed", "watch", "--heads", "--count", "3"], &reader));
    assert!(heads.out.contains("head") && heads.out.contains("ms after the issuer"), "{}", heads.out);
}

#[test]
fn without_a_client_the_feed_is_refused_and_the_way_is_shown() {
    let place = Place::new();
    place.account("ana", PASSWORD);
    let _server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    place.run(&["feed", "snapshot"]).assert_failed(1, &["can't be read", "401", "client add", "--secret-file"]);
    place.run(&["feed", "watch", "--client-id", "x"]).assert_failed(2, &["--secret-file"]);
    let public = Place::new();
    public.account("ana", PASSWORD);
    let _server = ServerProcess::start(&public.data(), "127.0.0.1:0", &[("COUNTERSIGN_FEED__ACCESS", "public")]);
    assert!(public.json(&["feed", "snapshot"])["entries"].is_array());
}
