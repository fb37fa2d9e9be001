//! The whole report, as the operator reads it.

use super::Setup;
use crate::config::Flags;

#[test]
fn all_problems_of_all_layers_are_told_at_once() {
    let text = "\
[server]
trusted_origins = [
    \"https://app.example.com\",
    \"https://app.example.com/\",
    \"*\",
]
outbound_allow = [\"intern.example\"]

[tokens]
access_lifetime = \"2h\"
algoritm = \"RS256\"

[keys]
jwks_max_age = \"1h\"
publish_ahead = \"30m\"
";
    let setup = Setup::of_file(text)
        .variable("COUNTERSIGN_STORE__URL", "postgre://ana:hunter2@db.example.com/countersign")
        .variable("COUNTERSIGN_STORE__ULR", "sqlite:")
        .flags(Flags { listen: Some("0.0.0.0:80".into()), ..Flags::default() });
    insta::assert_snapshot!(setup.report(), @r#"
    9 problems in the configuration
      countersign.toml:4  server.trusted_origins[1] = "https://app.example.com/"
        an origin is scheme://host[:port] and nothing else, as browsers send it
        hint: use "https://app.example.com"
      countersign.toml:5  server.trusted_origins[2] = "*"
        an origin is named exactly: no "*", no "null"
        hint: list each origin
      countersign.toml:7  server.outbound_allow[0] = "intern.example"
        expected a host and a port, as in "intern.example:8443"
        hint: use "intern.example:443"
      countersign.toml:10  tokens.access_lifetime = "2h"
        longer than the limit of 1 h: revoked tokens must be remembered that long
        hint: use "10m", or a refresh token for longer sessions
      countersign.toml:11  tokens.algoritm
        unknown key; did you mean "tokens.algorithm"?
      countersign.toml:15  keys.publish_ahead = "30m"
        shorter than `keys.jwks_max_age` ("1h", countersign.toml:14): a verifier that still caches the old keys would refuse good tokens
        hint: make it at least as long, or `keys.jwks_max_age` shorter
      COUNTERSIGN_STORE__ULR
        unknown variable; did you mean COUNTERSIGN_STORE__URL?
      COUNTERSIGN_STORE__URL  store.url = "postgre://…@db.example.com/countersign"
        unknown scheme "postgre" (known: sqlite); did you mean "postgresql"? It is not in this version yet
      --listen  server.listen = "0.0.0.0:80"
        plain HTTP is served on loopback only: tokens would cross the network in the clear
        hint: use "127.0.0.1:80", or name the proxy that speaks TLS in `server.behind_proxy`, and its URL in `server.issuer`
    "#);
}

#[test]
fn one_problem_is_one() {
    insta::assert_snapshot!(Setup::of_file("\n[tokens]\naccess_lifetime = \"2h\"\n").report(), @r#"
    1 problem in the configuration
      countersign.toml:3  tokens.access_lifetime = "2h"
        longer than the limit of 1 h: revoked tokens must be remembered that long
        hint: use "10m", or a refresh token for longer sessions
    "#);
}

#[test]
fn a_public_listener_over_plain_http_is_refused() {
    insta::assert_snapshot!(Setup::of_file("server.listen = \"[::]:8420\"").report(), @r#"
    1 problem in the configuration
      countersign.toml:1  server.listen = "[::]:8420"
        plain HTTP is served on loopback only: tokens would cross the network in the clear
        hint: use "127.0.0.1:8420", or name the proxy that speaks TLS in `server.behind_proxy`, and its URL in `server.issuer`
    "#);
}

#[test]
fn a_public_listener_without_an_issuer_is_refused() {
    let text = "[server]\nlisten = \"0.0.0.0:80\"\nbehind_proxy = [\"10.0.0.0/8\"]";
    insta::assert_snapshot!(Setup::of_file(text).report(), @r#"
    1 problem in the configuration
      countersign.toml:2  server.listen = "0.0.0.0:80"
        a server that others can reach needs an https issuer
        hint: set `server.issuer` to the URL of the proxy
    "#);
}

#[test]
fn a_public_listener_with_a_loopback_issuer_is_refused_at_the_issuer() {
    let text = "[server]\nlisten = \"0.0.0.0:80\"\nbehind_proxy = [\"10.0.0.0/8\"]\nissuer = \"http://localhost\"";
    insta::assert_snapshot!(Setup::of_file(text).report(), @r#"
    1 problem in the configuration
      countersign.toml:4  server.issuer = "http://localhost"
        a server that others can reach needs an https issuer
        hint: use the URL of the proxy, as in "https://auth.example.com"
    "#);
}

#[test]
fn what_a_bad_value_was_to_be_compared_with_is_not_blamed() {
    let report = Setup::of_file("[keys]\npublish_ahead = \"1m\"\njwks_max_age = \"soon\"").report();
    assert!(report.starts_with("1 problem "), "{report}");
    let report = Setup::of_file("[server]\nlisten = \"0.0.0.0:80\"\nbehind_proxy = [\"x\"]\nissuer = \"y\"").report();
    assert!(report.starts_with("2 problems ") && !report.contains("plain HTTP"), "{report}");
}

#[test]
fn a_long_value_is_cut_and_cannot_move_the_cursor() {
    let report = Setup::new().variable("COUNTERSIGN_TELEMETRY__LOG_FORMAT", &"\u{1b}[2J".repeat(100)).report();
    assert!(!report.contains('\u{1b}') && report.contains("\\u001b[2J"), "{report}");
    assert!(report.len() < 2_000, "{}", report.len());
}
