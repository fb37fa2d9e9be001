//! What is accepted, and what it means.

use super::Setup;
use crate::config::{Algorithm, LogFormat, SignUp, StoreUrl, names, raw::Raw};
use std::time::Duration;

#[test]
fn no_key_is_needed_to_start() {
    let config = Setup::new().config();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8420");
    assert_eq!(config.server.issuer_at(41_234).as_str(), "http://localhost:41234");
    assert_eq!(config.accounts.sign_up, SignUp::Closed);
    assert_eq!(config.tokens.algorithm, Algorithm::Es256);
    assert_eq!(config.tokens.access_lifetime, Duration::from_secs(600));
    assert_eq!(config.sessions.absolute, Duration::from_secs(90 * 86_400));
    assert_eq!(config.sessions.forgiveness, 2);
    assert_eq!(config.limits.sign_in_network_every, Duration::from_millis(100));
    assert_eq!(config.store.url, StoreUrl::Sqlite(None));
    assert_eq!(config.telemetry.log_format, LogFormat::Pretty);
    assert!(config.keys.master_key.is_none() && config.file().is_none());
}

/// `fallback` in the reader relies on it.
#[test]
fn every_default_is_of_its_keys_shape_even_where_every_value_is_bad() {
    let bad = |key| (names::variable(key), "\u{1}");
    let setup = names::keys().fold(Setup::new(), |setup, key| {
        let (name, value) = bad(key.name);
        setup.variable(&name, value)
    });
    let errors = setup.load().unwrap_err();
    let accepts_any = [
        "server.data_dir",
        "server.tls_cert_file",
        "server.tls_key_file",
        "server.outbound_ca_file",
        "keys.master_key_command",
    ];
    for key in names::keys().filter(|key| !accepts_any.contains(&key.name)) {
        let is_about = |name: &str| name == key.name || name == format!("{}[0]", key.name);
        assert!(errors.problems().iter().any(|problem| problem.key.as_deref().is_some_and(is_about)), "{}", key.name);
    }
}

#[test]
fn a_list_in_a_variable_is_comma_separated() {
    let config = Setup::new().variable("COUNTERSIGN_SERVER__BEHIND_PROXY", "10.0.0.0/8, ::1").config();
    assert_eq!(config.server.behind_proxy.len(), 2);
    assert!(config.server.behind_proxy[1].contains("::1".parse().unwrap()));
    assert_eq!(Raw::untyped("").texts().unwrap().len(), 0);
}

#[test]
fn hosts_that_may_be_asked_are_the_same_however_they_are_written() {
    let text = r#"server.outbound_allow = ["Intern.EXAMPLE:8443", "[::1]:80", "127.0.0.1:9000"]"#;
    let config = Setup::of_file(text).config();
    let shown: Vec<_> = config.server.outbound_allow.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["intern.example:8443", "[::1]:80", "127.0.0.1:9000"]);
}

#[test]
fn origins_of_apps_are_accepted_as_they_are() {
    let text =
        r#"server.cors_origins = ["capacitor://localhost", "http://[::1]:3000", "https://xn--bcher-kva.example"]"#;
    let config = Setup::of_file(text).config();
    assert_eq!(config.server.cors_origins[0].as_str(), "capacitor://localhost");
}

#[test]
fn issuers_with_a_path_or_on_loopback_are_accepted() {
    for issuer in
        ["https://auth.example.com/tenant", "http://[::1]:8420", "http://127.0.0.1", "https://auth.example.com:8443"]
    {
        let config = Setup::new().variable("COUNTERSIGN_SERVER__ISSUER", issuer).config();
        assert_eq!(config.server.issuer.unwrap().as_str(), issuer);
    }
}

#[test]
fn ed25519_is_read_as_eddsa() {
    let config = Setup::of_file("tokens.algorithm = \"Ed25519\"").config();
    assert_eq!(config.tokens.algorithm, Algorithm::EdDsa);
}

#[test]
fn every_unit_is_read() {
    for (text, milliseconds) in
        [("1500ms", 1_500), ("2s", 2_000), ("3m", 180_000), ("4h", 14_400_000), ("5d", 432_000_000)]
    {
        let config = Setup::new().variable("COUNTERSIGN_SESSIONS__IDLE", text).config();
        assert_eq!(config.sessions.idle.as_millis(), milliseconds, "{text}");
    }
}

#[test]
fn idle_may_be_longer_than_absolute() {
    let config = Setup::of_file("[sessions]\nidle = \"30d\"\nabsolute = \"1d\"").config();
    assert!(config.sessions.idle > config.sessions.absolute);
}

#[test]
fn log_directives_are_accepted() {
    let config = Setup::of_file("telemetry.log_level = \"warn,countersign_server::jobs=trace,hyper=off\"").config();
    assert_eq!(config.telemetry.log_level.as_str(), "warn,countersign_server::jobs=trace,hyper=off");
}

#[test]
fn paths_are_relative_to_the_current_directory() {
    let setup = Setup::new().file("etc/c.toml", "server.data_dir = \"./data\"\nstore.url = \"sqlite:db/x.db\"");
    let config = setup.flags(crate::config::Flags { config: Some("etc/c.toml".into()), ..Default::default() });
    let (cwd, config) = (config.cwd().to_owned(), config.config());
    assert_eq!(config.server.data_dir, cwd.join("data"));
    assert_eq!(config.database(), cwd.join("db/x.db"));
    assert_eq!(Setup::new().config().database().file_name().unwrap(), "countersign.db");
}

#[test]
fn a_public_server_behind_a_proxy_needs_an_https_issuer_only() {
    let text =
        "[server]\nlisten = \"0.0.0.0:8420\"\nbehind_proxy = [\"10.0.0.0/8\"]\nissuer = \"https://auth.example.com\"";
    let config = Setup::of_file(text).config();
    assert!(config.server.issuer.is_some_and(|issuer| issuer.is_https()));
}

#[test]
fn claims_are_a_table_in_the_file_and_pairs_in_a_variable() {
    let shown = |setup: &Setup| {
        let config = setup.config();
        let read: Vec<_> = config.tokens.claims.iter().map(|(name, source)| format!("{name}={source}")).collect();
        let entry = config.entries().iter().find(|entry| entry.key == "tokens.claims").unwrap();
        (read.join(","), entry.value.clone())
    };
    let file = "[tokens.claims]\ntenant = \"attribute:tenant\"\n\"https://example.com/unit\" = \"attribute:unit\"\n";
    let expected = "https://example.com/unit=attribute:unit,tenant=attribute:tenant";
    let (read, value) = shown(&Setup::of_file(file));
    assert_eq!(read, expected);
    assert!(
        value.contains(r#"tenant = "attribute:tenant""#) && value.contains(r#""https://example.com/unit" = "#),
        "{value}"
    );
    let variable = Setup::of_file(file).variable("COUNTERSIGN_TOKENS__CLAIMS", "a=attribute:b");
    assert_eq!(shown(&variable), ("a=attribute:b".to_owned(), r#"{ a = "attribute:b" }"#.to_owned()));
    let none = Setup::of_file(file).variable("COUNTERSIGN_TOKENS__CLAIMS", "");
    assert_eq!(shown(&none), (String::new(), "{}".to_owned()));
}
