//! Sessions, resources, keys, and taking things back.

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

fn refresh(server: &ServerProcess, tokens: &Value) -> u16 {
    let request = json!({ "refresh_token": tokens["refresh_token"] });
    Connection::open(server.address).unwrap().post("/api/v1/refresh", &request).unwrap().0
}

fn server_with_ana(place: &Place) -> ServerProcess {
    place.account("ana", PASSWORD);
    ServerProcess::start(&place.data(), "127.0.0.1:0", &[])
}

#[test]
fn a_revoked_session_ends_and_says_why() {
    let place = Place::new();
    let server = server_with_ana(&place);
    let tokens = sign_in(&server);
    let session = tokens["session_id"].as_str().unwrap();
    let revoked = place.json(&["revoke", "--session", session]);
    assert_eq!(revoked, json!({ "kind": "session", "id": session, "sessions_ended": 1, "revocations": 1 }));
    assert_eq!(refresh(&server, &tokens), 401);
    // Once more does nothing more.
    assert_eq!(place.json(&["revoke", "--session", session])["sessions_ended"], 0);
    let shown = place.run(&["session", "show", session]);
    assert!(shown.out.contains("an administrator ended it") && shown.out.contains("command line"), "{}", shown.out);
    assert!(shown.out.contains("account      ana"), "{}", shown.out);
    place
        .run(&["session", "show", "AAAAAAAAAAAAAAAAAAAAAA"])
        .assert_failed(1, &["there is no session", "session list"]);
    place.run(&["session", "show", "nonsense"]).assert_failed(2, &["nonsense"]);
}

#[test]
fn a_whole_account_or_client_signs_out_at_once() {
    let place = Place::new();
    let server = server_with_ana(&place);
    let first = sign_in(&server);
    sign_in(&server);
    assert_eq!(place.json(&["revoke", "--account", "ana"])["sessions_ended"], 2);
    assert_eq!(refresh(&server, &first), 401);
    let third = sign_in(&server);
    assert_eq!(place.json(&["revoke", "--client", "countersign"])["sessions_ended"], 1);
    assert_eq!(refresh(&server, &third), 401);
    // Nobody is locked out by that.
    sign_in(&server);
    place.run(&["revoke", "--client", "nobody"]).assert_failed(1, &["there is no client"]);
    place.run(&["revoke"]).assert_failed(2, &["--session"]);
    place.run(&["revoke", "--account", "ana", "--client", "countersign"]).assert_failed(2, &["cannot be used with"]);
}

#[test]
fn a_token_is_revoked_whole_or_by_its_id_and_a_refresh_token_ends_its_session() {
    let place = Place::new();
    let server = server_with_ana(&place);
    let tokens = sign_in(&server);
    let access = tokens["access_token"].as_str().unwrap();
    let by_stdin = place.run_with(&["revoke", "--token", "-", "--json"], access, &[]);
    assert_eq!(by_stdin.code, 0, "{by_stdin:?}");
    let revoked: Value = serde_json::from_str(&by_stdin.out).unwrap();
    assert_eq!((&revoked["kind"], &revoked["sessions_ended"]), (&json!("token"), &json!(0)));
    let id = revoked["id"].as_str().unwrap();
    assert_eq!(place.json(&["revoke", "--token", id])["id"], id);
    assert_eq!(refresh(&server, &tokens), 200);
    assert_eq!(place.json(&["revoke", "--token", tokens["refresh_token"].as_str().unwrap()])["kind"], "session");
    assert_eq!(refresh(&server, &tokens), 401);
    place.run(&["revoke", "--token", "nonsense"]).assert_failed(1, &["this is no token"]);
}

#[test]
fn keys_move_on_when_asked_to() {
    let place = Place::new();
    let server = server_with_ana(&place);
    let tokens = sign_in(&server);
    let states = || {
        let keys = place.json(&["key", "list"]);
        let state = |key: &Value| format!("{} {}", key["kind"].as_str().unwrap(), key["state"].as_str().unwrap());
        // Those of ID tokens stay as they are.
        let others = keys["items"].as_array().unwrap().iter().filter(|key| key["kind"] != "id_token");
        others.map(state).collect::<Vec<_>>()
    };
    assert_eq!(states(), ["signing active", "signing next", "feed active", "feed next", "mac active"]);
    place.run(&["key", "rotate"]).assert_failed(1, &["can sign from", "countersign key rotate --now"]);
    assert_eq!(place.json(&["key", "rotate", "--now"])["kind"], "signing");
    assert_eq!(
        states(),
        ["signing active", "signing next", "signing retiring", "feed active", "feed next", "mac active"]
    );
    assert_eq!(place.json(&["key", "rotate", "--mac"])["kind"], "mac");
    assert_eq!(states().last().unwrap(), "mac retired");
    // A refresh token under the MAC key before is still good.
    assert_eq!(refresh(&server, &tokens), 200);

    let keys = place.json(&["key", "list"]);
    let mac = keys["items"].as_array().unwrap().iter().find(|key| key["kind"] == "mac").unwrap();
    let distrusted = place.json(&["key", "revoke", "--mac", mac["id"].as_str().unwrap(), "--end-sessions"]);
    assert_eq!((&distrusted["what"], &distrusted["sessions_ended"]), (&json!("distrusted"), &json!(1)));
    let active = keys["items"][0]["id"].as_str().unwrap();
    assert_eq!(place.json(&["revoke", "--key", active])["kind"], "key");
    assert!(states().contains(&"signing revoked".to_owned()));
    place.run(&["key", "revoke", "nobody"]).assert_failed(1, &["there is no signing key"]);
    place.run(&["key", "revoke", "--mac", "250"]).assert_failed(1, &["there is no MAC key"]);
    sign_in(&server);
}

#[test]
fn a_resealed_deployment_opens_with_the_new_master_key_alone() {
    let place = Place::new();
    place.account("ana", PASSWORD);
    let file = place.data().join("master.key");
    let old = std::fs::read(&file).unwrap();
    assert_eq!(place.json(&["key", "reseal"])["resealed"], true);
    let new = std::fs::read(&file).unwrap();
    assert_ne!(old, new);
    sign_in(&ServerProcess::start(&place.data(), "127.0.0.1:0", &[]));
    std::fs::write(&file, old).unwrap();
    place.run(&["key", "export"]).assert_failed(2, &["master.key", "hint:"]);
    place.run(&["serve", "--listen", "127.0.0.1:0"]).assert_failed(2, &["master.key", "hint:"]);
}

#[test]
fn what_verifiers_need_is_exported_and_a_key_of_ones_own_imported() {
    let place = Place::new();
    place.account("ana", PASSWORD);
    let published = place.json(&["key", "export"]);
    let count = |algorithm| published["keys"].as_array().unwrap().iter().filter(|key| key["alg"] == algorithm).count();
    assert_eq!((count("ES256"), count("RS256")), (2, 2), "of access tokens and of ID tokens");
    assert!(!published.to_string().contains("\"d\""));
    place.run(&["key", "export", "--secret-file", "secret.jwk"]).assert_failed(1, &["ES256"]);

    let symmetric = Place::new();
    let hs256 = [("COUNTERSIGN_TOKENS__ALGORITHM", "HS256")];
    assert_eq!(symmetric.run_with(&["account", "add", "ana"], "", &hs256).code, 0);
    let exported = symmetric.run_with(&["key", "export", "--secret-file", "secret.jwk"], "", &hs256);
    assert_eq!(exported.code, 0, "{exported:?}");
    let jwk: Value = serde_json::from_slice(&std::fs::read(symmetric.path("secret.jwk")).unwrap()).unwrap();
    assert_eq!((&jwk["kty"], &jwk["alg"]), (&json!("oct"), &json!("HS256")));
    assert!(!exported.out.contains(jwk["k"].as_str().unwrap()));
    let imported = symmetric.run_with(&["key", "import", "secret.jwk", "--id", "mine", "--json"], "", &hs256);
    assert_eq!(imported.code, 0, "{imported:?}");
    place
        .run(&["key", "import", symmetric.path("secret.jwk").to_str().unwrap()])
        .assert_failed(1, &["tokens.algorithm"]);
}

#[test]
fn resources_come_and_go() {
    let place = Place::new();
    let uri = "https://orders.example.com";
    let scopes = ["--scope", "orders:read", "--scope", "orders:admin=admin,ops", "--lifetime", "5m"];
    let added = place.json(&[&["resource", "add", uri], &scopes[..]].concat());
    assert_eq!(added["scopes"][0], json!({ "scope": "orders:admin", "roles": ["admin", "ops"] }));
    assert_eq!(added["lifetime_seconds"], 300);
    assert_eq!(place.json(&["resource", "list"])["items"][0], added);
    place.run(&["resource", "add", uri]).assert_failed(1, &["already"]);
    place.run(&["resource", "add", "orders"]).assert_failed(2, &["absolute URI"]);
    place.run(&["resource", "add", "https://a.example", "--lifetime", "2h"]).assert_failed(2, &["1 h"]);
    assert_eq!(place.json(&["resource", "remove", uri])["removed"], true);
    place.run(&["resource", "remove", uri]).assert_failed(1, &["there is no resource server"]);
}
