//! The guard's file: all problems at once, flags above it, and its reference page.

use crate::config::{GuardConfig, GuardFlags, guard_reference_markdown};
use countersign_guard::{AccessCookie, Demand, GuardedPath, Proxy};
use std::{env, fs, path::Path};
use tempfile::TempDir;

/// A folder with this file in it.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("countersign-guard.toml"), text).unwrap();
    folder
}

fn load(folder: &TempDir, flags: &GuardFlags) -> GuardConfig {
    GuardConfig::load(flags, folder.path()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn report(text: &str, flags: &GuardFlags) -> String {
    let folder = folder(text);
    GuardConfig::load(flags, folder.path()).err().expect("problems").to_string()
}

const ISSUER: &str = "[[issuer]]\nurl = \"https://auth.example.com\"\naudience = \"https://app.example.com\"\n";

#[test]
fn all_problems_are_told_at_once_with_place_and_way_out() {
    let text = "\
listen = \"localhost:9\"
proxi = \"nginx\"
cookie = \"__Host-countersign-refresh\"
leeway = 5

[[issuer]]
url = \"http://auth.example.com\"
client_id = \"x\"
secret_file = \"there-is-none\"

[[issuer]]
url = \"https://a.example\"
audience = \"a\"
secret = \"hunter2\"

[[issuer]]
url = \"https://a.example\"
audience = \"b\"

[[rule]]
path = \"/public/**\"
public = true
scopes = [\"a\"]

[[rule]]
path = \"/a;b\"
methods = [\"post\"]
stal = \"refuse\"
public = \"true\"
host = \"https://app.example.com\"
";
    let flags = GuardFlags { proxy: Some("ngin".to_owned()), ..GuardFlags::default() };
    insta::assert_snapshot!(report(text, &flags), @r#"
    17 problems in the configuration
      countersign-guard.toml:1  listen = "localhost:9"
        expected an IP address and a port, as in "127.0.0.1:8420"
        hint: use "127.0.0.1:9"
      countersign-guard.toml:2  proxi
        unknown key; did you mean "proxy"?
      countersign-guard.toml:3  cookie = "__Host-countersign-refresh"
        this cookie is for the issuer alone: the access token is in `__Host-countersign`
        hint: use "__Host-countersign", or leave it out for none
      countersign-guard.toml:4  leeway = 5
        a duration needs a unit
        hint: "5s" if you mean seconds
      countersign-guard.toml:6  issuer[0].audience
        it must be given
        hint: audience = "https://app.example.com"
      countersign-guard.toml:7  issuer[0].url = "http://auth.example.com"
        plain http is for the loopback only: elsewhere an issuer is https
      countersign-guard.toml:9  issuer[0].secret_file = "there-is-none"
        the file cannot be read: No such file or directory (os error 2)
      countersign-guard.toml:14  issuer[1].secret
        unknown key (known here: url, audience, client_id, secret_file, token_type, token_lifetime)
      countersign-guard.toml:17  issuer[2].url = "https://a.example"
        this issuer is named above already: one [[issuer]] each
      countersign-guard.toml:21  rule[0].path = "/public/**"
        `*` stands alone behind the last slash, as in "/admin/*"
      countersign-guard.toml:23  rule[0].scopes = ["a"]
        the rule is public: nothing is asked for there
        hint: remove one of them
      countersign-guard.toml:26  rule[1].path = "/a;b"
        no request can have this path, written as it reads once decoded: the path holds a semicolon, which some readers cut at
      countersign-guard.toml:27  rule[1].methods[0] = "post"
        expected a method in capitals, as in "POST"
      countersign-guard.toml:28  rule[1].stal
        unknown key; did you mean "stale"?
      countersign-guard.toml:29  rule[1].public = "true"
        expected true or false, found text
        hint: without quotes: true
      countersign-guard.toml:30  rule[1].host = "https://app.example.com"
        expected a host without scheme and port, as in "app.example.com"
      --proxy  proxy = "ngin"
        unknown word "ngin" (known: nginx, traefik, caddy, envoy); did you mean "nginx"?
    "#);
}

#[test]
fn rules_that_only_case_tells_apart_are_told_with_their_line() {
    let text =
        format!("{ISSUER}[[rule]]\npath = \"/Reports/*\"\n\n[[rule]]\npath = \"/reports/x\"\nroles = [\"admin\"]\n");
    insta::assert_snapshot!(report(&text, &GuardFlags::default()), @r#"
    1 problem in the configuration
      countersign-guard.toml:8  rule[1].path = "/reports/x"
        differs from the path of rule[0] in case or form of characters alone: to an application that does not look at that, both are one
        hint: write both in one way
    "#);
}

#[test]
fn a_file_is_read_as_it_says() {
    let text = format!(
        "proxy = \"traefik\"\nmax_staleness = \"30s\"\n{ISSUER}\
         [[rule]]\npath = \"/public/*\"\npublic = true\n[[rule]]\nhost = \"Admin.Example.com\"\nroles = [\"admin\"]\n"
    );
    let config = load(&folder(&text), &GuardFlags::default());
    assert_eq!(
        (config.fixed.proxy, config.fixed.max_staleness.as_secs(), config.fixed.leeway.as_secs()),
        (Proxy::Traefik, 30, 10)
    );
    assert_eq!(config.fixed.listen.to_string(), "127.0.0.1:8421");
    let cookie = |keys: &str| load(&folder(&format!("{keys}{ISSUER}")), &GuardFlags::default()).fixed.cookie;
    assert_eq!(cookie("cookie = true\n"), AccessCookie::parse("__Host-countersign").ok());
    assert_eq!((cookie("cookie = \"x\"\n"), cookie("")), (AccessCookie::parse("x").ok(), None));
    let demand = |host, target| {
        let path = GuardedPath::read(target).unwrap();
        config.rules.demand(host, &http::Method::GET, &path).clone()
    };
    assert_eq!(demand("app.example.com", "/public/x"), Demand::Public);
    assert_ne!(demand("admin.example.com", "/x"), demand("app.example.com", "/x"));
}

#[test]
fn flags_count_more_than_the_file_and_need_none() {
    let text = format!("listen = \"127.0.0.1:1\"\nproxy = \"envoy\"\n{ISSUER}");
    let mut flags = GuardFlags {
        listen: Some("127.0.0.1:2".to_owned()),
        issuer: Some("https://auth.example.com".to_owned()),
        audience: Some("https://other.example.com".to_owned()),
        ..GuardFlags::default()
    };
    let config = load(&folder(&text), &flags);
    assert_eq!((config.fixed.listen.port(), config.fixed.proxy), (2, Proxy::Envoy));
    let issuers: Vec<_> = config.fixed.issuers.iter().map(|issuer| issuer.audience.as_str()).collect();
    assert_eq!(issuers, ["https://other.example.com"]);
    flags.issuer = Some("https://more.example.com/".to_owned());
    assert_eq!(load(&folder(&text), &flags).fixed.issuers.len(), 2);
    let empty = tempfile::tempdir().unwrap();
    assert!(load(&empty, &flags).file().is_none());
    assert!(GuardConfig::load(&GuardFlags::default(), empty.path()).err().unwrap().to_string().contains("no issuer"));
}

#[cfg(unix)]
#[test]
fn a_secret_comes_from_a_file_that_nobody_else_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let text = format!("{ISSUER}client_id = \"guard\"\nsecret_file = \"secret\"\n");
    let folder = folder(&text);
    let secret = folder.path().join("secret");
    fs::write(&secret, "css_x\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let errors = GuardConfig::load(&GuardFlags::default(), folder.path()).err().unwrap().to_string();
    assert!(errors.contains("issuer[0].secret_file = \"secret\"\n    others can read the file"), "{errors}");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    // A flag is of one start, and is as with other commands.
    let named = GuardFlags {
        issuer: Some("https://auth.example.com".to_owned()),
        audience: Some("a".to_owned()),
        client_id: Some("guard".to_owned()),
        secret_file: Some("shared".to_owned()),
        ..GuardFlags::default()
    };
    fs::write(folder.path().join("shared"), "css_y").unwrap();
    fs::set_permissions(folder.path().join("shared"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(load(&folder, &named).fixed.issuers[0].client.as_ref().unwrap().1.as_str(), "css_y");
    let config = load(&folder, &GuardFlags::default());
    let (id, secret) = config.fixed.issuers[0].client.as_ref().unwrap();
    assert_eq!((id.as_str(), secret.as_str()), ("guard", "css_x"));
}

#[test]
fn the_guards_reference_page_is_current() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/guard.md");
    if env::var_os("UPDATE").is_some() {
        fs::write(&page, guard_reference_markdown()).unwrap();
    }
    let found = fs::read_to_string(&page).unwrap_or_default();
    assert!(
        found == guard_reference_markdown(),
        "docs/reference/guard.md is old: run `UPDATE=1 cargo test -p countersign`"
    );
    // What the page shows is taken.
    let example = found.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let example = example.replace("client_id = \"guard\"\nsecret_file = \"/etc/countersign/guard.secret\"\n", "");
    assert_eq!(load(&folder(&example), &GuardFlags::default()).rules.len(), 2);
}
