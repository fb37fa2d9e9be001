//! Malformed requests: each is answered with a 4xx, with a problem document wherever it could be read as HTTP; none
//! repeats what was sent; and the server goes on.

use crate::support::{Response, TestApp};
use std::fmt::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// In every request that can hold it; in no answer.
const CANARY: &str = "K4nari3nv0gel";

/// One request as it goes over the wire, and what must come back.
struct Case {
    name: String,
    bytes: Vec<u8>,
    expected: Expected,
}

#[derive(Debug, Clone, Copy)]
enum Expected {
    /// A problem document of this status and code.
    Problem(u16, &'static str),
    /// Not HTTP as we take it: any 4xx, or the connection is closed.
    NotHttp,
}

use Expected::{NotHttp, Problem};

const INVALID: Expected = Problem(400, "invalid_request");
const JSON: &str = "content-type: application/json\r\n";

fn case(name: impl Into<String>, bytes: impl Into<Vec<u8>>, expected: Expected) -> Case {
    Case { name: name.into(), bytes: bytes.into(), expected }
}

/// A well-formed request around a body.
fn with_body(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{method} {path} HTTP/1.1\r\nhost: a\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn without_body(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: a\r\n{headers}\r\n")
}

fn sign_in(body: impl AsRef<[u8]>) -> Vec<u8> {
    with_body("POST", "/api/v1/sign-in", JSON, body.as_ref())
}

/// Bodies that are not JSON, or not one document of it.
fn broken_json() -> Vec<Case> {
    let deep_array = format!(r#"{{"login":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    let deep_object = format!(r#"{{"login":{}1{}}}"#, r#"{"a":"#.repeat(40), "}".repeat(40));
    let many: String = (0..2_000).fold(String::new(), |mut all, number| {
        write!(all, r#""m{number}":1,"#).unwrap();
        all
    });
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", b"".into()),
        ("space", b"  \r\n\t ".into()),
        ("an open brace", b"{".into()),
        ("a closing brace", b"}".into()),
        ("no end", format!(r#"{{"login":"{CANARY}","password":"{CANARY}""#).into()),
        ("an open string", format!(r#"{{"login":"{CANARY}"#).into()),
        ("a trailing comma", format!(r#"{{"login":"{CANARY}","password":"x",}}"#).into()),
        ("single quotes", format!("{{'login':'{CANARY}'}}").into()),
        ("a bare word", format!("{{\"login\":{CANARY}}}").into()),
        ("two documents", format!(r#"{{"login":"{CANARY}","password":"x"}}{{}}"#).into()),
        ("a comment", format!(r#"{{"login":"{CANARY}",/* */"password":"x"}}"#).into()),
        ("a byte order mark", "\u{feff}{\"login\":\"a\",\"password\":\"x\"}".into()),
        ("a control character", b"{\"login\":\"a\nb\",\"password\":\"x\"}".into()),
        ("NULs", vec![0; 64]),
        ("a NUL in a string", b"{\"login\":\"a\0b\",\"password\":\"x\"}".into()),
        ("invalid UTF-8", b"{\"login\":\"\xff\xfe\",\"password\":\"x\"}".into()),
        ("an overlong encoding", b"{\"login\":\"\xc0\xaf\",\"password\":\"x\"}".into()),
        ("a lone surrogate", br#"{"login":"\ud800","password":"x"}"#.into()),
        ("a wrong escape", br#"{"login":"\x41","password":"x"}"#.into()),
        ("UTF-16", r#"{"login":"a"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("not a number", br#"{"login":NaN,"password":"x"}"#.into()),
        ("a huge number", br#"{"login":1e999999,"password":"x"}"#.into()),
        ("a leading zero", br#"{"login":"a","password":007}"#.into()),
        ("deep arrays", deep_array.into()),
        ("deep objects", deep_object.into()),
        ("too many members", format!("{{{many}\"login\":\"{CANARY}\",\"password\":\"x\"}}").into()),
        ("form encoding", format!("login={CANARY}&password={CANARY}").into()),
        ("XML", format!("<login>{CANARY}</login>").into()),
    ];
    bodies.into_iter().map(|(name, body)| case(format!("JSON: {name}"), sign_in(body), INVALID)).collect()
}

/// JSON that says something else than was asked for.
fn wrong_members() -> Vec<Case> {
    let sign_ins = [
        r#"null"#,
        r#"[]"#,
        r#""CANARY""#,
        r#"["CANARY","CANARY"]"#,
        r#"{}"#,
        r#"{"login":"CANARY"}"#,
        r#"{"password":"CANARY"}"#,
        r#"{"Login":"CANARY","password":"CANARY"}"#,
        r#"{"login":5,"password":"CANARY"}"#,
        r#"{"login":null,"password":"CANARY"}"#,
        r#"{"login":["CANARY"],"password":"CANARY"}"#,
        r#"{"login":"CANARY","password":{"CANARY":"CANARY"}}"#,
        r#"{"login":"CANARY","password":true}"#,
        r#"{"login":"a","login":"CANARY","password":"CANARY"}"#,
        r#"{"login":"a","\u006cogin":"CANARY","password":"CANARY"}"#,
        r#"{"login":"a","password":"CANARY","password":"CANARY"}"#,
        r#"{"login":"a","password":"CANARY","CANARY":1}"#,
        r#"{"login":"a","password":"CANARY","roles":["admin"]}"#,
        r#"{"login":"a","password":"CANARY","__proto__":{}}"#,
        r#"{"login":"a","password":"CANARY","delivery":"CANARY"}"#,
        r#"{"login":"a","password":"CANARY","delivery":7}"#,
        r#"{"login":"a","password":"CANARY","delivery":{"cookie":null,"body":null}}"#,
        r#"{"login":"a","password":"CANARY","scope":["CANARY"]}"#,
        r#"{"login":"a","password":"CANARY","audience":7}"#,
    ];
    let elsewhere = [
        ("/api/v1/accounts", r#"{"login":"a","password":"CANARY","email":"CANARY"}"#),
        ("/api/v1/accounts", r#"{"login":"a"}"#),
        ("/api/v1/refresh", r#"{"refresh_token":5}"#),
        ("/api/v1/refresh", r#"{"refresh_token":null}"#),
        ("/api/v1/refresh", r#"{"refresh_token":"CANARY","retry":5}"#),
        ("/api/v1/refresh", r#"{"refresh_token":"CANARY","retry":"CANARY"}"#),
        ("/api/v1/refresh", r#"{"refresh_token":"CANARY","refresh_token":"CANARY"}"#),
        ("/api/v1/refresh", r#"{"refresh_token":"CANARY","scope":"CANARY"}"#),
        ("/api/v1/refresh", r#"{"grant_type":"refresh_token","refresh_token":"CANARY"}"#),
        ("/api/v1/sign-out", r#"{"everywhere":"CANARY"}"#),
        ("/api/v1/sign-out", r#"{"everywhere":1}"#),
        ("/api/v1/sign-out", r#"{"refresh_token":["CANARY"]}"#),
        ("/api/v1/sign-out", r#"{"session":"CANARY"}"#),
    ];
    let sign_ins = sign_ins.into_iter().map(|body| ("/api/v1/sign-in", body));
    let all = sign_ins.chain(elsewhere).map(|(path, body)| {
        let body = body.replace("CANARY", CANARY);
        case(format!("{path} {body}"), with_body("POST", path, JSON, body.as_bytes()), INVALID)
    });
    all.collect()
}

fn bodies_and_types() -> Vec<Case> {
    let good = format!(r#"{{"login":"{CANARY}","password":"{CANARY}"}}"#);
    let types = [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
        "content-type: multipart/form-data; boundary=x\r\n",
        "content-type: application/jsonx\r\n",
        "content-type: application/json, text/plain\r\n",
        "content-type: application/json; charset=utf-16\r\n",
        "content-type: text/plain\r\ncontent-type: application/json\r\n",
        "content-type: \r\n",
        "content-type: \u{fffd}\r\n",
    ];
    let types = types.iter().map(|line| {
        let bytes = with_body("POST", "/api/v1/sign-in", line, good.as_bytes());
        case(format!("type: {line}"), bytes, Problem(415, "unsupported_media_type"))
    });
    let large = format!(r#"{{"login":"{}"}}"#, CANARY.repeat(6_000));
    let chunk = format!("{:x}\r\n{large}\r\n", large.len());
    let chunked = format!("{JSON}transfer-encoding: chunked\r\n");
    let chunked = |body: &str| without_body("POST", "/api/v1/sign-in", &chunked) + body;
    let announced = format!("{JSON}content-length: 9999999999\r\n");
    let more = [
        case("an oversized body", sign_in(&large), Problem(413, "too_large")),
        case(
            "an oversized body, announced",
            without_body("POST", "/api/v1/sign-in", &announced),
            Problem(413, "too_large"),
        ),
        case("an oversized body, in chunks", chunked(&format!("{chunk}0\r\n\r\n")), Problem(413, "too_large")),
        case("a chunk size that is no number", chunked("zz\r\nx\r\n0\r\n\r\n"), INVALID),
        case("a chunk size below zero", chunked("-1\r\nx\r\n0\r\n\r\n"), INVALID),
        case("a chunk size beyond 64 bits", chunked("fffffffffffffffff\r\nx\r\n0\r\n\r\n"), INVALID),
        case("a chunk without its end", chunked("2\r\n{}x\r\n0\r\n\r\n"), INVALID),
        case("an empty chunked body", chunked("0\r\n\r\n"), INVALID),
    ];
    types.chain(more).collect()
}

fn methods_and_paths() -> Vec<Case> {
    let methods = [
        ("GET", "/api/v1/sign-in"),
        ("PUT", "/api/v1/sign-in"),
        ("DELETE", "/api/v1/accounts"),
        ("PATCH", "/api/v1/refresh"),
        ("TRACE", "/api/v1/me"),
        ("POST", "/api/v1/me"),
        ("POST", "/api/v1/me/password"),
        ("GET", "/api/v1/sign-out"),
        ("POST", "/.well-known/jwks.json"),
        ("POST", "/healthz"),
        ("FROB", "/api/v1/me"),
        ("get", "/api/v1/me"),
    ];
    let methods = methods.map(|(method, path)| {
        let bytes = without_body(method, path, "");
        case(format!("{method} {path}"), bytes, Problem(405, "method_not_allowed"))
    });
    let paths = [
        "/",
        "/api/v1",
        "/api/v1/sign-in/",
        "//api/v1/me",
        "/api/v1//me",
        "/API/v1/me",
        "/api/v1/me%00",
        "/api/v1/%6de",
        "/api/v1/../v1/me",
        "/api/v1/%2e%2e/v1/me",
        "/../../../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/api/v1/me;x=y",
        "/.well-known/jwks.json/",
        "/.git/config",
        "/api/v1/admin/accounts",
        "/%ff%fe",
    ];
    let paths = paths.map(|path| case(path, without_body("GET", path, ""), Problem(404, "not_found")));
    let long = format!("/{}", CANARY.repeat(700));
    let more = [
        case("a long path", without_body("GET", &long, ""), Problem(414, "target_too_long")),
        case(
            "a long query",
            without_body("GET", &format!("/healthz?{}", &long[1..]), ""),
            Problem(414, "target_too_long"),
        ),
        case("an asterisk", without_body("GET", "*", ""), Problem(404, "not_found")),
        case("a backslash", without_body("GET", "\\api\\v1\\me", ""), NotHttp),
        case("a space in the path", without_body("GET", "/api/v1/m e", ""), NotHttp),
        case("a NUL in the path", without_body("GET", "/api/v1/me\0", ""), NotHttp),
        case("a tunnel", without_body("CONNECT", "evil.example:443", ""), Problem(404, "not_found")),
    ];
    methods.into_iter().chain(paths).chain(more).collect()
}

fn headers() -> Vec<Case> {
    let me = |headers: &str| without_body("GET", "/api/v1/me", headers);
    let flood = |count: usize, value: &str| {
        (0..count).fold(String::new(), |mut all, number| {
            write!(all, "x-{number}: {value}\r\n").unwrap();
            all
        })
    };
    let too_large = Problem(431, "header_fields_too_large");
    let bearer = format!("authorization: Bearer {CANARY}\r\n");
    let token = Problem(401, "invalid_token");
    vec![
        case("101 fields", me(&flood(101, CANARY)), too_large),
        case("17 KiB in 17 fields", me(&flood(17, &"x".repeat(1024))), too_large),
        case("17 KiB in one field", me(&format!("x-long: {}\r\n", CANARY.repeat(1_340))), too_large),
        case("1,000 fields", me(&flood(1_000, "x")), NotHttp),
        case("a megabyte of fields", me(&flood(1_000, &"x".repeat(1024))), NotHttp),
        case("two bearers", me(&bearer.repeat(2)), INVALID),
        case("a bearer and another scheme", me(&format!("{bearer}authorization: Basic eDp4\r\n")), INVALID),
        case("another scheme", me("authorization: Basic eDp4\r\n"), INVALID),
        case("a scheme alone", me("authorization: Bearer\r\n"), INVALID),
        case("a token alone", me(&format!("authorization: {CANARY}\r\n")), INVALID),
        case("two tokens", me(&format!("authorization: Bearer {CANARY} {CANARY}\r\n")), token),
        case("no JWT", me(&bearer), token),
        case("dots", me("authorization: Bearer ...\r\n"), token),
        case("a long token", me(&format!("authorization: Bearer {}\r\n", CANARY.repeat(800))), token),
        case("a bearer that is not ASCII", me("authorization: Bearer \u{fffd}\r\n"), INVALID),
        case("two access cookies", me(&format!("cookie: countersign={CANARY}; countersign={CANARY}\r\n")), INVALID),
        case("two cookie lines", me(&format!("cookie: countersign={CANARY}\r\n").repeat(2)), INVALID),
        case("a cookie that is no token", me(&format!("cookie: countersign={CANARY}\r\n")), token),
        case(
            "cookie and body token",
            {
                let headers =
                    format!("{JSON}cookie: countersign-refresh={CANARY}\r\norigin: http://localhost:8420\r\n");
                with_body("POST", "/api/v1/refresh", &headers, format!(r#"{{"refresh_token":"{CANARY}"}}"#).as_bytes())
            },
            INVALID,
        ),
        case("a space in a field's name", me("x y: z\r\n"), NotHttp),
        case("a field without a name", me(": z\r\n"), NotHttp),
        case("a field without a colon", me("nonsense\r\n"), NotHttp),
        case("a NUL in a field", me("x: \0\r\n"), NotHttp),
        case("a folded field", me("x: a\r\n b\r\n"), NotHttp),
        case("two lengths", me("content-length: 1\r\ncontent-length: 2\r\n"), NotHttp),
        case("a length below zero", me("content-length: -1\r\n"), NotHttp),
        case("a length that is no number", me("content-length: one\r\n"), NotHttp),
        case("another transfer encoding", me("transfer-encoding: gzip\r\n"), NotHttp),
        case("no version", "GET /healthz\r\n\r\n", NotHttp),
        case("another version", "GET /healthz HTTP/9.9\r\nhost: a\r\n\r\n", NotHttp),
        case("another protocol", "SSH-2.0-OpenSSH_9.9\r\n\r\n", NotHttp),
        case("a TLS handshake", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".as_slice(), NotHttp),
        case("an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NotHttp),
        case("nothing but line ends", "\r\n".repeat(40_000), NotHttp),
        case(
            "noise",
            (0..40_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>(),
            NotHttp,
        ),
    ]
}

fn assert_answered(case: &Case, answer: Option<Response>) {
    let name = case.name.chars().take(80).collect::<String>();
    let Some(answer) = answer else {
        assert!(matches!(case.expected, NotHttp), "{name}: no answer");
        return;
    };
    let text = answer.text();
    assert!((400..500).contains(&answer.status), "{name}: {} {text}", answer.status);
    assert!(!text.contains(CANARY) && !format!("{:?}", answer.headers).contains(CANARY), "{name}: repeats {text}");
    if let Problem(status, code) = case.expected {
        assert_eq!((answer.status, answer.problem_code().as_str()), (status, code), "{name}: {text}");
        answer.assert_problem(status, code);
    }
}

async fn assert_all(cases: Vec<Case>) -> usize {
    let app = TestApp::start().await;
    for case in &cases {
        assert_answered(case, app.send_raw(&case.bytes).await);
    }
    app.get("/healthz").send().await.assert_status(200);
    app.sign_in("ana").await;
    cases.len()
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    assert!(assert_all(broken_json()).await >= 25);
}

#[tokio::test]
async fn json_that_says_something_else() {
    assert!(assert_all(wrong_members()).await >= 35);
}

#[tokio::test]
async fn bodies_of_the_wrong_size_form_and_type() {
    assert!(assert_all(bodies_and_types()).await >= 15);
}

#[tokio::test]
async fn methods_and_paths_that_do_not_exist() {
    assert!(assert_all(methods_and_paths()).await >= 35);
}

#[tokio::test]
async fn headers_that_are_too_many_too_large_or_none() {
    assert!(assert_all(headers()).await >= 30);
}

#[tokio::test]
async fn a_method_that_is_refused_is_told_which_are_not() {
    let app = TestApp::start().await;
    for (path, allowed) in [("/api/v1/sign-in", "POST"), ("/api/v1/me/password", "PUT"), ("/healthz", "GET,HEAD")] {
        let refused = app.request("PATCH", path).send().await.assert_problem(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), Some(allowed));
    }
}

#[tokio::test]
async fn a_second_request_hidden_in_the_first_is_not_answered() {
    let app = TestApp::start().await;
    let hidden = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let both = format!("{JSON}content-length: {}\r\ntransfer-encoding: chunked\r\n", hidden.len() + 5);
    let smuggled = without_body("POST", "/api/v1/sign-in", &both) + "0\r\n\r\n" + hidden;
    let mut stream = crate::support::client::connect(app.address()).await;
    stream.write_all(smuggled.as_bytes()).await.unwrap();
    let mut answered = Vec::new();
    // Whatever is answered, it is not both as one reading has it and as the other.
    tokio::time::timeout(Duration::from_millis(500), stream.read_to_end(&mut answered)).await.ok();
    let answered = String::from_utf8_lossy(&answered);
    assert!(answered.starts_with("HTTP/1.1 400"), "{answered}");
    assert_eq!(answered.matches(r#"{"status":"ok"}"#).count(), 0, "{answered}");
}

#[tokio::test]
async fn peers_that_break_off_cost_nothing() {
    let app = TestApp::start().await;
    for _ in 0..50 {
        let mut stream = crate::support::client::connect(app.address()).await;
        let begun = without_body("POST", "/api/v1/sign-in", &format!("{JSON}content-length: 40\r\n")) + "{\"login\"";
        stream.write_all(begun.as_bytes()).await.unwrap();
    }
    app.sign_in("ana").await;
}
