//! The feed as a stream of events, and as a long poll.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::body::Bytes;
use countersign_revocation::Position;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::{
    sync::{
        OwnedSemaphorePermit,
        broadcast::{Receiver, error::RecvError},
    },
    time::timeout,
};

use super::{
    hub::{Heard, Hub, Subscription, count},
    object::Object,
    reader::Reader,
};

/// What a reader that has to come again is told last.
const RESUME: &[u8] = b"event: resume\ndata: {}\n\n";

/// One reader's stream.
struct Events {
    hub: Arc<Hub>,
    backlog: VecDeque<Object>,
    heard: Receiver<Heard>,
    _place: OwnedSemaphorePermit,
}

/// All events for a reader, until it has to come again.
pub(super) fn events(
    hub: Arc<Hub>,
    Subscription { backlog, heard }: Subscription,
    reader: Reader,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let counted = Arc::clone(&hub);
    let events = Events { hub, backlog: backlog.into(), heard, _place: place };
    let events = stream::unfold(events, |mut events| async { events.next().await.map(|event| (event, events)) });
    let ended = async move {
        reader.ended().await;
        count(&counted.counts.cut_ended);
    };
    events.take_until(Box::pin(ended)).chain(stream::iter([Bytes::from_static(RESUME)])).map(Ok)
}

impl Events {
    /// None where the reader has to come again.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(object) = self.backlog.pop_front() {
            return Some(object.event);
        }
        match self.heard.recv().await {
            Ok(Heard::Object(object)) => Some(object.event),
            Ok(Heard::Restart) | Err(RecvError::Closed) => None,
            // It lost objects: it resumes from the log instead.
            Err(RecvError::Lagged(_)) => {
                count(&self.hub.counts.cut_slow);
                None
            }
        }
    }
}

/// What is new after `after`, as soon as there is something; the newest head if nothing comes in time.
pub(super) async fn poll(subscription: Subscription, after: Option<Position>, wait: Duration) -> Vec<Arc<str>> {
    let Subscription { backlog, mut heard } = subscription;
    let is_newer = |object: &Object| after.is_none_or(|after| object.position > after);
    if backlog.iter().any(is_newer) {
        return backlog.into_iter().map(|object| object.text).collect();
    }
    let mut newest = backlog.into_iter().next_back();
    let news = async {
        loop {
            match heard.recv().await {
                Ok(Heard::Object(object)) if is_newer(&object) => return Some(object),
                Ok(Heard::Object(object)) => newest = Some(object),
                // The next poll finds it in the log, or is told what to do.
                Ok(Heard::Restart) | Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    };
    let news = timeout(wait, news).await.ok().flatten();
    news.or(newest).into_iter().map(|object| object.text).collect()
}
