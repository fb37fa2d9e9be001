//! Bad values in the file, in variables and in flags.

use crate::deployment::{assert_untouched, contents, stopped};
use serde_json::Value;

/// What stands on the second line of the file, and what must be said: the key, what is wrong, and how to mend it.
const IN_FILE: &[(&str, &[&str])] = &[
    // addresses and URLs
    (
        r#"server.listen = "localhost:8420""#,
        &["server.listen = \"localhost:8420\"", "IP address", r#"use "127.0.0.1:8420""#],
    ),
    ("server.listen = 8420", &["server.listen = 8420", "expected text, found a whole number", r#"in quotes: "8420""#]),
    (
        r#"server.listen = "0.0.0.0:8420""#,
        &["server.listen", "plain HTTP is served on loopback only", "`server.behind_proxy`"],
    ),
    (
        r#"server.issuer = "http://auth.example.com""#,
        &["server.issuer", "localhost", r#"use "https://auth.example.com""#],
    ),
    (r#"server.issuer = "https://auth.example.com/""#, &["server.issuer", r#"use "https://auth.example.com""#]),
    (r#"server.issuer = "auth.example.com""#, &["server.issuer", "it has no scheme"]),
    // paths and files
    (
        r#"accounts.password_blocklist_file = ["a"]"#,
        &["accounts.password_blocklist_file", "expected text, found a list"],
    ),
    (
        r#"server.tls_cert_file = "cert.pem""#,
        &["server.tls_cert_file", "TLS needs `server.tls_key_file` as well", "name both files"],
    ),
    (
        r#"accounts.password_blocklist_file = "absent.txt""#,
        &["accounts.password_blocklist_file", "cannot be read: No such file"],
    ),
    (
        r#"accounts.password_blocklist_file = "binary.txt""#,
        &["accounts.password_blocklist_file", "not UTF-8", "save the file as UTF-8"],
    ),
    // lists
    (
        r#"server.trusted_origins = "https://a.example""#,
        &["server.trusted_origins", "expected a list", r#"in brackets: ["https://a.example"]"#],
    ),
    (r#"server.cors_origins = ["*"]"#, &["server.cors_origins[0] = \"*\"", "an origin is named exactly"]),
    (r#"server.behind_proxy = ["proxy.internal"]"#, &["server.behind_proxy[0]", "names are not looked up"]),
    (r#"server.behind_proxy = ["10.0.0.1/8"]"#, &["server.behind_proxy[0]", r#"use "10.0.0.0/8""#]),
    // words
    (r#"accounts.sign_up = "opne""#, &["accounts.sign_up", "known: closed, open", r#"did you mean "open"?"#]),
    (r#"tokens.algorithm = "none""#, &["tokens.algorithm", "known: ES256, EdDSA, RS256"]),
    (r#"feed.access = "clients""#, &["feed.access", r#"did you mean "client"?"#]),
    (r#"telemetry.log_format = "jsn""#, &["telemetry.log_format", r#"did you mean "json"?"#]),
    (r#"telemetry.log_level = "inof""#, &["telemetry.log_level", r#"did you mean "info"?"#]),
    // durations
    (r#"tokens.access_lifetime = "2h""#, &["tokens.access_lifetime", "longer than the limit of 1 h", r#"use "10m""#]),
    (r#"tokens.access_lifetime = "10""#, &["tokens.access_lifetime", "no unit", r#""10s" if you mean seconds"#]),
    (r#"tokens.leeway = "61s""#, &["tokens.leeway", "longer than the limit of 1 min", "set the clocks by NTP"]),
    (r#"sessions.idle = "0s""#, &["sessions.idle", "shorter than the limit of 1 s", r#"use "1s" or more"#]),
    (r#"sessions.absolute = "4000000d""#, &["sessions.absolute", "longer than the limit of 36500 d", "or less"]),
    (r#"sessions.grace = "1.5s""#, &["sessions.grace", "use a smaller unit"]),
    (r#"keys.rotation = "4s""#, &["keys.rotation", "shorter than the limit of 5 s", r#"use "5s" or more"#]),
    (r#"keys.jwks_max_age = "25h""#, &["keys.jwks_max_age", r#"use "1d" or less"#]),
    (r#"limits.hash_queue_wait = "soon""#, &["limits.hash_queue_wait", "not a duration"]),
    // numbers
    ("sessions.forgiveness = 6", &["sessions.forgiveness = 6", "outside the range 0 to 5"]),
    (r#"sessions.forgiveness = "2""#, &["sessions.forgiveness", "without quotes: 2"]),
    ("limits.sign_in_account_burst = -1", &["limits.sign_in_account_burst", "outside the range 0 to 1000000"]),
    // secrets: never shown
    (r#"keys.master_key = "c2hvcnQ""#, &["keys.master_key\n", "expected 32 bytes in base64url"]),
    (r#"keys.master_key_file = "absent.key""#, &["keys.master_key_file", "the file cannot be read: No such file"]),
    // pairs
    (
        r#"keys.publish_ahead = "9m""#,
        &["keys.publish_ahead", "shorter than `keys.jwks_max_age` (\"10m\", default)", "make it at least as long"],
    ),
    (
        "keys = { master_key = \"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\", master_key_command = \"true\" }",
        &["keys.master_key_command", "`keys.master_key` is given as well", "remove one of them"],
    ),
    // the database
    (r#"store.url = "postgre://db/countersign""#, &["store.url", r#"unknown scheme "postgre""#, "known: sqlite"]),
    (r#"store.url = "sqlite::memory:""#, &["store.url", "no database in memory", r#"use "sqlite:PATH""#]),
    // claims
    (
        r#"tokens.claims.sub = "attribute:sub""#,
        &["tokens.claims.sub", "registered claim name", "https://example.com/sub"],
    ),
    (r#"tokens.claims.tenant = "tenant""#, &["tokens.claims.tenant", "unknown source", r#"use "attribute:tenant""#]),
    // names
    (r#"tokens.access_lifetme = "5m""#, &["tokens.access_lifetme", r#"did you mean "tokens.access_lifetime"?"#]),
    (r#"listen = "127.0.0.1:1""#, &["listen", r#"did you mean "server.listen"?"#]),
    ("[sesions]\nidle = \"1d\"", &["[sesions]", "did you mean [sessions]?"]),
    ("[unheard]\nof = 1", &["[unheard]", "unknown section (known: server, accounts, tokens"]),
    ("server = 1", &["server", "a section, not a key", "write [server] once"]),
    (r#"mail.url = "smtps://mail.example.com""#, &["mail.url", "not in this version yet", "remove it"]),
    // no TOML
    ("tokens.leeway = 10s", &["not TOML"]),
    ("[tokens", &["not TOML"]),
    ("tokens.leeway = \"1s\" \"2s\"", &["not TOML"]),
];

/// A variable, its value, and what must be said beside its name.
const IN_ENVIRONMENT: &[(&str, &str, &[&str])] = &[
    ("COUNTERSIGN_TOKENS__LEEWAY", "2", &["tokens.leeway = \"2\"", "no unit", "2s"]),
    ("COUNTERSIGN_TOKENS__LEWAY", "2s", &["did you mean COUNTERSIGN_TOKENS__LEEWAY?"]),
    ("COUNTERSIGN_TOKENS_LEEWAY", "2s", &["did you mean COUNTERSIGN_TOKENS__LEEWAY?"]),
    ("COUNTERSIGN_SESSIONS__FORGIVENESS", "two", &["sessions.forgiveness", "expected a whole number"]),
    ("COUNTERSIGN_SERVER__CORS_ORIGINS", "https://a.example,", &["server.cors_origins[1]", "empty item"]),
    ("COUNTERSIGN_TOKENS__CLAIMS", "iss=attribute:iss", &["tokens.claims[0]", "registered claim name"]),
    ("COUNTERSIGN_STORE__URL", "postgresql://u:hush@db/x", &["store.url", "not in this version yet"]),
    ("COUNTERSIGN_KEYS__MASTER_KEY", "hush", &["keys.master_key\n", "expected 32 bytes"]),
];

#[test]
fn each_bad_value_is_told_with_line_key_and_remedy_and_touches_nothing() {
    assert!(IN_FILE.len() >= 40);
    let place = stopped();
    place.write("binary.txt", b"\xff\xfe\x00");
    let before = contents(&place.data());
    for (text, told) in IN_FILE {
        place.write("countersign.toml", format!("# what is wrong is on the next line\n{text}\n"));
        let checked = place.run(&["config", "check"]);
        let told = [&["error: 1 problem in the configuration", "countersign.toml:2"], *told].concat();
        assert_eq!(checked.code, 2, "accepted: {text}");
        checked.assert_failed(2, &told);
        // The server says the same, word for word.
        let refused = place.run(&["serve"]);
        assert_eq!((refused.code, &refused.err, refused.out.as_str()), (2, &checked.err, ""), "{text}");
    }
    assert_untouched(&before, &place.data(), "bad values");
}

#[test]
fn each_bad_variable_is_told_by_its_name_and_no_secret_is() {
    let place = stopped();
    let before = contents(&place.data());
    for (name, value, told) in IN_ENVIRONMENT {
        let checked = place.run_with(&["config", "check"], "", &[(name, value)]);
        checked.assert_failed(2, &[&["error: 1 problem", *name], *told].concat());
        assert!(!checked.err.contains("hush"), "{}", checked.err);
        let refused = place.run_with(&["serve"], "", &[(name, value)]);
        assert_eq!((refused.code, &refused.err), (2, &checked.err));
    }
    assert_untouched(&before, &place.data(), "bad variables");
}

#[test]
fn everything_that_is_wrong_is_told_in_one_run() {
    let place = stopped();
    let before = contents(&place.data());
    let file = "[server]\nissuer = \"auth.example.com\"\nbehind_proxy = [\"10.0.0.0/33\", \"::1\", \"proxy\"]\n\
                [tokens]\naccess_lifetime = \"2h\"\ncolour = \"red\"\nclaims = { sub = \"attribute:a\", x = \"y\" }\n\
                [sesions]\nidle = \"1d\"\n";
    place.write("countersign.toml", file);
    let variables = [("COUNTERSIGN_SESSIONS__GRACE", "1h"), ("COUNTERSIGN_COLOUR", "red")];
    let refused = place.run_with(&["serve", "--listen", "8420"], "", &variables);
    let told = [
        "error: 11 problems in the configuration",
        "countersign.toml:2  server.issuer",
        "countersign.toml:3  server.behind_proxy[0] = \"10.0.0.0/33\"",
        "countersign.toml:3  server.behind_proxy[2] = \"proxy\"",
        "countersign.toml:5  tokens.access_lifetime",
        "countersign.toml:6  tokens.colour",
        "countersign.toml:7  tokens.claims.sub",
        "countersign.toml:7  tokens.claims.x",
        "countersign.toml:8  [sesions]",
        "COUNTERSIGN_COLOUR",
        "COUNTERSIGN_SESSIONS__GRACE  sessions.grace",
        "--listen  server.listen",
    ];
    refused.assert_failed(2, &told);
    // As people read: the file by line, variables, flags.
    let places: Vec<_> = told[1..].iter().map(|told| refused.err.find(told).unwrap()).collect();
    assert!(places.is_sorted(), "{}", refused.err);

    let checked = place.run_with(&["config", "check", "--json"], "", &variables);
    let document: Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!((checked.code, document["problems"].as_array().unwrap().len()), (2, 10));
    assert_untouched(&before, &place.data(), "many problems");
}

#[test]
fn a_file_that_can_not_be_read_is_told_with_what_it_is() {
    let place = stopped();
    let before = contents(&place.data());
    let check = |path: &str, told: &[&str]| {
        for command in [&["config", "check"][..], &["serve"]] {
            place.run(&[command, &["--config", path]].concat()).assert_failed(2, told);
        }
    };
    check("absent.toml", &["absent.toml", "no such file"]);
    check("data", &["data", "a folder, not a file", "did you mean countersign.toml in it?"]);
    place.write("latin.toml", b"[server]\n# caf\xe9\n");
    check("latin.toml", &["latin.toml:2", "not UTF-8", "save the file as UTF-8"]);
    place.write("twice.toml", "[tokens]\nleeway = \"1s\"\nleeway = \"2s\"\n");
    check("twice.toml", &["twice.toml:3:1", "not TOML: ", "duplicate key"]);
    place.write("large.toml", "#".repeat((1 << 20) + 1));
    check("large.toml", &["large.toml", "larger than 1 MiB"]);
    place.write("tls.toml", "[server]\ntls_cert_file = \"absent.pem\"\ntls_key_file = \"absent.key\"\n");
    check("tls.toml", &["2 problems", "tls.toml:2  server.tls_cert_file", "tls.toml:3  server.tls_key_file", "hint:"]);
    assert_untouched(&before, &place.data(), "unreadable files");
}
