//! Custom claims, from the command line to the token.

use crate::kit::Place;
use crate::support::{Connection, ServerProcess};
use serde_json::{Value, json};

const PASSWORD: &str = "a phrase of several words";
const CRM: &str = "https://crm.example.com";

fn sign_in(server: &ServerProcess, audience: Option<&str>) -> Value {
    let mut request = json!({ "login": "ana", "password": PASSWORD });
    if let Some(audience) = audience {
        request["audience"] = audience.into();
    }
    let (status, tokens) = Connection::open(server.address).unwrap().post("/api/v1/sign-in", &request).unwrap();
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn refresh(server: &ServerProcess, tokens: &Value) -> Value {
    let request = json!({ "refresh_token": tokens["refresh_token"] });
    let (status, tokens) = Connection::open(server.address).unwrap().post("/api/v1/refresh", &request).unwrap();
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn claims(place: &Place, tokens: &Value) -> Value {
    let decoded = place.json(&["token", "decode", tokens["access_token"].as_str().unwrap()]);
    decoded["claims"].clone()
}

#[test]
fn an_attribute_that_is_set_beside_the_server_is_in_the_next_token() {
    let place = Place::new();
    place.write("countersign.toml", "[tokens.claims]\ntenant = \"attribute:tenant\"\n");
    place.account("ana", PASSWORD);
    let added = place.json(&["resource", "add", CRM, "--claim", "https://example.com/unit=attribute:unit"]);
    assert_eq!(added["claims"], json!({ "https://example.com/unit": "attribute:unit" }));
    let silent = place.json(&["resource", "add", "https://partner.example.org", "--no-claims"]);
    assert_eq!(silent["claims"], json!({}));
    let plain = place.json(&["resource", "add", "https://orders.example.com"]);
    assert!(plain.get("claims").is_none(), "{plain}");
    let listed = place.run(&["resource", "list"]).out;
    assert!(listed.contains("https://example.com/unit: attribute:unit") && listed.contains("none of"), "{listed}");

    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    let first = sign_in(&server, None);
    assert_eq!(claims(&place, &first).get("tenant"), None);
    place.json(&["account", "set", "ana", "tenant=acme", "unit=7"]);
    let second = refresh(&server, &first);
    assert_eq!(claims(&place, &second)["tenant"], "acme");
    let at_crm = claims(&place, &sign_in(&server, Some(CRM)));
    assert_eq!((&at_crm["https://example.com/unit"], at_crm.get("tenant")), (&json!("7"), None));
    let at_partner = claims(&place, &sign_in(&server, Some("https://partner.example.org")));
    assert_eq!((at_partner.get("https://example.com/unit"), at_partner.get("tenant")), (None, None));
    assert_eq!(claims(&place, &sign_in(&server, Some("https://orders.example.com")))["tenant"], "acme");
}

#[test]
fn registered_names_are_refused_with_file_key_and_fix() {
    let place = Place::new();
    place.write(
        "countersign.toml",
        "[tokens.claims]\ntenant = \"attribute:tenant\"\nroles = \"attribute:roles\"\nsub = \"x\"\n",
    );
    let refused = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    refused.assert_failed(
        2,
        &[
            "2 problems",
            "countersign.toml:3  tokens.claims.roles = \"attribute:roles\"",
            "`roles` is a registered claim name",
            "hint: use another word, or a URI of yours, as in \"https://example.com/roles\"",
            "countersign.toml:4  tokens.claims.sub",
        ],
    );
    place.write("countersign.toml", "");
    let refused = place.run(&["resource", "add", CRM, "--claim", "cnf=attribute:key"]);
    refused.assert_failed(2, &["--claim cnf=attribute:key", "`cnf` is a registered claim name"]);
    place.run(&["resource", "add", CRM, "--claim", "unit=unit"]).assert_failed(2, &["\"attribute:NAME\""]);
    place.run(&["resource", "add", CRM, "--claim", "unit"]).assert_failed(2, &["NAME=attribute:NAME"]);
    let both = place.run(&["resource", "add", CRM, "--claim", "unit=attribute:unit", "--no-claims"]);
    both.assert_failed(2, &["--no-claims"]);
}

#[test]
fn an_attribute_that_is_too_long_for_a_token_is_refused() {
    let place = Place::new();
    place.write("countersign.toml", "[tokens.claims]\ntenant = \"attribute:tenant\"\nagain = \"attribute:tenant\"\n");
    place.account("ana", PASSWORD);
    let long = format!("tenant={}", "x".repeat(600));
    let refused = place.run(&["account", "set", "ana", &long]);
    refused.assert_failed(2, &["too long for the tokens for http://localhost:8420", "more than 1024: shorten"]);
    assert_eq!(place.json(&["account", "show", "ana"])["attributes"], json!({}));
    place.json(&["account", "set", "ana", &long[..400]]);
}
