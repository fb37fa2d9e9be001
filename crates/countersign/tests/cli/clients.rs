//! A machine client's life on the command line, beside a running server.

use crate::kit::Place;
use crate::support::{Connection, ServerProcess};
use serde_json::{Value, json};

const ORDERS: &str = "https://orders.example.com";

fn token(server: &ServerProcess, id: &str, secret: &str, form: &str) -> (u16, Value) {
    let mut connection = Connection::open(server.address).unwrap();
    connection.post_form("/oauth2/token", (id, secret), &format!("grant_type=client_credentials{form}")).unwrap()
}

#[test]
fn a_machine_client_lives_from_add_to_remove() {
    let place = Place::new();
    place.json(&["resource", "add", ORDERS, "--scope", "orders:read", "--scope", "orders:admin=admin"]);
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    let options = ["--scope", "orders:read", "--scope", "orders:admin", "--resource", ORDERS, "--name", "Billing"];
    let added = place.json(&[&["client", "add", "billing", "--kind", "machine"], &options[..]].concat());
    let secret = added["client_secret"].as_str().unwrap();
    assert_eq!(added, json!({ "client_id": "billing", "client_secret": secret }));
    assert!(secret.starts_with("css_") && secret.len() == 47, "{secret}");

    let (status, answer) =
        token(&server, "billing", secret, &format!("&resource={ORDERS}&scope=orders:read+orders:admin"));
    assert_eq!((status, &answer["scope"]), (200, &json!("orders:read")), "{answer}");
    let shown = place.json(&["client", "show", "billing"]);
    for (member, value) in [
        ("client_id", json!("billing")),
        ("name", json!("Billing")),
        ("kind", json!("machine")),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("scopes", json!(["orders:admin", "orders:read"])),
        ("resources", json!([ORDERS])),
        ("status", json!("active")),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    assert_eq!(shown["sessions"].as_array().unwrap().len(), 1, "{shown}");
    let list = place.json(&["client", "list"]);
    assert_eq!(list["items"][0]["client_id"], "billing");
    assert!(![shown.to_string(), list.to_string()].concat().contains("css_"));

    let rotated = place.json(&["client", "rotate-secret", "billing"]);
    let second = rotated["client_secret"].as_str().unwrap();
    assert_eq!(token(&server, "billing", secret, "").0, 401);
    assert_eq!(token(&server, "billing", second, "").0, 200);

    let disabled = place.json(&["client", "disable", "billing"]);
    assert_eq!((&disabled["changed"], &disabled["sessions_ended"]), (&json!(true), &json!(1)));
    assert_eq!(place.json(&["client", "disable", "billing"])["changed"], false);
    assert_eq!(token(&server, "billing", second, "").0, 401);
    let enabled = place.json(&["client", "enable", "billing"]);
    assert_eq!(enabled["refused_until"], disabled["refused_until"]);
    assert!(enabled["refused_until"].is_string(), "{enabled}");
    assert_eq!(token(&server, "billing", second, "").0, 200);

    assert_eq!(place.json(&["client", "remove", "billing"])["sessions_ended"], 1);
    assert_eq!(token(&server, "billing", second, "").0, 401);
    assert_eq!(place.json(&["client", "list"]), json!({ "items": [] }));
}

#[test]
fn a_client_can_be_held_to_pushing_its_requests() {
    let place = Place::new();
    let spa = ["client", "add", "spa", "--kind", "spa", "--redirect-uri", "https://app.example/cb", "--require-par"];
    place.json(&spa);
    assert_eq!(place.json(&["client", "show", "spa"])["require_pushed_authorization_requests"], true);
    place.json(&["client", "add", "plain", "--kind", "spa", "--redirect-uri", "https://app.example/cb"]);
    assert_eq!(place.json(&["client", "show", "plain"])["require_pushed_authorization_requests"], false);
}

#[test]
fn a_secret_is_shown_once_or_written_for_its_owner_alone() {
    let place = Place::new();
    let file = place.path("guard.secret");
    let add = ["client", "add", "guard", "--kind", "machine", "--scope", "feed:read", "--secret-out"];
    let added = place.json(&[&add[..], &[file.to_str().unwrap()]].concat());
    assert_eq!(added, json!({ "client_id": "guard" }));
    let secret = std::fs::read_to_string(&file).unwrap();
    assert!(secret.starts_with("css_") && secret.ends_with('\n'));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    let (status, answer) = token(&server, "guard", secret.trim(), "&scope=feed:read");
    assert_eq!((status, &answer["scope"]), (200, &json!("feed:read")), "{answer}");

    // A file that is there stays, one that was made for nothing goes, and the client is as it was.
    let rotate = ["client", "rotate-secret", "guard", "--secret-out", file.to_str().unwrap()];
    place.run(&rotate).assert_failed(2, &["guard.secret"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    let other = place.path("other.secret");
    place.run(&[&add[..], &[other.to_str().unwrap()]].concat()).assert_failed(1, &["already"]);
    assert!(!other.exists());
    assert_eq!(token(&server, "guard", secret.trim(), "").0, 200);

    let shown = place.run(&["client", "add", "billing", "--kind", "machine", "--scope", "orders:read"]);
    assert_eq!((shown.code, shown.out.matches("css_").count()), (0, 1), "{shown:?}");
    assert!(shown.err.contains("--resource") && !shown.err.contains("css_"), "{shown:?}");
}

#[test]
fn workers_with_copies_get_an_overlap_and_are_told_what_it_costs() {
    let place = Place::new();
    let add = ["client", "add", "workers", "--kind", "native", "--redirect-uri", "http://127.0.0.1/cb", "--overlap"];
    let added = place.run(&[&add[..], &["10m"]].concat());
    assert!(added.code == 0 && added.err.contains("stolen") && added.err.contains("DPoP"), "{added:?}");
    assert_eq!(place.json(&["client", "show", "workers"])["overlap_seconds"], 600);
    place.run(&[&add[..], &["2h"]].concat()).assert_failed(2, &["overlap", "60 minutes"]);
    let machine = ["client", "add", "other", "--kind", "machine", "--overlap", "10m"];
    place.run(&machine).assert_failed(2, &["refresh tokens rotate"]);
}

#[test]
fn a_client_is_shown_with_what_it_hears_of_sign_outs() {
    let place = Place::new();
    let uris = ["https://shop.example/bye", "http://localhost:3000/bye"];
    let (told, required) = ("https://shop.example/told", "--backchannel-logout-session-required");
    let add = ["client", "add", "shop", "--kind", "web", "--redirect-uri", "https://shop.example/cb"];
    let post = ["--post-logout-redirect-uri", uris[0], "--post-logout-redirect-uri", uris[1]];
    place.json(&[&add[..], &post, &["--backchannel-logout-uri", told, required]].concat());
    let shop = place.json(&["client", "show", "shop"]);
    assert_eq!(shop["post_logout_redirect_uris"], json!([uris[1], uris[0]]));
    assert_eq!(
        (&shop["backchannel_logout_uri"], &shop["backchannel_logout_session_required"]),
        (&json!(told), &json!(true))
    );
    let shown = place.run(&["client", "show", "shop"]);
    assert!(uris.iter().chain([&told]).all(|uri| shown.out.contains(uri)), "{shown:?}");
}

#[test]
fn what_can_not_be_a_client_is_refused() {
    let place = Place::new();
    place.json(&["client", "add", "billing", "--kind", "machine", "--scope", "feed:read"]);
    let add = |options: &[&str]| place.run(&[&["client", "add", "other"], options].concat());
    add(&[]).assert_failed(2, &["--kind"]);
    for kind in ["web", "spa", "native", "mcp"] {
        add(&["--kind", kind]).assert_failed(2, &["needs a redirect URI"]);
        let uris = ["--kind", kind, "--redirect-uri", "https://a.example/cb", "--redirect-uri", "http://a.example/cb"];
        add(&uris).assert_failed(2, &["redirect URI 2", "`https`"]);
    }
    add(&["--kind", "spa", "--redirect-uri", "https://a.example/cb", "--auth", "client_secret_basic"])
        .assert_failed(2, &["`spa`", "`none`"]);
    let web = ["--kind", "web", "--redirect-uri", "https://a.example/cb"];
    add(&[&web[..], &["--post-logout-redirect-uri", "https://a.example/#bye"]].concat())
        .assert_failed(2, &["post-logout redirect URI 1", "no fragment"]);
    add(&[&web[..], &["--backchannel-logout-uri", "http://a.example/told"]].concat())
        .assert_failed(2, &["back-channel logout URI", "`https`"]);
    add(&[&web[..], &["--backchannel-logout-session-required"]].concat())
        .assert_failed(2, &["--backchannel-logout-uri"]);
    add(&["--kind", "machine", "--auth", "private_key_jwt"]).assert_failed(2, &["needs the public keys"]);
    add(&["--kind", "robot"]).assert_failed(2, &["not a kind of client"]);
    add(&["--kind", "machine", "--scope", "a b"]).assert_failed(2, &["not a scope"]);
    add(&["--kind", "machine", "--resource", "orders"]).assert_failed(2, &["absolute URI"]);
    add(&["--kind", "machine", "--name", ""]).assert_failed(2, &["not a name"]);
    add(&["--kind", "machine", "--resource", ORDERS])
        .assert_failed(1, &["there is no resource server", "hint: countersign resource add"]);
    place.run(&["client", "add", "a b", "--kind", "machine"]).assert_failed(2, &["not a client id"]);
    place
        .run(&["client", "add", "billing", "--kind", "machine"])
        .assert_failed(1, &["already", "hint: countersign client show billing"]);
    place.run(&["client", "add", "countersign", "--kind", "machine"]).assert_failed(1, &["already"]);
    place.run(&["client", "show", "biling"]).assert_failed(1, &["there is no client", "did you mean `billing`?"]);
    place.run(&["client", "disable", "countersign"]).assert_failed(1, &["built-in"]);
    for verb in ["rotate-secret", "disable", "enable", "remove"] {
        place.run(&["client", verb, "nobody"]).assert_failed(1, &["there is no client `nobody`"]);
    }
    assert_eq!(place.json(&["client", "list"])["items"].as_array().unwrap().len(), 1);
}
