//! The relay over HTTP, as docs/feed-protocol.md tells it: what the issuer answers, this answers.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Query, State, rejection::QueryRejection},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use countersign_revocation::Position;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

use super::{
    Shared,
    hub::{NotFrom, count},
    limits::{POLL_SECONDS_MAX, REPORT_BYTES_MAX, REPORTER_NAME_BYTES_MAX, RETRY_AFTER_SECONDS},
    metrics,
    reader::Reader,
    stream,
    upkeep::take_proof,
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The relay's routes.
pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/revocations/feed", get(feed))
        .route("/revocations/snapshot", get(snapshot))
        .route("/revocations/applied", post(applied).layer(DefaultBodyLimit::max(REPORT_BYTES_MAX)))
        .route("/revocations/status", get(status))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(shared)
}

/// A refusal in the issuer's form (RFC 9457).
struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
}

impl Problem {
    const SNAPSHOT_NEEDED: Self = Self {
        status: StatusCode::GONE,
        code: "snapshot_needed",
        title: "The feed can't be resumed from there: fetch the snapshot",
    };
    const UNREADY: Self = Self {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: "unavailable",
        title: "The relay holds nothing to hand on, or stops: come again",
    };
    const TOO_MANY: Self =
        Self { status: StatusCode::SERVICE_UNAVAILABLE, code: "overloaded", title: "Too many read here" };

    const fn invalid(title: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "invalid_request", title }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, title } = self;
        let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "code": code });
        let headers = [(CONTENT_TYPE, "application/problem+json"), (CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, body.to_string()).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}

impl From<NotFrom> for Problem {
    fn from(not: NotFrom) -> Self {
        match not {
            NotFrom::SnapshotNeeded => Self::SNAPSHOT_NEEDED,
            NotFrom::Unready => Self::UNREADY,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedQuery {
    after: Option<String>,
    wait: Option<u64>,
}

/// Signed objects, in order.
#[derive(Serialize)]
struct Objects<'a> {
    objects: Vec<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    verifier: String,
    applied: String,
    head: Option<String>,
}

async fn feed(
    State(relay): State<Shared>,
    reader: Reader,
    query: Result<Query<FeedQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|_| Problem::invalid("the query has `after` and `wait`, and no others"))?;
    let after = position(&query, &headers)?;
    let place = Arc::clone(&relay.hub.places).try_acquire_owned().map_err(|_| {
        count(&relay.hub.counts.turned_away);
        Problem::TOO_MANY
    })?;
    let subscription = relay.hub.subscribe(after)?;
    if let Some(seconds) = query.wait {
        let wait = Duration::from_secs(seconds.min(POLL_SECONDS_MAX));
        let texts = tokio::select! {
            texts = stream::poll(subscription, after, wait) => texts,
            // It asks again, and is told why it may not.
            () = reader.ended() => Vec::new(),
        };
        drop(place);
        return Ok(objects(&texts));
    }
    let events = stream::events(Arc::clone(&relay.hub), subscription, reader, place);
    // Proxies must hand on each event as it comes.
    let headers = [(CONTENT_TYPE, "text/event-stream"), (HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// The snapshot, and what came since: who joins by it is where the relay is.
async fn snapshot(State(relay): State<Shared>, _: Reader) -> Result<Response, Problem> {
    let texts = relay.hub.whole().ok_or(Problem::UNREADY)?;
    Ok(objects(&texts))
}

/// How far a reader is, and what it holds if its issuer seems to have lost it.
async fn applied(State(relay): State<Shared>, _: Reader, body: Bytes) -> Result<StatusCode, Problem> {
    let report: Report = serde_json::from_slice(&body)
        .map_err(|_| Problem::invalid("a report has `verifier`, `applied` and perhaps `head`, and no others"))?;
    let name = &report.verifier;
    if !(1..=REPORTER_NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::invalid("`verifier` must be 1 to 128 printable ASCII characters"));
    }
    let applied = report.applied.parse().map_err(|_| Problem::invalid("`applied` must be `epoch:number`"))?;
    relay.reports.take(report.verifier, applied, Instant::now());
    if let Some(proof) = &report.head {
        take_proof(&relay, proof);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// How this relay stands, and those above it: no secret, so anybody may ask.
async fn status(State(relay): State<Shared>) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(relay.above.and(&relay.verifier))).into_response()
}

async fn healthz() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

async fn readyz(State(relay): State<Shared>) -> Response {
    let why = relay.why_unready();
    if why.is_empty() {
        return Json(json!({ "status": "ok" })).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unready", "why": why }))).into_response()
}

async fn metrics(State(relay): State<Shared>) -> Response {
    match metrics::text(&relay) {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn objects(texts: &[Arc<str>]) -> Response {
    Json(Objects { objects: texts.iter().map(|text| &**text).collect() }).into_response()
}

/// `after` counts before `Last-Event-ID`.
fn position(query: &FeedQuery, headers: &HeaderMap) -> Result<Option<Position>, Problem> {
    let after = query.after.as_ref().map(|after| after.parse::<Position>().ok());
    let last = || headers.get(LAST_EVENT_ID).map(|last| last.to_str().ok().and_then(|last| last.parse().ok()));
    match after.or_else(last) {
        None => Ok(None),
        Some(None) => Err(Problem::invalid("a position in the feed is `epoch:number`")),
        Some(position) => Ok(position),
    }
}
