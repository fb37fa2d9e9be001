//! `/revocations/…`: the feed over HTTP, as docs/feed-protocol.md tells it.

use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::feed::{Hub, Object, Subscription, catch_up, judge};
use crate::http::feed_reader::FeedReader;
use crate::http::json::Json;
use crate::http::query::Query;
use crate::limits::{FEED_POLL_SECONDS_MAX, VERIFIER_ID_CHARACTERS_MAX};
use crate::openapi::{Input, Operation, examples, values};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_revocation::{Position, SnapshotId};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::timeout;
use utoipa::openapi::Schema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedQuery {
    /// The newest position that is known, `epoch:number`; it counts before `Last-Event-ID`. Without either the feed
    /// begins with its newest objects.
    #[serde(default)]
    #[param(value_type = values::FeedPosition, required = false)]
    after: Option<String>,
    /// Seconds; with it the answer is one document instead of a stream.
    #[serde(default)]
    #[param(schema_with = wait)]
    wait: Option<u32>,
}

/// Signed objects, in order, as docs/feed-protocol.md tells them.
#[derive(Serialize, ToSchema)]
#[schema(as = FeedObjects)]
struct Objects {
    #[schema(value_type = Vec<String>)]
    #[serde(serialize_with = "texts")]
    objects: Vec<Arc<str>>,
}

/// How far a verifier is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppliedReport {
    #[schema(value_type = values::VerifierName)]
    verifier: String,
    #[schema(value_type = values::FeedPosition)]
    applied: String,
    /// The newest signed head that it holds: by it the issuer learns that its storage went back.
    #[serde(default)]
    head: Option<String>,
}

/// Where a client of server-sent events stopped. It counts only without `after`.
pub(crate) struct LastEventId(Option<HeaderValue>);

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
    last: LastEventId,
) -> Result<Response, ApiError> {
    let after = position(&query, &last)?;
    let subscription = app.feed().subscribe(after, &app.ring().feed).map_err(ApiError::internal)?;
    let subscription = subscription.ok_or_else(ApiError::snapshot_needed)?;
    if let Some(seconds) = query.wait {
        let wait = Duration::from_secs(u64::from(seconds).min(FEED_POLL_SECONDS_MAX));
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

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get(LAST_EVENT_ID).cloned()))
    }
}

impl Input for LastEventId {
    fn describe(operation: &mut Operation) {
        let text = "The id of the last event that came; clients of server-sent events send it by themselves.";
        operation.header::<values::FeedPosition>(LAST_EVENT_ID.as_str(), text, examples::POSITION);
        operation.fails(&[Kind::InvalidRequest]);
    }
}

fn wait() -> Schema {
    let text = format!(
        "Seconds to wait for something new; more than {FEED_POLL_SECONDS_MAX} are {FEED_POLL_SECONDS_MAX}. With it the \
         answer is one document instead of a stream."
    );
    let wait = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(u32::MAX));
    wait.description(Some(text)).build().into()
}

fn texts<S: Serializer>(objects: &[Arc<str>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(objects.iter().map(|text| &**text))
}

fn position(query: &FeedQuery, last: &LastEventId) -> Result<Option<Position>, ApiError> {
    let after = query.after.as_ref().map(|after| after.parse().map_err(|_| malformed("`after`"))).transpose()?;
    let last = last.0.as_ref().map(|last| last.to_str().ok().and_then(|last| last.parse().ok()));
    let last = last.map(|last| last.ok_or_else(|| malformed("`Last-Event-ID`"))).transpose()?;
    Ok(after.or(last))
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

pub(crate) mod docs {
    use super::{FEED_POLL_SECONDS_MAX, JWKS_CACHED, Objects};
    use crate::error::Kind;
    use crate::openapi::{Answer, AnswerHeader, Operation, Tag, examples};
    use crate::routes::well_known::docs::jwk_set;
    use axum::http::StatusCode;
    use serde_json::json;

    const ACCESS: &str = "Where the operator made the feed public, no token is asked for.";

    fn objects(description: &str) -> Answer {
        Answer::json(StatusCode::OK, description, &Objects { objects: vec![examples::FEED_OBJECT.into()] })
    }

    pub(crate) fn feed(operation: &mut Operation) {
        let text = format!(
            "Server-sent events that go on until the token ends; with `wait` a long poll of {FEED_POLL_SECONDS_MAX} s at \
             most. {ACCESS}"
        );
        let event = format!("id: {}\ndata: {}\n\n", examples::POSITION, examples::FEED_OBJECT);
        operation
            .is("readFeed", Tag::Revocations, "Follow the revocations", &text)
            .answers(
                objects(
                    "With `wait` one document: what is new; the newest head if nothing is. Without it a stream: an event \
                     for each object, its position as id; `event: resume` comes last where the client has to come again.",
                )
                .or_stream("text/event-stream", &event),
            )
            .fails(&[Kind::SnapshotNeeded, Kind::Internal]);
    }

    pub(crate) fn snapshot(operation: &mut Operation) {
        operation
            .is("readSnapshot", Tag::Revocations, "Fetch everything that is revoked", ACCESS)
            .answers(objects("The parts of one snapshot, and the newest head."))
            .fails(&[Kind::Internal]);
    }

    pub(crate) fn jwks(operation: &mut Operation) {
        let cached = AnswerHeader { example: JWKS_CACHED, ..AnswerHeader::CACHED };
        operation
            .is("readFeedKeys", Tag::Revocations, "Fetch the keys of the feed", "They sign nothing else.")
            .answers(jwk_set().with(cached));
    }

    pub(crate) fn applied(operation: &mut Operation) {
        operation
            .is(
                "reportApplied",
                Tag::Revocations,
                "Tell how far a verifier is",
                "Each verifier reports under its own name, every 10 s at the least. A signed head that the issuer does \
                 not know shows that its storage went back.",
            )
            .body_example(json!({ "verifier": "orders-1", "applied": examples::POSITION }))
            .answers(Answer::empty(StatusCode::NO_CONTENT, "Taken."))
            .fails(&[Kind::Internal]);
    }
}
