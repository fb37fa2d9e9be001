//! The line between the tabs and the server: counts what passes, holds refreshes back, loses their answers.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header::CONNECTION};
use axum::middleware::Next;
use axum::response::Response;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

pub(super) struct Line {
    refreshes: watch::Sender<usize>,
    open: watch::Sender<bool>,
    to_lose: AtomicUsize,
    unauthorized: AtomicUsize,
}

const ARRIVES_WITHIN: Duration = Duration::from_secs(60);

impl Line {
    pub(super) fn new() -> Arc<Self> {
        let (refreshes, open) = (watch::Sender::new(0), watch::Sender::new(true));
        Arc::new(Self { refreshes, open, to_lose: AtomicUsize::new(0), unauthorized: AtomicUsize::new(0) })
    }

    /// How many refreshes the server was asked for.
    pub(super) fn refreshes(&self) -> usize {
        *self.refreshes.borrow()
    }

    /// How many requests found their access token expired.
    pub(super) fn unauthorized(&self) -> usize {
        self.unauthorized.load(Ordering::SeqCst)
    }

    /// Holds refreshes back before they reach the server.
    pub(super) fn hold(&self) {
        self.open.send_replace(false);
    }

    /// Lets go on what is held.
    pub(super) fn release(&self) {
        self.open.send_replace(true);
    }

    /// Waits until so many refreshes have come.
    pub(super) async fn refreshes_are(&self, count: usize) {
        let mut refreshes = self.refreshes.subscribe();
        timeout(ARRIVES_WITHIN, refreshes.wait_for(|come| *come >= count)).await.unwrap().unwrap();
    }

    /// Loses the next answers to refreshes, after the server has done its work.
    pub(super) fn lose(&self, answers: usize) {
        self.to_lose.store(answers, Ordering::SeqCst);
    }

    fn loses(&self) -> bool {
        self.to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

pub(super) async fn pass(State(line): State<Arc<Line>>, request: Request, next: Next) -> Response {
    let is_refresh = request.uri().path() == "/api/v1/refresh";
    if is_refresh {
        line.refreshes.send_modify(|come| *come += 1);
        line.open.subscribe().wait_for(|open| *open).await.unwrap();
    }
    let mut response = next.run(request).await;
    if is_refresh && line.loses() {
        // Takes the connection down before a byte of the answer is out.
        resume_unwind(Box::new("the answer is lost"));
    }
    if !is_refresh && response.status() == StatusCode::UNAUTHORIZED {
        line.unauthorized.fetch_add(1, Ordering::SeqCst);
    }
    // Where a connection that was used before breaks, a browser sends the request once more by itself: not here, so
    // that what comes again came from our script.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
