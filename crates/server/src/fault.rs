//! Where a test may stop a request. Only with the feature `fault-injection`, which nothing but tests turns on.

use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// A place in the life of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultPoint {
    /// The store's statement has found the session live (the mint rule), and the access token is not signed yet.
    BeforeSigning,
}

/// A request that is to stop, or has.
#[derive(Debug)]
pub struct StoppedRequest {
    reached: oneshot::Receiver<()>,
    go_on: oneshot::Sender<()>,
}

/// The server's side of it.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<(FaultPoint, Barrier)>>);

#[derive(Debug)]
struct Barrier {
    reached: oneshot::Sender<()>,
    go_on: oneshot::Receiver<()>,
}

impl StoppedRequest {
    /// Waits until a request has come to the point. False if the server is gone.
    pub async fn reached(&mut self) -> bool {
        (&mut self.reached).await.is_ok()
    }

    /// Lets the request go on, as dropping this does.
    pub fn go_on(self) {
        // Whoever waited may have broken off.
        let _ = self.go_on.send(());
    }
}

impl Faults {
    /// The next request that comes to `point` stops there.
    pub(crate) fn stop_at(&self, point: FaultPoint) -> StoppedRequest {
        let ((reached, is_reached), (go_on, goes_on)) = (oneshot::channel(), oneshot::channel());
        let barrier = Barrier { reached, go_on: goes_on };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((point, barrier));
        StoppedRequest { reached: is_reached, go_on }
    }

    /// A request is at `point`.
    pub(crate) async fn reach(&self, point: FaultPoint) {
        let barrier = {
            let mut barriers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let at = barriers.iter().position(|(stops, _)| *stops == point);
            at.map(|at| barriers.remove(at).1)
        };
        if let Some(Barrier { reached, go_on }) = barrier {
            // Also where nobody waits any more, or ever lets go.
            let _ = (reached.send(()), go_on.await);
        }
    }
}
