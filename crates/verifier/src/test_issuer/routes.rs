//! The routes, as the wire contract has them.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Form, Query, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_jose::UnverifiedToken;
use countersign_revocation::Position;
use http::{
    HeaderMap, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, stream};

type Issuer = State<Arc<Shared>>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/jwks", get(jwks))
        .route("/token", post(token))
        .route("/introspect", post(introspect))
        .route("/feed", get(feed))
        .route("/feed/snapshot", get(snapshot))
        .route("/feed/applied", post(applied))
        .route("/feed/jwks", get(feed_jwks))
        .layer(middleware::from_fn_with_state(shared.clone(), count))
        .with_state(shared)
}

async fn count(State(issuer): Issuer, request: Request, next: Next) -> Response {
    *issuer.book().requests.entry(request.uri().path().to_owned()).or_default() += 1;
    next.run(request).await
}

async fn metadata(State(issuer): Issuer) -> Json<Value> {
    let url = &issuer.url;
    let mut metadata = json!({
        "issuer": url,
        "jwks_uri": format!("{url}/jwks"),
        "token_endpoint": format!("{url}/token"),
        "introspection_endpoint": format!("{url}/introspect"),
    });
    if issuer.options.has_feed && !issuer.book().hides_feed {
        for (name, path) in [("", ""), ("_snapshot", "/snapshot"), ("_applied", "/applied"), ("_jwks", "/jwks")] {
            metadata[format!("countersign_feed{name}_uri")] = format!("{url}/feed{path}").into();
        }
    }
    Json(metadata)
}

async fn jwks(State(issuer): Issuer) -> Response {
    let cache = format!("public, max-age={}", issuer.options.max_age_seconds);
    ([(CACHE_CONTROL, cache)], Json(issuer.book().jwks())).into_response()
}

async fn feed_jwks(State(issuer): Issuer) -> Response {
    Json(issuer.book().feed_jwks()).into_response()
}

#[derive(Deserialize)]
struct TokenForm {
    grant_type: String,
    scope: String,
}

async fn token(State(issuer): Issuer, headers: HeaderMap, Form(form): Form<TokenForm>) -> Response {
    if !is_client(&issuer, &headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    if form.grant_type != "client_credentials" || form.scope != "feed:read" {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_scope" }))).into_response();
    }
    let seconds = issuer.options.feed_token_seconds;
    let token = issuer.feed_token(Duration::from_secs(seconds));
    Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": "feed:read" }))
        .into_response()
}

#[derive(Deserialize)]
struct IntrospectForm {
    token: String,
}

async fn introspect(State(issuer): Issuer, headers: HeaderMap, Form(form): Form<IntrospectForm>) -> Response {
    if !is_client(&issuer, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let claims = UnverifiedToken::parse(&form.token).ok().and_then(|token| token.claims_json_unverified().ok());
    let session = claims.as_ref().and_then(|claims| claims.get("sid")).and_then(Value::as_str);
    let active = session.is_some_and(|session| !issuer.book().is_revoked(session));
    Json(json!({ "active": active })).into_response()
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
    wait: Option<u64>,
}

async fn feed(State(issuer): Issuer, Query(query): Query<After>, headers: HeaderMap) -> Response {
    if !may_read(&issuer, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Some(status) = issuer.book().fault.status() {
        return status.into_response();
    }
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let Some(after) = query.after.clone().or(last) else { return stream::begin(issuer, None) };
    let Ok(after) = after.parse::<Position>() else { return StatusCode::BAD_REQUEST.into_response() };
    let held = issuer.book().position();
    if after.epoch != held.epoch || after.sequence > held.sequence {
        return (StatusCode::GONE, Json(json!({ "code": "snapshot_needed" }))).into_response();
    }
    if query.after.is_none() {
        return stream::begin(issuer, Some(after));
    }
    let mut changed = issuer.changed.subscribe();
    if issuer.book().position() == after {
        let wait = Duration::from_secs(query.wait.unwrap_or(0)).min(issuer.options.head_every);
        let _ = tokio::time::timeout(wait, changed.changed()).await;
    }
    let now_ms = issuer.options.clock.wall_ms();
    let book = issuer.book();
    let mut objects = book.batches(after.sequence, now_ms);
    objects.push(book.head(now_ms));
    Json(json!({ "objects": objects })).into_response()
}

async fn snapshot(State(issuer): Issuer, headers: HeaderMap) -> Response {
    if !may_read(&issuer, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let now_ms = issuer.options.clock.wall_ms();
    let mut book = issuer.book();
    if let Some(status) = book.fault.status() {
        return status.into_response();
    }
    Json(json!({ "objects": book.snapshot(now_ms) })).into_response()
}

#[derive(Deserialize)]
struct Applied {
    verifier: String,
    applied: String,
    head: Option<String>,
}

async fn applied(State(issuer): Issuer, headers: HeaderMap, Json(report): Json<Applied>) -> StatusCode {
    if !may_read(&issuer, &headers) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(position) = report.applied.parse() else { return StatusCode::BAD_REQUEST };
    let mut book = issuer.book();
    book.applied.insert(report.verifier, position);
    book.proofs_of_loss += usize::from(report.head.is_some());
    StatusCode::NO_CONTENT
}

fn is_client(issuer: &Shared, headers: &HeaderMap) -> bool {
    let Some((id, secret)) = &issuer.options.client else { return true };
    let expected = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    headers.get(AUTHORIZATION).is_some_and(|found| found.as_bytes() == expected.as_bytes())
}

fn may_read(issuer: &Shared, headers: &HeaderMap) -> bool {
    if issuer.options.client.is_none() {
        return true;
    }
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    token.is_some_and(|token| issuer.book().feed_tokens.contains(token))
}
