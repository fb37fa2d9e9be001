//! Spans of requests at a collector (feature `otel`).

use crate::support::{PASSWORD, TestApp, logs};
use countersign_server::telemetry::{LogFormat, LogPolicy, Otel};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Takes one request as a collector does, and gives all of its bytes.
async fn collect(listener: TcpListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let read = stream.read(&mut more).await.unwrap();
        bytes.extend_from_slice(&more[..read]);
        let Some(head) = bytes.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if bytes.len() >= head + 4 + length.expect("its length") {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            return bytes;
        }
    }
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}

#[tokio::test]
async fn a_collector_sees_one_span_for_one_sign_in_and_no_secret() {
    logs::others_log_to_nobody();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let otel = Otel::start(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    // The log may be silent: spans have a filter of their own.
    let policy = LogPolicy { format: LogFormat::Json, filter: "off".to_owned() };
    let app = TestApp::start().await;
    app.add_account("ana").await;
    let subscriber = otel.subscriber(&policy, std::io::sink, false).unwrap();
    let guard = tracing::subscriber::set_default(subscriber);
    let sign_in = app.post("/api/v1/sign-in?leaks=query").json(json!({ "login": "ana", "password": PASSWORD }));
    let sign_in = sign_in
        .header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .header("tracestate", "vendor=leaks-state")
        .header("authorization", "Bearer leaks-bearer");
    let answer = sign_in.send().await;
    let id = answer.header("x-request-id").unwrap().to_owned();
    let tokens = answer.tokens();
    drop(guard);
    // It blocks until all is sent, which this runtime does.
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || stopping.send(otel.stop()));
    let (collected, stopped) = tokio::join!(collect(listener), stopped);
    stopped.unwrap();
    assert!(collected.starts_with(b"POST /v1/traces HTTP/1.1\r\n"));
    assert_eq!(count(&collected, b"content-type: application/x-protobuf"), 1);
    assert_eq!(count(&collected, b"/api/v1/sign-in"), 1, "one span, its route");
    for told in ["request", "http.response.status_code", "countersign", "POST", id.as_str()] {
        assert!(count(&collected, told.as_bytes()) >= 1, "{told}");
    }
    let trace: Vec<u8> = (0..16).map(|at| u8::from_str_radix(&TRACE[2 * at..2 * at + 2], 16).unwrap()).collect();
    assert_eq!(count(&collected, &trace), 1, "the trace that the request named");
    for secret in [PASSWORD, &tokens.access_token, &tokens.refresh_token, "leaks"] {
        assert_eq!(count(&collected, secret.as_bytes()), 0, "{secret}");
    }
}

#[tokio::test]
async fn an_endpoint_that_can_not_be_reached_is_refused() {
    for endpoint in ["https://collector.example", "localhost:4318", "unix:/socket", ""] {
        assert!(Otel::start(endpoint).is_err(), "{endpoint}");
    }
}
