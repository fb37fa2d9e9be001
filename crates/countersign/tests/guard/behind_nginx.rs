//! nginx asks the guard: who gets through, what arrives at the application, and what a client outside is told.

use crate::stage::{AUDIENCE, Stage, until};
use countersign_verifier::Mint;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};

/// Whatever a client may write to be taken for somebody, or for another request.
const FORGED: [(&str, &str); 9] = [
    ("X-Auth-Subject", "admin"),
    ("X-Auth-Session", "s"),
    ("X-Auth-Client", "c"),
    ("X-Auth-Scope", "everything"),
    ("x-auth-roles", "admin"),
    ("X-Original-URI", "/public/x"),
    ("X-Original-Method", "GET"),
    ("X-Original-Host", "elsewhere.example.com"),
    ("X-Forwarded-Uri", "/public/x"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_good_token_gets_through_and_nobody_else() {
    let stage = Stage::start("").await;
    let good = stage.mint(&["orders:read"], &["clerk"]);
    assert_eq!(stage.ask_with("GET /orders/7?x=1", &good).body, "hello");
    assert_eq!(stage.application.one().target(), "/orders/7?x=1");
    assert_eq!(stage.ask("GET /public/logo.svg", &[]).status, 200);
    stage.application.one();

    let none = stage.ask("GET /orders/7", &[]);
    assert_eq!((none.status, none.header("www-authenticate")), (401, Some("Bearer scope=\"orders:read\"")));
    let expired = stage.issuer.sign(&Mint::new(AUDIENCE).claim("iat", 1_000).claim("exp", 1_600));
    let expired = stage.ask_with("GET /orders/7", &expired);
    assert_eq!(expired.status, 401);
    assert!(expired.header("www-authenticate").unwrap().contains("the token has expired"));
    let scope = stage.ask_with("GET /orders/7", &stage.mint(&["orders:write"], &[]));
    assert_eq!(scope.status, 403);
    assert!(scope.header("www-authenticate").unwrap().contains("scope=\"orders:read\""));
    assert_eq!(stage.ask_with("GET /admin/x", &good).status, 403, "another role");
    let bearer = format!("Bearer {}", good.token);
    let twice = [("Authorization", bearer.as_str()), ("Authorization", bearer.as_str())];
    assert!([400, 401].contains(&stage.ask("GET /orders/7", &twice).status));
    stage.issuer.revoke_session(&good.session);
    until("revoked", || stage.ask_with("GET /orders/7", &good).status == 401).await;
    stage.application.take();
    assert_eq!(stage.ask_with("GET /orders/7", &good).status, 401);
    assert!(stage.application.take().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_arrives_and_what_a_client_wrote_in_its_place_does_not() {
    let stage = Stage::start("").await;
    let minted = stage.mint(&["orders:read"], &["clerk", "packer"]);
    let bearer = format!("Bearer {}", minted.token);
    for target in ["/orders/7", "/"] {
        let headers: Vec<_> = FORGED.into_iter().chain([("Authorization", bearer.as_str())]).collect();
        assert_eq!(stage.ask(&format!("GET {target}"), &headers).status, 200, "{target}");
        let seen = stage.application.one();
        for (name, value) in [
            ("x-auth-subject", "ana"),
            ("x-auth-session", minted.session.as_str()),
            ("x-auth-client", "web"),
            ("x-auth-scope", "orders:read"),
            ("x-auth-roles", "clerk,packer"),
        ] {
            assert_eq!(seen.all(name), [value], "{target}");
        }
    }
    // Of nobody there is nothing: nginx leaves out what is empty, and the forged ones with it.
    assert_eq!(stage.ask("GET /public/x", &FORGED).status, 200);
    let seen = stage.application.one();
    for name in ["x-auth-subject", "x-auth-session", "x-auth-client", "x-auth-scope", "x-auth-roles"] {
        assert!(seen.all(name).is_empty(), "{name}");
    }
    // Underscores read as dashes in some applications.
    assert_eq!(stage.ask("GET /public/x", &[("X_Auth_Roles", "admin")]).status, 200);
    assert!(stage.application.one().all("x_auth_roles").is_empty());
    assert_eq!(stage.ask("GET /admin/x", &FORGED).status, 401);
    assert_eq!(stage.ask("DELETE /orders/7", &FORGED).status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_of_the_issuer_alone_do_not_reach_the_application() {
    let stage = Stage::start("cookie = \"__Host-countersign\"").await;
    let token = stage.mint(&[], &[]).token;
    let access = format!("__Host-countersign={token}");
    let (refresh, session) = ("__Host-countersign-refresh=csr_secret", "__Host-countersign-session=cso_secret");
    for cookies in [
        format!("{access}; {refresh}; {session}; theme=dark"),
        format!("{refresh}; theme=dark; {access}"),
        format!("theme=dark;{session};{access};{refresh}"),
        format!("{session}; {access}; theme=dark; {refresh}"),
    ] {
        assert_eq!(stage.ask("GET /", &[("Cookie", &cookies)]).status, 200, "{cookies}");
        let seen = stage.application.one();
        let arrived = seen.all("cookie").join("; ");
        assert!(
            !arrived.contains("secret") && arrived.contains(&access) && arrived.contains("theme=dark"),
            "{arrived}"
        );
    }
    for cookies in
        [format!("{refresh}; {refresh}; a=b"), format!("{session}; x=y; {session}"), refresh.replace("=", " =")]
    {
        assert_eq!(stage.ask("GET /public/x", &[("Cookie", &cookies)]).status, 200);
        assert!(!stage.application.one().all("cookie").join("; ").contains("secret"), "{cookies}");
    }
    assert_eq!(stage.ask("GET /public/x", &[("Cookie", &refresh[..20]), ("Cookie", refresh)]).status, 200);
    assert!(!stage.application.one().all("cookie").join("; ").contains("secret"));
    let other = "x__Host-countersign-refresh=mine; b=c";
    assert_eq!(stage.ask("GET /public/x", &[("Cookie", other)]).status, 200);
    assert_eq!(stage.application.one().all("cookie"), [other]);

    // The cross-site rule, on the method of the client and not on that of the question.
    for (origin, expected) in [("https://app.example.com", 200), ("https://evil.example", 403)] {
        let headers = [("Cookie", access.as_str()), ("Origin", origin)];
        assert_eq!(stage.post("/", &headers, "a=b").status, expected, "{origin}");
    }
    assert_eq!(stage.ask("GET /", &[("Cookie", &access), ("Authorization", "Bearer x")]).status, 401);
    // Any page may open a web socket, and its handshake is a GET.
    let key = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    let upgrade = [("Upgrade", "websocket"), key, ("Cookie", access.as_str()), ("Origin", "https://evil.example")];
    stage.application.take();
    assert_eq!(stage.ask("GET /live", &upgrade).status, 403);
    assert!(stage.application.take().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_that_can_not_tell_is_503_to_the_client_and_never_500() {
    let mut stage = Stage::start("max_staleness = \"1s\"").await;
    let admin = stage.mint(&[], &["admin"]);
    until("fresh", || stage.ask_with("GET /admin/x", &admin).status == 200).await;
    stage.issuer.pause_feed();
    until("stale", || stage.ask_with("GET /admin/x", &admin).status != 200).await;
    let stale = stage.ask_with("GET /admin/x", &admin);
    assert_eq!((stale.status, stale.header("retry-after")), (503, Some("1")));
    assert_eq!(stage.ask_with("GET /elsewhere", &admin).status, 200, "a plain JWT where the rule does not mind");
    stage.issuer.resume_feed();
    until("fresh", || stage.ask_with("GET /admin/x", &admin).status == 200).await;
    stage.application.take();
    stage.guard.take().unwrap().kill();
    for line in ["GET /admin/x", "GET /public/x", "GET /"] {
        let gone = stage.ask_with(line, &admin);
        assert_eq!((gone.status, gone.header("retry-after")), (503, Some("1")), "{line}");
    }
    assert!(stage.application.take().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_and_web_sockets_pass() {
    let stage = Stage::start("").await;
    let bearer = format!("Bearer {}", stage.mint(&["orders:read"], &[]).token);
    let body = "line\n".repeat(100_000);
    assert_eq!(stage.post("/orders/import", &[("Authorization", &bearer)], &body).status, 200);
    let seen = stage.application.one();
    assert_eq!((seen.line.as_str(), seen.body.len()), ("POST /orders/import HTTP/1.1", body.len()));
    assert_eq!(seen.body, body.as_bytes());

    let open = |authorization: &str| {
        let mut stream = stage.connect();
        let head = format!(
            "GET /live HTTP/1.1\r\nHost: app.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{authorization}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        (line, reader)
    };
    assert!(open("").0.starts_with("HTTP/1.1 401"));
    assert!(stage.application.take().is_empty());
    let (line, mut reader) = open(&format!("Authorization: {bearer}\r\n"));
    assert!(line.starts_with("HTTP/1.1 101"), "{line}");
    let mut header = String::new();
    while {
        header.clear();
        reader.read_line(&mut header).unwrap() > 2
    } {}
    reader.get_mut().write_all(b"ping").unwrap();
    let mut back = [0; 4];
    reader.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"ping");
    assert_eq!(stage.application.one().all("upgrade"), ["websocket"]);
    // A tunnel for requests that nobody would judge.
    for upgrade in ["h2c", "h2c, websocket", "websocket, h2c", "TLS/1.2"] {
        let headers = [("Upgrade", upgrade), ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")];
        assert_eq!(stage.ask("GET /public/x", &headers).status, 200, "{upgrade}");
        assert!(stage.application.one().all("upgrade").is_empty(), "{upgrade}");
    }
}
