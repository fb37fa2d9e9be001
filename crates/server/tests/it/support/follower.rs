//! A verifier's side of the feed, as plain as can be: objects fetched by hand, followed by the real follower.

use super::app::{ISSUER, TestApp};
use super::client::{Request, Response};
use super::machines::Machine;
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::revocation::{Revocation, Sequence};
use countersign_core::store::{FeedPage, RevocationStore as _};
use countersign_core::{Source as _, Span, TokenId};
use countersign_jose::KeySet;
use countersign_revocation::{Applied, Follower, Position, RevokedSet, SignedObject, Subjects};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

const EVENT_WITHIN: Duration = Duration::from_secs(20);

/// A machine client that follows the feed.
pub(crate) struct TestFollower {
    pub(crate) follower: Follower,
    pub(crate) token: String,
    keys: KeySet,
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: Option<String>,
    pub(crate) id: Option<Position>,
    pub(crate) data: String,
}

/// An open stream of events.
pub(crate) struct Events {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl TestApp {
    /// A follower that has joined.
    pub(crate) async fn follower(&self) -> TestFollower {
        let machine = self.add_machine("verifier", "feed:read", &[]).await;
        let mut follower = self.follower_of(&machine).await;
        follower.join(self).await;
        follower
    }

    pub(crate) async fn follower_of(&self, machine: &Machine) -> TestFollower {
        let token = self.machine_token(machine, "&scope=feed%3Aread").await.access_token;
        let jwks = self.get("/revocations/jwks.json").send().await.assert_status(200);
        let keys = KeySet::from_json(&jwks.body).unwrap();
        TestFollower { follower: Follower::new(ISSUER, Arc::new(RevokedSet::new())), token, keys }
    }

    /// Publishes so many tokens at once.
    pub(crate) async fn publish_tokens(&self, count: u128) {
        let exp = (self.clock().now() + Span::from_seconds(600)).timestamp();
        let token = |number: u128| Revocation::of_token(TokenId::from_bytes(number.to_be_bytes()), exp);
        let audit = AuditEvent::new(self.clock().now(), "token.revoked", Actor::named("test"));
        self.store().publish_revocations((0..count).map(token).collect(), audit).await.unwrap();
    }

    /// What storage says of the feed.
    pub(crate) async fn feed(&self) -> FeedPage {
        self.store().feed_after(Sequence::ZERO, u16::MAX).await.unwrap()
    }
}

impl TestFollower {
    pub(crate) fn get(&self, app: &TestApp, path: &str) -> Request {
        app.get(path).bearer(&self.token)
    }

    /// Fetches the snapshot and applies it.
    pub(crate) async fn join(&mut self, app: &TestApp) {
        let answer = self.get(app, "/revocations/snapshot").send().await.assert_status(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        self.apply(app, &answer);
    }

    /// Asks for what is new, and waits at most that long.
    pub(crate) async fn poll(&mut self, app: &TestApp, seconds: u64) -> Vec<Applied> {
        let after = self.position();
        let answer = self.get(app, &format!("/revocations/feed?after={after}&wait={seconds}")).send().await;
        let answer = answer.assert_status(200);
        self.apply(app, &answer)
    }

    /// Polls until nothing is missing that storage has.
    pub(crate) async fn catch_up(&mut self, app: &TestApp) {
        let feed = app.feed().await;
        while self.position() != (Position { epoch: feed.epoch, sequence: feed.last }) {
            self.poll(app, 20).await;
        }
        assert_eq!(self.follower.digest(), Some(feed.set));
    }

    pub(crate) fn apply(&mut self, app: &TestApp, answer: &Response) -> Vec<Applied> {
        let body = answer.json();
        let texts = body["objects"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
        texts.map(|text| self.apply_text(app, &text)).collect()
    }

    pub(crate) fn apply_text(&mut self, app: &TestApp, text: &str) -> Applied {
        let object = SignedObject::verify(text, &self.keys, ISSUER).unwrap();
        self.follower.apply(&object, app.clock().now().timestamp().as_seconds())
    }

    pub(crate) fn position(&self) -> Position {
        self.follower.position().unwrap()
    }

    /// Whether it refuses the tokens of this session.
    pub(crate) fn refuses(&self, session: &str) -> bool {
        let session = countersign_jose::base64url::decode(session).unwrap().try_into().unwrap();
        let subjects = Subjects { session: Some(session), ..Subjects::default() };
        self.follower.set().look_up(&subjects).is_some()
    }

    pub(crate) async fn report(&self, app: &TestApp, verifier: &str) -> Response {
        let mut body = json!({ "verifier": verifier, "applied": self.position().to_string() });
        if self.follower.issuer_behind() {
            body["head"] = json!(&**self.follower.newest_proof().unwrap());
        }
        app.post("/revocations/applied").bearer(&self.token).json(body).send().await
    }

    /// Opens the stream; `Last-Event-ID` where a position is given.
    pub(crate) async fn listen(&self, app: &TestApp, after: Option<Position>) -> Events {
        let socket = TcpSocket::new_v4().unwrap();
        // Small, so that a reader that stops reading is noticed soon.
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(app.address()).await.unwrap();
        let resume = after.map(|after| format!("last-event-id: {after}\r\n")).unwrap_or_default();
        let request = format!(
            "GET /revocations/feed HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {}\r\n{resume}\r\n",
            self.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut events = Events { stream, buffer: Vec::new() };
        let head = events.until(b"\r\n\r\n").await.unwrap().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200") && head.contains("content-type: text/event-stream"), "{head}");
        events
    }
}

impl Events {
    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let mut event = Event { name: None, id: None, data: String::new() };
        let text = loop {
            // The chunks of the transfer coding lie around the events: their sizes are lines of their own.
            let text = self.until(b"\n\n").await?;
            if text.contains("data: ") {
                break text;
            }
        };
        for line in text.lines() {
            match line.split_once(": ") {
                Some(("event", name)) => event.name = Some(name.to_owned()),
                Some(("id", id)) => event.id = Some(id.parse().unwrap()),
                Some(("data", data)) => event.data = data.to_owned(),
                _ => {}
            }
        }
        Some(event)
    }

    async fn until(&mut self, end: &[u8]) -> Option<String> {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end) {
                let text: Vec<u8> = self.buffer.drain(..at + end.len()).collect();
                return Some(String::from_utf8(text).unwrap());
            }
            let read = timeout(EVENT_WITHIN, self.stream.read_buf(&mut self.buffer)).await;
            if read.expect("something comes in time").unwrap_or(0) == 0 {
                return None;
            }
        }
    }
}
