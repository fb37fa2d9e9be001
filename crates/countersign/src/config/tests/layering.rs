//! Which layer wins, and what `config show` says about it.

use super::Setup;
use crate::config::{Entry, Flags};

const KEY: &str = "server.listen";
const VARIABLE: &str = "COUNTERSIGN_SERVER__LISTEN";

fn listen(setup: &Setup) -> (u16, String) {
    let config = setup.config();
    (config.server.listen.port(), config.origin(KEY).unwrap().to_string())
}

fn flags(listen: &str) -> Flags {
    Flags { listen: Some(listen.to_owned()), ..Flags::default() }
}

#[test]
fn each_layer_wins_over_the_ones_below() {
    let file = || Setup::of_file("[server]\nlisten = \"127.0.0.1:1\"");
    assert_eq!(listen(&Setup::new()), (8420, "default".to_owned()));
    assert_eq!(listen(&file()), (1, "countersign.toml:2".to_owned()));
    assert_eq!(listen(&file().variable(VARIABLE, "127.0.0.1:2")), (2, VARIABLE.to_owned()));
    let all = file().variable(VARIABLE, "127.0.0.1:2").flags(flags("127.0.0.1:3"));
    assert_eq!(listen(&all), (3, "--listen".to_owned()));
    assert_eq!(listen(&Setup::new().flags(flags("127.0.0.1:3"))), (3, "--listen".to_owned()));
}

#[test]
fn every_flag_is_its_key() {
    let given = Flags {
        data: Some("d".into()),
        listen: Some("127.0.0.1:5".into()),
        issuer: Some("http://localhost:9".into()),
        ..Flags::default()
    };
    let setup = Setup::new().flags(given);
    let config = setup.config();
    assert_eq!(config.server.data_dir, setup.cwd().join("d"));
    assert_eq!(config.server.listen.port(), 5);
    assert_eq!(config.server.issuer_at(5).as_str(), "http://localhost:9");
    assert_eq!(config.origin("server.data_dir").unwrap().to_string(), "--data");
    assert_eq!(config.origin("server.issuer").unwrap().to_string(), "--issuer");
}

#[test]
fn the_file_is_the_one_asked_for_else_here_else_in_the_data_folder() {
    let of = |port: u16| format!("server.listen = \"127.0.0.1:{port}\"");
    let in_data = Setup::new().file("countersign-data/countersign.toml", of(3));
    assert_eq!(listen(&in_data), (3, "./countersign-data/countersign.toml:1".to_owned()));
    let here = in_data.file("countersign.toml", of(2));
    assert_eq!(listen(&here), (2, "countersign.toml:1".to_owned()));
    let asked = here.file("other.toml", of(1)).flags(Flags { config: Some("other.toml".into()), ..Flags::default() });
    assert_eq!(listen(&asked), (1, "other.toml:1".to_owned()));
    assert_eq!(asked.config().file().unwrap().to_str(), Some("other.toml"));
}

#[test]
fn the_data_folder_of_a_flag_wins_over_that_of_a_variable() {
    let setup = Setup::new()
        .file("a/countersign.toml", "server.listen = \"127.0.0.1:1\"")
        .file("b/countersign.toml", "server.listen = \"127.0.0.1:2\"")
        .variable("COUNTERSIGN_SERVER__DATA_DIR", "a");
    assert_eq!(listen(&setup).0, 1);
    let setup = setup.flags(Flags { data: Some("b".into()), ..Flags::default() });
    assert_eq!(listen(&setup), (2, "b/countersign.toml:1".to_owned()));
}

#[test]
fn variables_of_others_are_none_of_our_business() {
    assert!(Setup::new().variable("PATH", "/bin").variable("COUNTERSIGNATURE", "1").load().is_ok());
}

#[test]
fn show_tells_each_value_and_its_origin() {
    let setup =
        Setup::of_file("[server]\ntrusted_origins = [\n  \"https://a.example\",\n]\n[tokens]\nleeway = \"5s\"\n")
            .variable("COUNTERSIGN_SESSIONS__FORGIVENESS", "0")
            .variable("COUNTERSIGN_SERVER__CORS_ORIGINS", "https://b.example,https://c.example")
            .variable("COUNTERSIGN_KEYS__MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
            .flags(flags("127.0.0.1:9"));
    let line = |entry: &Entry| format!("{} = {} ({})", entry.key, entry.value, entry.origin);
    let shown: Vec<String> = setup.config().entries().iter().map(line).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    server.listen = "127.0.0.1:9" (--listen)
    server.issuer = "http://localhost:9" (default)
    server.data_dir = "./countersign-data" (default)
    server.tls_cert_file = unset (default)
    server.tls_key_file = unset (default)
    server.trusted_origins = ["https://a.example"] (countersign.toml:2)
    server.cors_origins = ["https://b.example", "https://c.example"] (COUNTERSIGN_SERVER__CORS_ORIGINS)
    server.behind_proxy = [] (default)
    server.outbound_allow = [] (default)
    server.outbound_ca_file = unset (default)
    accounts.sign_up = "closed" (default)
    accounts.password_blocklist_file = unset (default)
    tokens.algorithm = "ES256" (default)
    tokens.access_lifetime = "10m" (default)
    tokens.leeway = "5s" (countersign.toml:6)
    tokens.claims = {} (default)
    sessions.idle = "14d" (default)
    sessions.absolute = "90d" (default)
    sessions.grace = "10s" (default)
    sessions.forgiveness = 0 (COUNTERSIGN_SESSIONS__FORGIVENESS)
    keys.rotation = "30d" (default)
    keys.jwks_max_age = "10m" (default)
    keys.publish_ahead = "1d" (default)
    keys.master_key = set (COUNTERSIGN_KEYS__MASTER_KEY)
    keys.master_key_file = unset (default)
    keys.master_key_command = unset (default)
    limits.sign_in_account_burst = 10 (default)
    limits.sign_in_account_every = "30s" (default)
    limits.sign_in_address_burst = 50 (default)
    limits.sign_in_address_every = "1s" (default)
    limits.sign_in_network_burst = 500 (default)
    limits.sign_in_network_every = "100ms" (default)
    limits.hash_queue_wait = "2s" (default)
    store.url = "sqlite:" (default)
    feed.access = "client" (default)
    feed.head_every = "1s" (default)
    clients.registration = "open" (default)
    clients.metadata_documents = "on" (default)
    telemetry.log_format = "pretty" (default)
    telemetry.log_level = "info" (default)
    telemetry.metrics = "loopback" (default)
    telemetry.audit_kept = "400d" (default)
    "#);
}
