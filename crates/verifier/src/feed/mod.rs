//! Following the feed: over one stream, or by polls where streams do not get through.

mod events;
mod freshness;
mod keys;
mod observer;
mod place;
mod report;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use countersign_revocation::{Applied, Follower, SignedObject};
use http::{HeaderName, StatusCode, header::ACCEPT};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout, timeout_at};

pub(crate) use freshness::watch_freshness;
pub(crate) use keys::FeedKeys;
pub use observer::FeedEvent;
pub(crate) use observer::Observer;
pub(crate) use place::{Place, Relay};
pub(crate) use report::{Report, Reporter};

use crate::{
    background::Context,
    discovery::Metadata,
    error::FetchError,
    limits::{
        GAPS_MAX, POLL_BYTES_MAX, POLL_WAIT_SECONDS, POLLS_BEFORE_STREAM, SILENT_STREAMS_MAX, SNAPSHOT_BYTES_MAX,
    },
    metrics::increment,
    net::{Ask, is_unauthorized},
    random::Backoff,
};
use events::Events;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// More than this between two objects is a step of the clock, or silence.
const LEAP_MS: u64 = 2_000;
/// A snapshot for the disk's sake alone is asked for at most so often.
const DISK_SNAPSHOT_EVERY: Duration = Duration::from_secs(60);

/// The task that follows the feed. It alone owns the follower: signatures are checked where nobody waits.
pub(crate) struct Feed {
    context: Arc<Context>,
    follower: Follower,
    observer: Option<Observer>,
    backoff: Backoff,
    wants_snapshot: bool,
    /// Amid the objects of a snapshot's answer.
    is_joining: bool,
    disk_snapshot_due: Instant,
    /// Reconnections for a gap since the position last moved.
    gaps: u32,
    /// Streams in a row that brought nothing.
    silent: u32,
    version: u64,
    /// When the last object came.
    now_ms: u64,
}

/// What to do after an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    On,
    Reconnect,
}

#[derive(Deserialize)]
struct Objects {
    objects: Vec<Box<str>>,
}

impl Feed {
    pub(crate) fn new(context: Arc<Context>, follower: Follower, observer: Option<Observer>) -> Self {
        let backoff = Backoff::new(context.timing.backoff_min, context.timing.backoff_max);
        let version = context.state.revoked.version();
        let disk_snapshot_due = Instant::now();
        Self {
            context,
            follower,
            observer,
            backoff,
            wants_snapshot: false,
            is_joining: false,
            disk_snapshot_due,
            gaps: 0,
            silent: 0,
            version,
            now_ms: 0,
        }
    }

    /// Never ends.
    pub(crate) async fn run(mut self) {
        loop {
            let metadata = self.context.metadata_with_feed().await;
            self.feed_keys_known().await;
            let ended = self.follow(&metadata).await;
            self.context.report.send_modify(|report| report.is_connected = false);
            if let Err(error) = ended {
                self.context.state.metrics.count_fetch_failure("feed");
                tracing::debug!(issuer = %self.context.state.issuer, %error, "feed interrupted");
                self.tell(&FeedEvent::Interrupted(error.to_string()));
                if is_unauthorized(&error) {
                    self.context.access.forget().await;
                }
            }
            sleep(self.backoff.next()).await;
        }
    }

    /// One connection, from where the follower is.
    async fn follow(&mut self, metadata: &Metadata) -> Result<(), FetchError> {
        let context = self.context.clone();
        let Some(place) = context.feed_place(metadata) else { return Ok(()) };
        let authorization = self.context.access.bearer(&self.context.net, metadata.token_endpoint.as_ref()).await?;
        let authorization = authorization.as_deref();
        if self.wants_snapshot || self.follower.position().is_none() {
            self.join(&place, authorization).await?;
        } else if self.disk_wants_snapshot() {
            self.disk_snapshot_due = Instant::now() + DISK_SNAPSHOT_EVERY;
            if let Err(error) = self.join(&place, authorization).await {
                tracing::debug!(%error, "no snapshot for the folder");
            }
        }
        if self.silent < SILENT_STREAMS_MAX {
            self.stream(&place, authorization).await
        } else {
            self.poll(&place, authorization).await
        }
    }

    /// Fetches a snapshot and goes on from there.
    async fn join(&mut self, place: &Place<'_>, authorization: Option<&str>) -> Result<(), FetchError> {
        let ask = Ask::new(&place.urls.snapshot).authorized(authorization);
        let answer = place.net.get(ask, SNAPSHOT_BYTES_MAX).await?;
        increment(&self.context.state.metrics.snapshots);
        let (objects, mut is_joined) = (objects(&answer.body)?, false);
        self.is_joining = true;
        for text in objects {
            is_joined |= self.apply(text) == Some(Applied::Advanced);
            // Thousands of entries each: others want to run too.
            tokio::task::yield_now().await;
        }
        self.is_joining = false;
        self.publish();
        if !is_joined && self.wants_snapshot {
            return Err(FetchError::Answer("the snapshot does not lead on"));
        }
        self.wants_snapshot = false;
        self.gaps = 0;
        Ok(())
    }

    async fn stream(&mut self, place: &Place<'_>, authorization: Option<&str>) -> Result<(), FetchError> {
        let mut ask = Ask::new(&place.urls.feed).authorized(authorization).header(ACCEPT, "text/event-stream");
        if let Some(position) = self.follower.position() {
            ask = ask.header(LAST_EVENT_ID, &position.to_string());
        }
        increment(&self.context.state.metrics.feed_connections);
        // Something on the way may hold back even the head of an endless answer.
        let Ok(response) = timeout(self.context.timing.silence, place.net.open(ask)).await else {
            self.silent += 1;
            return Err(FetchError::Timeout);
        };
        let response = response?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::GONE => {
                self.wants_snapshot = true;
                return Ok(());
            }
            status => return Err(FetchError::Status(status)),
        }
        self.context.report.send_modify(|report| report.is_connected = true);
        let (mut body, mut events, mut said) = (response.into_body(), Events::default(), false);
        let mut due = Instant::now() + self.context.timing.silence;
        loop {
            // Heads come every second: a connection without objects is half-open, or leads to somebody who has none.
            let frame = match timeout_at(due, body.frame()).await {
                Ok(Some(frame)) => frame.map_err(|error| FetchError::Connection(error.to_string()))?,
                Ok(None) => return Ok(()),
                Err(_) => {
                    self.silent = if said { 0 } else { self.silent + 1 };
                    return Err(FetchError::Timeout);
                }
            };
            let Some(bytes) = frame.data_ref() else { continue };
            let complete = events.push(bytes)?;
            // Comments keep a connection open, and say nothing.
            if !complete.is_empty() || events.is_within_data() {
                due = Instant::now() + self.context.timing.silence;
            }
            for event in complete {
                if event.kind.as_deref() == Some("resume") {
                    return Ok(());
                }
                said = true;
                self.silent = 0;
                if self.take(event.data.into()) == Step::Reconnect {
                    return Ok(());
                }
            }
        }
    }

    async fn poll(&mut self, place: &Place<'_>, authorization: Option<&str>) -> Result<(), FetchError> {
        self.context.report.send_modify(|report| report.is_connected = true);
        for _ in 0..POLLS_BEFORE_STREAM {
            let Some(position) = self.follower.position() else { return Ok(()) };
            let mut url = place.urls.feed.clone();
            url.query_pairs_mut()
                .append_pair("after", &position.to_string())
                .append_pair("wait", &POLL_WAIT_SECONDS.to_string());
            let answer = match place.net.get(Ask::new(&url).authorized(authorization), POLL_BYTES_MAX).await {
                Err(FetchError::Status(StatusCode::GONE)) => {
                    self.wants_snapshot = true;
                    return Ok(());
                }
                answer => answer?,
            };
            let objects = objects(&answer.body)?;
            if objects.is_empty() {
                sleep(self.context.timing.backoff_min).await;
            }
            for text in objects {
                if self.take(text.into()) == Step::Reconnect {
                    return Ok(());
                }
            }
        }
        // May be that streams get through again.
        self.silent = SILENT_STREAMS_MAX.saturating_sub(1);
        Ok(())
    }

    /// Takes an object of the tail.
    fn take(&mut self, text: Arc<str>) -> Step {
        let before = self.follower.position();
        let Some(applied) = self.apply(text) else { return Step::On };
        if self.follower.position() != before {
            self.gaps = 0;
        }
        match applied {
            Applied::Advanced => {
                self.backoff.reset();
                if self.disk_wants_snapshot() { Step::Reconnect } else { Step::On }
            }
            Applied::Nothing => Step::On,
            Applied::Refused { why } => {
                self.context.state.metrics.count_object_refused(why.code());
                Step::On
            }
            Applied::NeedTail { .. } => {
                self.gaps += 1;
                self.wants_snapshot |= self.gaps > GAPS_MAX;
                Step::Reconnect
            }
            Applied::NeedSnapshot { why } => {
                tracing::info!(issuer = %self.context.state.issuer, why = why.code(), "snapshot needed");
                self.wants_snapshot = true;
                Step::Reconnect
            }
        }
    }

    /// Verifies an object and gives it to the follower; none if it is not to be believed.
    fn apply(&mut self, text: impl Into<Arc<str>>) -> Option<Applied> {
        let state = &self.context.state;
        let keys = self.context.feed_keys.borrow().clone()?;
        let object = match SignedObject::verify(text, &keys, &state.issuer) {
            Ok(object) => object,
            Err(error) => {
                state.metrics.count_object_refused(error.code());
                tracing::debug!(issuer = %state.issuer, %error, "object refused");
                self.tell(&FeedEvent::Refused(error.code()));
                if error.code() == "key_not_found" {
                    self.context.feed_keys_wanted.notify_one();
                }
                return None;
            }
        };
        increment(&state.metrics.objects);
        let as_of_ms = object.object().point().as_of;
        if as_of_ms > 0 {
            let lag_ms = state.time.wall_ms().saturating_sub(as_of_ms);
            state.metrics.feed_lag_ms.store(lag_ms, Ordering::Relaxed);
            state.time.observe(as_of_ms);
        }
        let now_ms = state.time.now().ms;
        if now_ms.saturating_sub(self.now_ms) > LEAP_MS {
            // Time has leapt, or nothing came for long: whoever waits for an expiry looks again.
            state.waiting.wake_all();
        }
        self.now_ms = now_ms;
        let applied = self.follower.apply(&object, now_ms / 1_000);
        self.publish();
        self.tell(&FeedEvent::Object { object: &object, applied: applied.code() });
        Some(applied)
    }

    /// Tells everybody else what the follower knows. The set itself has told already.
    fn publish(&mut self) {
        let state = &self.context.state;
        let version = state.revoked.version();
        if version != self.version {
            self.version = version;
            state.revocations_changed();
        }
        // A relay's snapshot is older than what follows on it in one answer: nobody is to be fresh as of that.
        let as_of = self.follower.as_of();
        if !self.is_joining || as_of.is_none() {
            state.set_as_of(as_of);
        }
        state.announce(self.follower.take_announcements());
        if let Some(saver) = self.context.saver() {
            saver.keep(self.follower.take_saves());
        }
        let (position, is_behind) = (self.follower.position(), self.follower.issuer_behind());
        let proof = if is_behind { self.follower.newest_proof().cloned() } else { None };
        self.context.report.send_if_modified(|report| report.update(position, proof));
        self.context.progressed();
    }

    fn tell(&self, event: &FeedEvent<'_>) {
        if let Some(observer) = &self.observer {
            observer.tell(event);
        }
    }

    /// The batches on disk have outgrown their snapshot.
    fn disk_wants_snapshot(&self) -> bool {
        self.follower.wants_snapshot() && Instant::now() >= self.disk_snapshot_due
    }

    async fn feed_keys_known(&self) {
        let mut keys = self.context.feed_keys.subscribe();
        // The sender lives as long as the context.
        let _ = keys.wait_for(Option::is_some).await;
    }
}

fn objects(body: &[u8]) -> Result<Vec<Box<str>>, FetchError> {
    let objects: Objects = serde_json::from_slice(body).map_err(|_| FetchError::Answer("no objects of the feed"))?;
    Ok(objects.objects)
}

/// Everything that is revoked now, verified, for somebody beside the follower.
pub(crate) async fn fetch_snapshot(context: &Context) -> Result<Vec<SignedObject>, FetchError> {
    let metadata = context.metadata_with_feed().await;
    let place = context.feed_place(&metadata).ok_or(FetchError::Answer("the issuer has no feed"))?;
    let keys = context.feed_keys.borrow().clone().ok_or(FetchError::Answer("the feed's keys are not known"))?;
    let authorization = context.access.bearer(&context.net, metadata.token_endpoint.as_ref()).await?;
    let ask = Ask::new(&place.urls.snapshot).authorized(authorization.as_deref());
    let answer = place.net.get(ask, SNAPSHOT_BYTES_MAX).await?;
    let mut verified = Vec::new();
    for text in objects(&answer.body)? {
        let object = SignedObject::verify(text, &keys, &context.state.issuer);
        verified.push(object.map_err(|_| FetchError::Answer("an object of the snapshot is refused"))?);
        tokio::task::yield_now().await;
    }
    Ok(verified)
}
