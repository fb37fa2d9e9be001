//! The Model Context Protocol over Streamable HTTP (revision 2025-11-25), as far as a server of tools needs it: each
//! request is answered with JSON at once, and there are neither streams nor sessions.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::ORIGIN},
    response::{IntoResponse as _, Response},
    routing::post,
};
use countersign_verifier::{Needs, Refusal, VerifiedToken, Verifier, VerifierLayer};
use serde::Deserialize;
use serde_json::{Value, json};

/// What every call needs.
pub(crate) const READ: &str = "notes:read";
/// What a call that changes something needs besides.
pub(crate) const WRITE: &str = "notes:write";
/// The newest first. Older ones have batches, which this server does not take.
const PROTOCOL_VERSIONS: [&str; 2] = ["2025-11-25", "2025-06-18"];
const NOTES_MAX: usize = 100;

/// By subject.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<HashMap<String, Vec<String>>>>);

/// A request, or a notification if it has no `id`, or else a response.
#[derive(Deserialize)]
struct Message {
    id: Option<Value>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
}

/// `/mcp`, and the metadata that its refusals point to. Without a good token it answers before anything is read. GET and
/// DELETE are 405: there is no stream to listen to, and no session to end.
pub(crate) fn router(verifier: &Verifier) -> Router {
    let guard = VerifierLayer::new(verifier.clone()).require_scope(READ);
    Router::new()
        .route("/mcp", post(mcp).route_layer(guard))
        .merge(verifier.metadata_routes())
        .with_state(Notes::default())
}

async fn mcp(
    State(notes): State<Notes>,
    Extension(token): Extension<VerifiedToken>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    // Browsers name the site that asks. None is meant to, so none can be tricked into it by a name that leads here.
    if headers.contains_key(ORIGIN) {
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    let version = headers.get("mcp-protocol-version").map(|version| version.to_str().unwrap_or_default());
    if version.is_some_and(|version| !PROTOCOL_VERSIONS.contains(&version)) {
        return Ok((StatusCode::BAD_REQUEST, failure(&Value::Null, -32600, "unknown protocol version")).into_response());
    }
    let Ok(message) = serde_json::from_slice::<Message>(&body) else {
        return Ok((StatusCode::BAD_REQUEST, failure(&Value::Null, -32700, "no JSON-RPC message")).into_response());
    };
    let (Some(id), Some(method)) = (message.id, message.method) else {
        return Ok(StatusCode::ACCEPTED.into_response());
    };
    let result = match &*method {
        "initialize" => initialize(&message.params),
        "ping" => json!({}),
        "tools/list" => json!({ "tools": tools() }),
        "tools/call" => match notes.call(&token, &message.params)? {
            Some(text) => json!({ "content": [{ "type": "text", "text": text }] }),
            None => return Ok(failure(&id, -32602, "no such tool, or arguments that it does not take").into_response()),
        },
        _ => return Ok(failure(&id, -32601, "no such method").into_response()),
    };
    Ok(Json(json!({ "jsonrpc": "2.0", "id": id, "result": result })).into_response())
}

fn failure(id: &Value, code: i32, message: &str) -> Json<Value> {
    Json(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }))
}

fn initialize(params: &Value) -> Value {
    let [newest, ..] = PROTOCOL_VERSIONS;
    let asked = PROTOCOL_VERSIONS.into_iter().find(|version| params["protocolVersion"] == *version);
    json!({
        "protocolVersion": asked.unwrap_or(newest),
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "notes", "version": env!("CARGO_PKG_VERSION") },
    })
}

fn tools() -> Value {
    let nothing = json!({ "type": "object", "additionalProperties": false });
    let text = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
    json!([
        { "name": "whoami", "description": "Tells for whom you act", "inputSchema": nothing },
        { "name": "list_notes", "description": "Lists the notes", "inputSchema": nothing },
        { "name": "add_note", "description": "Adds a note", "inputSchema": text },
    ])
}

impl Notes {
    /// What a tool says; none if there is no such tool. A scope that the token lacks is a 403 that names it: the client
    /// asks its user, and calls again.
    fn call(&self, token: &VerifiedToken, params: &Value) -> Result<Option<String>, Refusal> {
        let subject = token.subject().unwrap_or_default();
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match params["name"].as_str() {
            Some("whoami") => Ok(Some(subject.to_owned())),
            Some("list_notes") => Ok(Some(notes.get(subject).map(|notes| notes.join("\n")).unwrap_or_default())),
            Some("add_note") => {
                token.require(&Needs::any_token().scope(READ).scope(WRITE))?;
                let Some(text) = params["arguments"]["text"].as_str() else { return Ok(None) };
                let notes = notes.entry(subject.to_owned()).or_default();
                if notes.len() == NOTES_MAX {
                    return Ok(Some("There are too many notes".to_owned()));
                }
                notes.push(text.to_owned());
                Ok(Some("Added".to_owned()))
            }
            _ => Ok(None),
        }
    }
}
