//! An answer that goes on, of an API that is built as its makers would: it ends with the token behind it.

use crate::stage::{LONG, Stage};
use axum::Router;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::routing::get;
use countersign_verifier::{Bearer, Verifier};
use futures_util::{Stream, StreamExt as _, stream};
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::block_in_place;

async fn events(Bearer(token): Bearer) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok(Event::default().data("tick")), ()))
    });
    Sse::new(ticks.take_until(async move { token.revoked().await }))
}

async fn serve(verifier: Verifier) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/events", get(events)).with_state(verifier);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A stream that is being read.
pub(crate) struct Reading(TcpStream);

impl Reading {
    pub(crate) fn open(address: SocketAddr, token: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let request = format!(
            "GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reading = Self(stream);
        let mut text = String::new();
        while !text.contains("data: tick") {
            text += &reading.more().expect("an event");
        }
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        reading
    }

    /// What comes next; none: it has ended.
    fn more(&mut self) -> Option<String> {
        let mut bytes = [0; 4_096];
        match self.0.read(&mut bytes).expect("more, or the end, in time") {
            0 => None,
            length => Some(String::from_utf8_lossy(&bytes[..length]).into_owned()),
        }
    }

    /// Reads to the end.
    pub(crate) fn read_out(mut self) {
        let begun = Instant::now();
        while self.more().is_some() {
            assert!(begun.elapsed() < LONG, "it goes on");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_ends_within_a_second_of_its_sessions_end_and_the_others_go_on() {
    let stage = Stage::start(&[]);
    let (mine, other) = (stage.sign_in(), stage.sign_in());
    let api = serve(stage.current_verifier().await).await;
    let (reading, mut goes_on) =
        block_in_place(|| (Reading::open(api, &mine.access), Reading::open(api, &other.access)));
    stage.sign_out(&mine);
    let ended = Instant::now();
    block_in_place(|| reading.read_out());
    let took = ended.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(block_in_place(|| (0..20).all(|_| goes_on.more().is_some())), "another session's stream");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_ends_when_its_token_expires() {
    let stage = Stage::start(&[("COUNTERSIGN_TOKENS__ACCESS_LIFETIME", "3s")]);
    let api = serve(stage.current_verifier().await).await;
    let tokens = stage.sign_in();
    let expires_at = Duration::from_secs(tokens.claims()["exp"].as_u64().unwrap());
    block_in_place(|| Reading::open(api, &tokens.access).read_out());
    let ended_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    assert!(ended_at >= expires_at, "{:?} too early", expires_at - ended_at);
    assert!(ended_at < expires_at + Duration::from_secs(1), "{:?} too late", ended_at - expires_at);
}
