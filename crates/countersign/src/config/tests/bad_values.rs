//! Bad values, each refused alone, with the sentence that the operator reads.

use super::Setup;

/// What a file says, and what the report must say.
const IN_FILE: &[(&str, &str)] = &[
    // server.listen
    (r#"server.listen = "127.0.0.1""#, r#"hint: use "127.0.0.1:8420""#),
    (r#"server.listen = "8420""#, r#"hint: use "127.0.0.1:8420""#),
    (r#"server.listen = ":9000""#, r#"hint: use "127.0.0.1:9000""#),
    (r#"server.listen = "localhost:8420""#, r#"hint: use "127.0.0.1:8420""#),
    (r#"server.listen = "::1:8420""#, "expected an IP address and a port"),
    (r#"server.listen = "127.0.0.1:99999""#, "expected an IP address and a port"),
    ("server.listen = 8420", "expected text, found a whole number"),
    (r#"server.listen = """#, "empty, expected an IP address and a port"),
    // server.issuer
    (r#"server.issuer = "auth.example.com""#, "not a URL: it has no scheme"),
    (r#"server.issuer = "https://auth.example.com/""#, r#"hint: use "https://auth.example.com""#),
    (r#"server.issuer = "https://auth.example.com/tenant/""#, r#"hint: use "https://auth.example.com/tenant""#),
    (r#"server.issuer = "http://auth.example.com""#, r#"hint: use "https://auth.example.com""#),
    (r#"server.issuer = "http://127.0.0.2:8420""#, "plain http is for localhost, 127.0.0.1 and [::1] only"),
    (r#"server.issuer = "http://localhost.example.com""#, "plain http is for localhost"),
    (r#"server.issuer = "ftp://auth.example.com""#, "an issuer is an https URL"),
    (r#"server.issuer = "https://auth.example.com?tenant=1""#, "no query and no fragment"),
    (r#"server.issuer = "https://auth.example.com#top""#, "no query and no fragment"),
    (r#"server.issuer = "https://ana@auth.example.com""#, "an issuer names no user"),
    (r#"server.issuer = "https://AUTH.example.com""#, r#"hint: use "https://auth.example.com""#),
    (r#"server.issuer = "https://auth.example.com:443""#, r#"hint: use "https://auth.example.com""#),
    (r#"server.issuer = "https://auth.example.com/a/../b""#, r#"hint: use "https://auth.example.com/b""#),
    (r#"server.issuer = "https://[::1""#, "not a URL: invalid IPv6 address"),
    // server.data_dir
    (r#"server.data_dir = """#, "empty, expected a path"),
    (r#"server.data_dir = ["a"]"#, "expected text, found a list"),
    // origins
    (r#"server.trusted_origins = "https://a.example""#, r#"hint: in brackets: ["https://a.example"]"#),
    (r#"server.trusted_origins = ["https://a.example/"]"#, r#"hint: use "https://a.example""#),
    (r#"server.trusted_origins = ["https://a.example:443"]"#, r#"hint: use "https://a.example""#),
    (r#"server.trusted_origins = ["https://a.example/app"]"#, "scheme://host[:port] and nothing else"),
    (r#"server.trusted_origins = ["a.example"]"#, "not an origin: it has no scheme"),
    (r#"server.trusted_origins = ["file:///tmp"]"#, "not an origin: it has no host"),
    (r#"server.cors_origins = ["*"]"#, "an origin is named exactly"),
    (r#"server.cors_origins = ["https://*.example.com"]"#, "an origin is named exactly"),
    (r#"server.cors_origins = ["null"]"#, "an origin is named exactly"),
    (r#"server.cors_origins = [7]"#, "server.cors_origins[0] = 7"),
    // server.tls
    (r#"server.tls_cert_file = "cert.pem""#, "TLS needs `server.tls_key_file` as well\n    hint: name both files"),
    (r#"server.tls_key_file = "key.pem""#, "TLS needs `server.tls_cert_file` as well"),
    (r#"server.tls_key_file = """#, "empty, expected a path"),
    // server.behind_proxy
    (r#"server.behind_proxy = ["proxy.internal"]"#, "names are not looked up"),
    (r#"server.behind_proxy = ["10.0.0.1/8"]"#, r#"hint: use "10.0.0.0/8""#),
    (r#"server.behind_proxy = ["10.0.0.0/33"]"#, "from 0 to 32"),
    (r#"server.behind_proxy = ["2001:db8::/129"]"#, "from 0 to 128"),
    (r#"server.behind_proxy = [""]"#, "empty item"),
    ("server.behind_proxy = true", "expected a list, found a truth value"),
    // server.outbound
    (r#"server.outbound_allow = ["intern.example"]"#, r#"hint: use "intern.example:443""#),
    (r#"server.outbound_allow = ["http://intern.example/x"]"#, r#"hint: use "intern.example:80""#),
    (r#"server.outbound_allow = ["10.0.0.0/8"]"#, "expected a host and a port"),
    (r#"server.outbound_ca_file = """#, "empty, expected a path"),
    // accounts
    (r#"accounts.sign_up = "opne""#, r#"unknown word "opne" (known: closed, open); did you mean "open"?"#),
    ("accounts.sign_up = true", "expected text, found a truth value"),
    (r#"accounts.password_blocklist_file = "absent.txt""#, "cannot be read: No such file"),
    (r#"accounts.password_blocklist_file = ".""#, "not a file"),
    // tokens
    (r#"tokens.algorithm = "PS512""#, r#"unknown word "PS512" (known: ES256, EdDSA, RS256, PS256, ES384, HS256)"#),
    (r#"tokens.algorithm = "es256""#, r#"did you mean "ES256"?"#),
    (r#"tokens.algorithm = "none""#, r#"unknown word "none" (known: ES256, EdDSA, RS256, PS256, ES384, HS256)"#),
    (r#"tokens.access_lifetime = "2h""#, "longer than the limit of 1 h: revoked tokens must be remembered that long"),
    (r#"tokens.access_lifetime = "0s""#, "shorter than the limit of 1 s"),
    (r#"tokens.access_lifetime = "999ms""#, r#"hint: use "1s" or more"#),
    (r#"tokens.access_lifetime = "10""#, r#"hint: "10s" if you mean seconds"#),
    ("tokens.access_lifetime = 600", r#"hint: "600s" if you mean seconds"#),
    (r#"tokens.access_lifetime = "10 min""#, r#"hint: use "10m""#),
    (r#"tokens.access_lifetime = "10M""#, r#"hint: use "10m""#),
    (r#"tokens.access_lifetime = "1h30m""#, "expected one whole number"),
    (r#"tokens.access_lifetime = "1.5h""#, r#"hint: use a smaller unit: "90m""#),
    (r#"tokens.access_lifetime = "-1s""#, "not a duration"),
    (r#"tokens.access_lifetime = "99999999999999999999d""#, "longer than the limit of 1 h"),
    ("tokens.access_lifetime = 1.5", "expected text, found a fraction"),
    ("tokens.access_lifetime = 10:00:00", "expected text, found a time"),
    (r#"tokens.leeway = "61s""#, "longer than the limit of 1 min: an expired token would be accepted that long"),
    ("[tokens.leeway]\nseconds = 1", "expected text, found a table"),
    // tokens.claims
    (
        r#"tokens.claims.sub = "attribute:sub""#,
        "tokens.claims.sub = \"attribute:sub\"\n    `sub` is a registered claim name, it means the same in every token: use a name of your own\n    hint: use another word, or a URI of yours, as in \"https://example.com/sub\"",
    ),
    (r#"tokens.claims = { Roles = "attribute:roles" }"#, "`Roles` is a registered claim name"),
    (r#"tokens.claims."a b" = "attribute:a""#, "tokens.claims.\"a b\" = \"attribute:a\"\n    not a claim name"),
    (r#"tokens.claims.tenant = "tenant""#, "unknown source of a claim: expected \"attribute:NAME\""),
    (r#"tokens.claims.tenant = "atribute:tenant""#, r#"hint: use "attribute:tenant""#),
    (r#"tokens.claims.tenant = "attribute:""#, r#"hint: use "attribute:tenant""#),
    ("tokens.claims.floor = 3", r#"hint: in quotes: "3""#),
    (r#"tokens.claims.com.example = "attribute:x""#, "hint: a name that has dots stands in quotes"),
    (r#"tokens.claims = ["tenant"]"#, "expected a table, found a list"),
    (r#"tokens.claims = "tenant=attribute:tenant""#, "expected a table, found text"),
    // sessions
    (r#"sessions.idle = "0s""#, "shorter than the limit of 1 s"),
    (r#"sessions.absolute = "500ms""#, "shorter than the limit of 1 s"),
    (r#"sessions.absolute = "4000000d""#, "longer than the limit of 36500 d"),
    (r#"sessions.grace = "2m""#, "longer than the limit of 1 min"),
    ("sessions.forgiveness = 6", "outside the range 0 to 5"),
    ("sessions.forgiveness = -1", "outside the range 0 to 5"),
    (r#"sessions.forgiveness = "2""#, "hint: without quotes: 2"),
    ("sessions.forgiveness = 1.0", "expected a whole number, found a fraction"),
    // keys
    (r#"keys.rotation = "4s""#, "shorter than the limit of 5 s"),
    (r#"keys.jwks_max_age = "25h""#, r#"hint: use "1d" or less"#),
    (r#"keys.publish_ahead = "9m""#, r#"shorter than `keys.jwks_max_age` ("10m", default)"#),
    (r#"keys.master_key = "c2hvcnQ""#, "expected 32 bytes in base64url without padding"),
    (r#"keys.master_key = """#, "empty, expected 32 bytes"),
    (r#"keys.master_key_file = "absent.key""#, "the file cannot be read: No such file"),
    (r#"keys.master_key_file = ".""#, "a folder, not a file"),
    (r#"keys.master_key_command = """#, "empty, expected a command"),
    // limits
    ("limits.sign_in_account_burst = 1_000_001", "outside the range 0 to 1000000"),
    (r#"limits.sign_in_address_every = "0s""#, r#"hint: use "1ms" or more"#),
    (r#"limits.hash_queue_wait = "soon""#, "not a duration"),
    // store
    (
        r#"store.url = "postgre://db/countersign""#,
        r#"unknown scheme "postgre" (known: sqlite); did you mean "postgresql"?"#,
    ),
    (r#"store.url = "postgresql://db/countersign""#, r#"scheme "postgresql" is not in this version yet"#),
    (r#"store.url = "postgres://db/countersign""#, r#"scheme "postgresql" is not in this version yet"#),
    (r#"store.url = "sqlit:x.db""#, r#"did you mean "sqlite"?"#),
    (r#"store.url = "x.db""#, "no scheme"),
    (r#"store.url = "sqlite://x.db""#, r#"hint: use "sqlite:x.db", or "sqlite:/x.db" from the root"#),
    (r#"store.url = "sqlite::memory:""#, "no database in memory"),
    (r#"store.url = "sqlite:x.db?mode=ro""#, "no options"),
    // telemetry
    (r#"telemetry.log_format = "jsn""#, r#"did you mean "json"?"#),
    (r#"telemetry.log_level = "inof""#, r#"did you mean "info"?"#),
    (r#"telemetry.log_level = "info,hyper""#, r#"unknown level "hyper""#),
    (r#"telemetry.log_level = "info,=warn""#, r#""=warn" is not target=level"#),
    (r#"telemetry.metrics = "loopbak""#, r#"did you mean "loopback"?"#),
    // names
    (r#"tokens.access_lifetme = "5m""#, r#"unknown key; did you mean "tokens.access_lifetime"?"#),
    (r#"tokens.lifetime = "5m""#, r#"did you mean "tokens.access_lifetime"?"#),
    (r#"tokens.idle = "5m""#, r#"did you mean "sessions.idle"?"#),
    (r#"tokens.colour = "red""#, "unknown key (known in [tokens]: algorithm, access_lifetime, leeway, claims)"),
    (r#"listen = "127.0.0.1:1""#, r#"did you mean "server.listen"?"#),
    (r#"colour = "red""#, "every key stands in a section"),
    ("[sesions]\nidle = \"1d\"", "[sesions]\n    unknown section; did you mean [sessions]?"),
    ("[unheard]\nof = 1", "unknown section (known: server, accounts, tokens"),
    ("server = 1", "a section, not a key"),
    ("[[server]]\nlisten = \"127.0.0.1:1\"", "a section, not a key"),
    (r#"mail.url = "smtps://mail.example.com""#, "not in this version yet\n    hint: remove it"),
    (r#"mail.colour = "red""#, "nothing of [mail] is in this version yet"),
    ("\"ser\\u001bver\".listen = 1", r#"["ser\u001bver"]"#),
];

/// A variable, and what the report must say.
const IN_ENVIRONMENT: &[(&str, &str, &str)] = &[
    ("COUNTERSIGN_TOKENS__LEEWAY", "2", "COUNTERSIGN_TOKENS__LEEWAY  tokens.leeway = \"2\"\n    no unit"),
    ("COUNTERSIGN_SESSIONS__FORGIVENESS", "two", "expected a whole number"),
    ("COUNTERSIGN_SESSIONS__FORGIVENESS", "7", "outside the range 0 to 5"),
    ("COUNTERSIGN_SERVER__CORS_ORIGINS", "https://a.example,", "server.cors_origins[1] = \"\""),
    ("COUNTERSIGN_SERVER__ISSUER", "", "empty, expected an https URL"),
    (
        "COUNTERSIGN_TOKENS__CLAIMS",
        "a=attribute:a,tenant",
        "COUNTERSIGN_TOKENS__CLAIMS  tokens.claims[1] = \"tenant\"\n    not a claim: expected NAME=attribute:NAME",
    ),
    ("COUNTERSIGN_TOKENS__CLAIMS", "a=attribute:a,a=attribute:b", "claim `a` is given twice"),
    ("COUNTERSIGN_TOKENS__CLAIMS", "iss=attribute:a", "`iss` is a registered claim name"),
    ("COUNTERSIGN_TOKENS_LEEWAY", "2s", "unknown variable; did you mean COUNTERSIGN_TOKENS__LEEWAY?"),
    ("COUNTERSIGN_TOKENS__LEWAY", "2s", "unknown variable; did you mean COUNTERSIGN_TOKENS__LEEWAY?"),
    ("COUNTERSIGN_tokens__leeway", "2s", "unknown variable; did you mean COUNTERSIGN_TOKENS__LEEWAY?"),
    ("COUNTERSIGN_COLOUR", "red", "COUNTERSIGN_SECTION__KEY, with two underscores between"),
    ("COUNTERSIGN_", "", "unknown variable"),
    ("COUNTERSIGN_MAIL__URL", "smtp://localhost", "not in this version yet"),
    ("COUNTERSIGN_SERVICE_HOST", "10.0.0.7", "hint: `enableServiceLinks: false`"),
    ("COUNTERSIGN_PORT_8420_TCP_ADDR", "10.0.0.7", "hint: `enableServiceLinks: false`"),
];

#[track_caller]
fn assert_refused(what: &str, setup: &Setup, expected: &str) {
    let report = match setup.load() {
        Ok(_) => panic!("accepted: {what}"),
        Err(errors) => errors.to_string(),
    };
    assert!(report.starts_with("1 problem in the configuration\n"), "{what}\n{report}");
    assert!(report.contains(expected), "{what}\nexpected: {expected}\nfound: {report}");
}

#[test]
fn every_bad_value_in_a_file_is_refused_with_its_line() {
    for (text, expected) in IN_FILE {
        let setup = Setup::of_file(&format!("# a comment\n{text}\n"));
        assert_refused(text, &setup, expected);
        assert!(setup.report().contains("\n  countersign.toml:2  "), "{text}\n{}", setup.report());
    }
}

#[test]
fn every_bad_variable_is_refused_by_name() {
    for (name, value, expected) in IN_ENVIRONMENT {
        let setup = Setup::new().variable(name, value);
        assert_refused(name, &setup, expected);
        assert!(setup.report().contains(&format!("\n  {name}")), "{name}\n{}", setup.report());
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_refused() {
    use crate::config::{Environment, Flags, load};
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};
    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let environment: Environment = [
        (bytes(b"COUNTERSIGN_SERVER__ISSUER"), bytes(b"\xff")),
        (bytes(b"COUNTERSIGN_\xff"), bytes(b"1")),
        (bytes(b"OTHER\xff"), bytes(b"\xff")),
    ]
    .into_iter()
    .collect();
    let report = load(&Flags::default(), &environment, Setup::new().cwd()).unwrap_err().to_string();
    assert!(report.contains("COUNTERSIGN_SERVER__ISSUER  server.issuer\n    not UTF-8"), "{report}");
    assert!(report.starts_with("2 problems"), "{report}");
}
