//! What nobody can be faster than: bytes from a channel into every body, in a process of its own.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_benches::{Announced, Connection};
use serde_json::json;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::Command;
use tokio::net::TcpListener;
use tokio::sync::broadcast;

/// That process, and a connection by which it is told what to send.
pub(crate) struct Bare {
    announced: Announced,
    connection: Connection,
    pub(crate) address: SocketAddr,
}

impl Bare {
    pub(crate) fn start() -> Self {
        let announced = Announced::start(Command::new(std::env::current_exe().expect("this program")).arg("bare"));
        let address = announced.address;
        Self { connection: Connection::open(address), announced, address }
    }

    pub(crate) fn process(&self) -> u32 {
        self.announced.id()
    }

    pub(crate) fn publish(&mut self, event: &[u8]) {
        let event = std::str::from_utf8(event).expect("text");
        assert_eq!(self.connection.post_text("/send", event).0, 200);
    }
}

/// Never ends.
pub(crate) async fn serve() {
    let (send, _) = broadcast::channel::<Bytes>(128);
    let router = Router::new().route("/feed", get(feed)).route("/send", post(forward)).with_state(send);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", json!({ "listen": listener.local_addr().expect("bound").to_string() }));
    axum::serve(listener, router).await.expect("it serves");
}

async fn feed(State(sender): State<broadcast::Sender<Bytes>>) -> Response {
    let events = futures_util::stream::unfold(sender.subscribe(), |mut events| async move {
        events.recv().await.ok().map(|event| (Ok::<_, Infallible>(event), events))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}

async fn forward(State(sender): State<broadcast::Sender<Bytes>>, event: Bytes) -> &'static str {
    sender.send(event).expect("all listen");
    "{}"
}
