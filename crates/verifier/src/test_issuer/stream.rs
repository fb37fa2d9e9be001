//! The feed as a stream of events, and what can happen to it on the way.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use countersign_revocation::{Position, Sequence};
use http::{StatusCode, header::CONTENT_TYPE};
use http_body_util::channel::{Channel, Sender};
use tokio::time::timeout;

use super::Shared;

/// What happens to the feed on its way to verifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing.
    None,
    /// Connections stay open, and nothing comes but comments: stalled, or half-open.
    Silence,
    /// Feed and snapshot answer 503.
    Unavailable,
    /// Each connection breaks after two objects.
    Cut,
    /// Every tenth object is lost.
    Loss,
    /// Each object comes twice.
    Duplicates,
    /// Of each two objects the second comes first, and each connection breaks after four.
    Disorder,
    /// Every third object is cut in half.
    Truncation,
    /// Every third object has one bit changed.
    BitFlips,
    /// Between new objects old ones of the same epoch come again.
    Yesterday,
    /// Between new objects come heads of an epoch that has ended, see [`begin_epoch`](super::TestIssuer::begin_epoch).
    OlderEpoch,
}

impl Fault {
    pub(super) const fn status(self) -> Option<StatusCode> {
        match self {
            Self::Unavailable => Some(StatusCode::SERVICE_UNAVAILABLE),
            _ => None,
        }
    }
}

pub(super) fn begin(shared: Arc<Shared>, after: Option<Position>) -> Response {
    let (sender, body) = Channel::<Bytes>::new(16);
    tokio::spawn(Stream { shared, sender, after, written: 0, held: None, sent: Vec::new() }.run());
    ([(CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response()
}

/// So many objects of a connection are kept to be sent again.
const SENT_KEPT: usize = 64;

struct Stream {
    shared: Arc<Shared>,
    sender: Sender<Bytes>,
    after: Option<Position>,
    written: usize,
    /// What waits for the object after it to come first.
    held: Option<String>,
    /// What was sent, for those who see it again.
    sent: Vec<String>,
}

impl Stream {
    async fn run(mut self) {
        let mut changed = self.shared.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let fault = self.shared.book().fault;
            if fault == Fault::Unavailable {
                return;
            }
            if fault == Fault::Silence {
                // As proxies and frameworks do to keep connections open.
                if self.sender.send_data(": keep-alive\n\n".into()).await.is_err() {
                    return;
                }
            } else {
                for object in self.news() {
                    if !self.send(object, fault).await {
                        return;
                    }
                }
            }
            let _ = timeout(self.shared.options.head_every, changed.changed()).await;
        }
    }

    /// What is new since the last look, and a head.
    fn news(&mut self) -> Vec<String> {
        let now_ms = self.shared.options.clock.wall_ms();
        let book = self.shared.book();
        let held = book.position();
        let after = self.after.filter(|after| after.epoch == held.epoch).map_or(Sequence::ZERO, |after| after.sequence);
        // A reader of an older epoch is told by the head, and asks for a snapshot.
        let mut news = match self.after {
            Some(position) if position.epoch != held.epoch => Vec::new(),
            _ => book.batches(after, now_ms),
        };
        news.push(book.head(now_ms));
        self.after = Some(held);
        news
    }

    /// False if the connection is to end.
    async fn send(&mut self, object: String, fault: Fault) -> bool {
        self.written += 1;
        let number = self.written;
        let mut texts = Vec::new();
        match fault {
            Fault::Loss if number.is_multiple_of(10) => {}
            Fault::Duplicates => texts.extend([object.clone(), object.clone()]),
            Fault::Disorder if self.held.is_none() => self.held = Some(object.clone()),
            Fault::Disorder => texts.extend([object.clone()].into_iter().chain(self.held.take())),
            Fault::Truncation if number.is_multiple_of(3) => texts.push(object[..object.len() / 2].to_owned()),
            Fault::BitFlips if number.is_multiple_of(3) => texts.push(flipped(&object, number)),
            Fault::Yesterday => {
                texts.extend(self.sent.get(number / 2).cloned());
                texts.push(object.clone());
            }
            Fault::OlderEpoch => {
                texts.extend(self.shared.book().old_objects.last().cloned());
                texts.push(object.clone());
            }
            _ => texts.push(object.clone()),
        }
        if self.sent.len() < SENT_KEPT {
            self.sent.push(object);
        }
        for text in texts {
            let event = format!("id: {}\ndata: {text}\n\n", self.after.map(|at| at.to_string()).unwrap_or_default());
            if self.sender.send_data(event.into()).await.is_err() {
                return false;
            }
        }
        match fault {
            Fault::Cut => number < 2,
            Fault::Disorder => number < 4,
            _ => true,
        }
    }
}

/// One bit of one character changed, so that it stays a character of base64url or not, as it comes.
fn flipped(object: &str, number: usize) -> String {
    let place = number * 31 % object.len();
    let flip = |(index, byte): (usize, u8)| char::from(if index == place { byte ^ 1 } else { byte });
    object.bytes().enumerate().map(flip).collect()
}
