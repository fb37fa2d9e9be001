//! Behind a real nginx that speaks TLS, with the configuration of docs/operating/https.md.

use crate::certificates::{Authority, Files};
use crate::client::Client;
use crate::support::ServerProcess;
use crate::support::nginx::Nginx;
use crate::{PASSWORD, ana};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use tempfile::TempDir;

const HOST: &str = "auth.example.com";
const ISSUER: &str = "https://auth.example.com";

/// Both servers.
struct Site {
    _folder: TempDir,
    authority: Authority,
    server: ServerProcess,
    nginx: Nginx,
}

/// The configuration that operators are told to use; nothing but addresses and files is put in the place of others.
fn documented(files: &Files, listen: SocketAddr, upstream: SocketAddr) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operating/https.md")).unwrap();
    let (_, rest) = page.split_once("```nginx\n").expect("a configuration of nginx");
    let (config, _) = rest.split_once("```").unwrap();
    let replacements = [
        ("listen 443 ssl;", format!("listen {listen} ssl;")),
        ("server 127.0.0.1:8420;", format!("server {upstream};")),
        ("/etc/nginx/auth.example.com.pem", files.certificate.display().to_string()),
        ("/etc/nginx/auth.example.com.key", files.key.display().to_string()),
    ];
    replacements.into_iter().fold(config.to_owned(), |config, (from, to)| {
        assert_eq!(config.matches(from).count(), 1, "{from}");
        config.replace(from, &to)
    })
}

/// The same with the locations for an issuer that has a path, and nothing else at that host.
fn below_a_path(config: &str, strips: bool) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operating/https.md")).unwrap();
    let block = page.split("```nginx\n").nth(2).and_then(|rest| rest.split("```").next());
    let locations = block.expect("the locations of an issuer with a path").to_owned();
    let passing = "location /auth/ {\n        proxy_pass http://countersign;";
    assert_eq!(locations.matches(passing).count(), 1);
    let stripping = passing.replace("countersign;", "countersign/;");
    let locations = if strips { locations.replace(passing, &stripping) } else { locations };
    let (server, _) = config.split_once("    location / {").unwrap();
    format!("{server}{locations}}}\n")
}

impl Site {
    fn start() -> Self {
        Self::start_as(ISSUER, |config| config)
    }

    fn start_as(issuer: &str, changed: impl Fn(String) -> String) -> Self {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
        let files = authority.issue(&[HOST]).put(folder.path());
        let settings = [
            ("COUNTERSIGN_SERVER__ISSUER", issuer),
            ("COUNTERSIGN_SERVER__BEHIND_PROXY", "127.0.0.1"),
            ("COUNTERSIGN_ACCOUNTS__SIGN_UP", "open"),
            ("COUNTERSIGN_FEED__ACCESS", "public"),
        ];
        let server = ServerProcess::start(&folder.path().join("data"), "127.0.0.1:0", &settings);
        let site = |listen| changed(documented(&files, listen, server.address));
        let nginx = Nginx::start(folder.path(), site);
        Self { _folder: folder, authority, server, nginx }
    }

    /// A client of the world outside, who knows nginx alone.
    fn client(&self) -> Client {
        Client::tls(self.nginx.address, HOST, &[&self.authority])
    }
}

/// Whatever a client may write to be taken for another, or for one on plain HTTP.
const FORGED: [(&str, &str); 4] = [
    ("X-Forwarded-For", "198.51.100.7"),
    ("Forwarded", "for=198.51.100.7;proto=http"),
    ("X-Forwarded-Proto", "http"),
    ("X-Real-IP", "198.51.100.7"),
];

/// The address that the server took a session's client for.
fn address(client: &Client, access_token: &str) -> Value {
    let bearer = format!("Bearer {access_token}");
    let sessions = client.send("GET /api/v1/sessions", &[("Authorization", &bearer)], "").unwrap().json(200);
    let current = sessions["items"].as_array().unwrap().iter().find(|session| session["current"] == true);
    current.unwrap()["address"].clone()
}

#[test]
fn scheme_client_address_and_cookies_are_right() {
    let site = Site::start();
    let client = site.client().from([127, 0, 0, 5]);
    let metadata = client.send("GET /.well-known/openid-configuration", &FORGED, "").unwrap();
    assert_eq!(metadata.json(200)["issuer"], ISSUER);
    assert_eq!(metadata.json(200)["token_endpoint"], format!("{ISSUER}/oauth2/token"));
    assert_eq!(metadata.header("strict-transport-security"), Some("max-age=63072000; includeSubDomains"));
    client.send("POST /api/v1/accounts", &FORGED, &ana()).unwrap().json(201);
    let body = json!({ "login": "ana", "password": PASSWORD, "delivery": "cookie" }).to_string();
    let mut headers = FORGED.to_vec();
    headers.push(("Origin", ISSUER));
    let signed_in = client.send("POST /api/v1/sign-in", &headers, &body).unwrap();
    signed_in.json(200);
    let cookies: Vec<&str> = signed_in.all("set-cookie").collect();
    assert_eq!(cookies.len(), 2);
    for (cookie, name) in cookies.iter().zip(["__Host-countersign=", "__Host-countersign-refresh="]) {
        assert!(cookie.starts_with(name) && cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{name}");
    }
    let access = cookies[0].split(';').next().unwrap();
    client.send("GET /api/v1/me", &[("Cookie", access)], "").unwrap().json(200);
    let token = access.split_once('=').unwrap().1;
    assert_eq!(address(&client, token), "127.0.0.5");
}

#[test]
fn an_issuer_with_a_path_is_found_and_served_whether_the_proxy_strips_it_or_not() {
    let issuer = format!("{ISSUER}/auth");
    for strips in [false, true] {
        let site = Site::start_as(&issuer, |config| below_a_path(&config, strips));
        let client = site.client();
        for place in [
            "/.well-known/oauth-authorization-server/auth",
            "/.well-known/openid-configuration/auth",
            "/auth/.well-known/oauth-authorization-server",
            "/auth/.well-known/openid-configuration",
        ] {
            let metadata = client.send(&format!("GET {place}"), &[], "").unwrap().json(200);
            assert_eq!(metadata["issuer"], issuer, "{place}, strips: {strips}");
        }
        client.send("GET /auth/.well-known/jwks.json", &[], "").unwrap().json(200);
        client.send("POST /auth/api/v1/accounts", &[], &ana()).unwrap().json(201);
        let tokens = client.send("POST /auth/api/v1/sign-in", &[], &ana()).unwrap().json(200);
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        client.send("GET /auth/api/v1/me", &[("Authorization", &bearer)], "").unwrap().json(200);
        let page = client.send("GET /auth/sign-in", &[], "").unwrap();
        assert_eq!(page.status, 400);
        let page = String::from_utf8_lossy(&page.body);
        let (_, rest) = page.split_once("href=\"").unwrap();
        let stylesheet = rest.split('"').next().unwrap();
        assert!(stylesheet.starts_with("/auth/assets/"), "{stylesheet}");
        assert_eq!(client.send(&format!("GET {stylesheet}"), &[], "").unwrap().status, 200);
        assert_eq!(client.send("GET /healthz", &[], "").unwrap().status, 404, "the rest of the host is not ours");
        let mut connection = client.connect().unwrap();
        connection.write("GET /auth/revocations/feed", &[("Accept", "text/event-stream")], "").unwrap();
        while !connection.line().unwrap().starts_with("data:") {}
    }
}

#[test]
fn a_client_that_is_not_the_proxy_is_not_believed() {
    let site = Site::start();
    let client = Client::plain(site.server.address).from([127, 0, 0, 9]);
    client.send("POST /api/v1/accounts", &FORGED, &ana()).unwrap().json(201);
    for forged in [&FORGED[..], &FORGED[..1], &FORGED[1..2], &[]] {
        let tokens = client.send("POST /api/v1/sign-in", forged, &ana()).unwrap().json(200);
        assert_eq!(address(&client, tokens["access_token"].as_str().unwrap()), "127.0.0.9", "{forged:?}");
    }
    // The proxy itself is.
    let proxy = Client::plain(site.server.address);
    let tokens = proxy.send("POST /api/v1/sign-in", &FORGED[..1], &ana()).unwrap().json(200);
    assert_eq!(address(&proxy, tokens["access_token"].as_str().unwrap()), "198.51.100.7");
}

#[test]
fn the_revocation_feed_comes_through_as_it_is_written() {
    let site = Site::start();
    let mut connection = site.client().connect().unwrap();
    connection.write("GET /revocations/feed", &[("Accept", "text/event-stream")], "").unwrap();
    assert!(connection.line().unwrap().starts_with("HTTP/1.1 200"));
    // Two heads, a second apart: a proxy that gathers would keep both.
    let mut heads = 0;
    while heads < 2 {
        heads += usize::from(connection.line().unwrap().starts_with("data:"));
    }
}
