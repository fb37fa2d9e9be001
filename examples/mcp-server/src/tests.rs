//! The server, an issuer in memory, and what a client would send.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response},
};
use countersign_verifier::{Mint, ResourceMetadata, TestIssuer, Verifier};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::mcp;

const RESOURCE: &str = "http://localhost:3000/mcp";
const POINTER: &str = r#"resource_metadata="http://localhost:3000/.well-known/oauth-protected-resource/mcp""#;

async fn start() -> (TestIssuer, Router) {
    let issuer = TestIssuer::start().await;
    let builder = Verifier::builder(issuer.url()).audience(RESOURCE).metadata(ResourceMetadata::new().scope(mcp::READ));
    let verifier = builder.build().await.unwrap();
    assert!(verifier.wait_until_current(Duration::from_secs(20)).await);
    (issuer, mcp::router(&verifier))
}

fn request(token: &str, message: &Value) -> Request<Body> {
    let request = Request::post("/mcp").header("authorization", format!("Bearer {token}"));
    request.header("content-type", "application/json").body(message.to_string().into()).unwrap()
}

async fn send(server: &Router, request: Request<Body>) -> (u16, Value) {
    let response = server.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

async fn ask(server: &Router, token: &str, method: &str, params: Value) -> (u16, Value) {
    send(server, request(token, &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))).await
}

fn challenge(response: &Response<Body>) -> &str {
    response.headers()["www-authenticate"].to_str().unwrap()
}

#[tokio::test]
async fn a_client_that_knows_nothing_learns_where_tokens_come_from() {
    let (issuer, server) = start().await;
    let response = server.clone().oneshot(Request::post("/mcp").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), challenge(&response)),
        (401, &*format!(r#"Bearer scope="notes:read", {POINTER}"#))
    );
    let path = "/.well-known/oauth-protected-resource/mcp";
    let (status, document) = send(&server, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!((status, &document["resource"]), (200, &RESOURCE.into()));
    assert_eq!(document["authorization_servers"], json!([issuer.url()]));
    assert_eq!(document["scopes_supported"], json!([mcp::READ]));
}

#[tokio::test]
async fn tools_are_listed_and_called() {
    let (issuer, server) = start().await;
    let token = issuer.sign(&Mint::new(RESOURCE).subject("ana").scope(mcp::READ)).token;
    let (_, hello) = ask(&server, &token, "initialize", json!({ "protocolVersion": "2025-06-18" })).await;
    assert_eq!(hello["result"]["protocolVersion"], "2025-06-18");
    let (_, hello) = ask(&server, &token, "initialize", json!({ "protocolVersion": "2024-11-05" })).await;
    assert_eq!(hello["result"]["protocolVersion"], "2025-11-25");
    let begun = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(send(&server, request(&token, &begun)).await, (202, Value::Null));
    assert_eq!(ask(&server, &token, "ping", json!({})).await.1["result"], json!({}));
    let (_, listed) = ask(&server, &token, "tools/list", json!({})).await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 3);
    let (status, called) = ask(&server, &token, "tools/call", json!({ "name": "whoami" })).await;
    assert_eq!((status, &called["result"]["content"][0]["text"]), (200, &"ana".into()));
    assert_eq!(ask(&server, &token, "tools/call", json!({ "name": "x" })).await.1["error"]["code"], -32602);
    assert_eq!(ask(&server, &token, "resources/list", json!({})).await.1["error"]["code"], -32601);
    assert_eq!(send(&server, request(&token, &json!("no message"))).await.0, 400);
}

#[tokio::test]
async fn a_tool_that_writes_asks_for_the_scope_and_notes_are_their_owners() {
    let (issuer, server) = start().await;
    let add = json!({ "name": "add_note", "arguments": { "text": "buy milk" } });
    let less = issuer.sign(&Mint::new(RESOURCE).subject("ana").scope(mcp::READ)).token;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": add });
    let response = server.clone().oneshot(request(&less, &call)).await.unwrap();
    assert_eq!(response.status(), 403);
    let told = challenge(&response);
    assert!(told.contains(r#"error="insufficient_scope""#) && told.contains(r#"scope="notes:read notes:write""#));
    assert!(told.ends_with(POINTER));

    let more = issuer.sign(&Mint::new(RESOURCE).subject("ana").scope(mcp::READ).scope(mcp::WRITE)).token;
    assert_eq!(ask(&server, &more, "tools/call", add).await.1["result"]["content"][0]["text"], "Added");
    let list = json!({ "name": "list_notes" });
    let text = |answer: Value| answer["result"]["content"][0]["text"].clone();
    assert_eq!(text(ask(&server, &less, "tools/call", list.clone()).await.1), "buy milk");
    let other = issuer.sign(&Mint::new(RESOURCE).subject("bob").scope(mcp::READ)).token;
    assert_eq!(text(ask(&server, &other, "tools/call", list).await.1), "");
}

#[tokio::test]
async fn what_is_not_for_this_server_is_refused() {
    let (issuer, server) = start().await;
    for audience in ["http://localhost:3000", "http://localhost:3000/mcp/", "http://localhost:3001/mcp", issuer.url()] {
        let token = issuer.sign(&Mint::new(audience).scope(mcp::READ)).token;
        assert_eq!(ask(&server, &token, "ping", json!({})).await.0, 401, "{audience}");
    }
    let nothing = issuer.mint(RESOURCE).token;
    assert_eq!(ask(&server, &nothing, "ping", json!({})).await.0, 403, "not one scope");
    let token = issuer.sign(&Mint::new(RESOURCE).scope(mcp::READ)).token;
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    for (header, value, expected) in [
        ("origin", "https://evil.example", 403),
        ("mcp-protocol-version", "2099-01-01", 400),
        ("mcp-protocol-version", "2025-11-25", 200),
    ] {
        let mut request = request(&token, &ping);
        request.headers_mut().insert(header, value.parse().unwrap());
        assert_eq!(send(&server, request).await.0, expected, "{header}: {value}");
    }
    for method in ["GET", "DELETE"] {
        let request = Request::builder().method(method).uri("/mcp").body(Body::empty()).unwrap();
        assert_eq!(send(&server, request).await.0, 405, "{method}");
    }
}
