//! `/revocations/…`: the feed over HTTP, as docs/feed-protocol.md tells it.

use crate::app::App;
use crate::error::ApiError;
use crate::feed::{Hub, Object, Subscription, catch_up, judge};
use crate::http::feed_reader::FeedReader;
use crate::http::json::Json;
use crate::http::query::Query;
use crate::limits::{FEED_POLL_SECONDS_MAX, VERIFIER_ID_CHARACTERS_MAX};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_revocation::{Position, SnapshotId};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::timeout;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedQuery {
    #[serde(default)]
    after: Option<String>,
    /// Seconds; with it the answer is one document instead of a stream.
    #[serde(default)]
    wait: Option<u64>,
}

/// Signed objects, in order.
#[derive(Serialize)]
struct Objects {
    #[serde(serialize_with = "texts")]
    objects: Vec<Arc<str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppliedReport {
    verifier: String,
    applied: String,
    #[serde(default)]
    head: Option<String>,
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
// A key of the feed is published 300 s before it signs.
const JWKS_CACHED: &str = "public, max-age=60";
/// What a reader that was too slow, or whose server stops, is told last.
const RESUME: &[u8] = b"event: resume\ndata: {}\n\n";

/// `GET /revocations/feed`: server-sent events; with `wait` a long poll.
pub(crate) async fn feed(
    State(app): State<App>,
    reader: FeedReader,
    Query(query): Query<FeedQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let after = position(&query, &headers)?;
    let subscription = app.feed().subscribe(after, &app.ring().feed).map_err(ApiError::internal)?;
    let subscription = subscription.ok_or_else(ApiError::snapshot_needed)?;
    if let Some(seconds) = query.wait {
        let wait = Duration::from_secs(seconds.min(FEED_POLL_SECONDS_MAX));
        return Ok(axum::Json(poll(app.feed(), subscription, after, wait).await).into_response());
    }
    let events = Events { app, reader, backlog: subscription.backlog.into(), objects: subscription.objects };
    // Proxies must hand on each event as it comes.
    let headers = [(CONTENT_TYPE, "text/event-stream"), (HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, Body::from_stream(events.stream())).into_response())
}

/// `GET /revocations/snapshot`: everything that matters.
pub(crate) async fn snapshot(State(app): State<App>, _: FeedReader) -> Result<Response, ApiError> {
    // Whatever was answered before this was asked for is in it. Where storage fails, what was known is still told.
    if let Err(error) = catch_up(&app).await {
        tracing::warn!(error = &*error, "the snapshot is as old as the last look at storage");
    }
    let mut id = [0; 16];
    app.source().fill(&mut id);
    let texts = app.feed().snapshot(SnapshotId(id), app.source().now(), &app.ring().feed);
    let objects = texts.map_err(ApiError::internal)?.to_vec();
    Ok(axum::Json(Objects { objects }).into_response())
}

/// `GET /revocations/jwks.json`: the keys of the feed, which sign nothing else.
pub(crate) async fn jwks(State(app): State<App>) -> Response {
    ([(CACHE_CONTROL, JWKS_CACHED)], axum::Json(&app.ring().feed_jwks)).into_response()
}

/// `POST /revocations/applied`: how far a verifier is, and what it holds if we seem to have lost it.
pub(crate) async fn applied(
    State(app): State<App>,
    _: FeedReader,
    Json(report): Json<AppliedReport>,
) -> Result<StatusCode, ApiError> {
    let well_named = (1..=VERIFIER_ID_CHARACTERS_MAX).contains(&report.verifier.len())
        && report.verifier.bytes().all(|byte| byte.is_ascii_graphic());
    if !well_named {
        return Err(ApiError::invalid_request("`verifier` must be 1 to 128 printable ASCII characters"));
    }
    let applied = report.applied.parse().map_err(|_| malformed("`applied`"))?;
    app.feed().reports().take(&report.verifier, applied, app.source().now());
    if let Some(head) = &report.head {
        judge(&app, head).await.map_err(ApiError::internal)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn texts<S: Serializer>(objects: &[Arc<str>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(objects.iter().map(|text| &**text))
}

fn position(query: &FeedQuery, headers: &HeaderMap) -> Result<Option<Position>, ApiError> {
    if let Some(after) = &query.after {
        return after.parse().map(Some).map_err(|_| malformed("`after`"));
    }
    let Some(last) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let last = last.to_str().ok().and_then(|last| last.parse().ok());
    last.map(Some).ok_or_else(|| malformed("`Last-Event-ID`"))
}

fn malformed(what: &'static str) -> ApiError {
    ApiError::invalid_request(format!("{what} must be a position in the feed, `epoch:number`"))
}

/// What is new after `after`, as soon as there is something; the newest head if nothing comes in time.
async fn poll(hub: &Hub, subscription: Subscription, after: Option<Position>, wait: Duration) -> Objects {
    let Subscription { backlog, mut objects } = subscription;
    let newer = |object: &Object| after.is_some_and(|after| object.position > after);
    if backlog.iter().any(newer) || after.is_none() && !backlog.is_empty() {
        return Objects { objects: backlog.into_iter().map(|object| object.text).collect() };
    }
    let mut newest = backlog.into_iter().next_back();
    let heard = async {
        loop {
            match objects.recv().await {
                Ok(object) if newer(&object) || after.is_none() || hub.is_closed() => return Some(object),
                Ok(object) => newest = Some(object),
                // More came than waits for anybody: the next poll finds it in the log.
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    };
    let heard = timeout(wait, heard).await.ok().flatten();
    Objects { objects: heard.or(newest).into_iter().map(|object| object.text).collect() }
}

/// The events of one reader.
struct Events {
    app: App,
    reader: FeedReader,
    backlog: VecDeque<Object>,
    objects: Receiver<Object>,
}

enum Step {
    Going(Box<Events>),
    Over,
}

impl Events {
    fn stream(self) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + Send {
        futures_util::stream::unfold(Step::Going(Box::new(self)), |step| async move {
            let Step::Going(mut events) = step else { return None };
            match events.next().await {
                Some(event) => Some((Ok(event), Step::Going(events))),
                None => Some((Ok(Bytes::from_static(RESUME)), Step::Over)),
            }
        })
    }

    /// The next event; none where the reader has to come again.
    async fn next(&mut self) -> Option<Bytes> {
        let object = match self.backlog.pop_front() {
            Some(object) => object,
            // A reader that lagged lost objects: it resumes from the log instead.
            None => self.objects.recv().await.ok()?,
        };
        let hub = self.app.feed();
        let goes_on = !hub.is_closed() && self.reader.may_go_on(hub.revoked(), self.app.source().now());
        goes_on.then_some(object.event)
    }
}
