//! The store's own threads: each owns a connection, so no runtime thread ever waits for a disk.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// A thread, and how to learn of its end without blocking.
pub(crate) struct Worker {
    thread: JoinHandle<()>,
    ended: oneshot::Receiver<()>,
}

impl Worker {
    /// Starts a thread of this name.
    pub(crate) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (ending, ended) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            work();
            drop(ending);
        })?;
        Ok(Self { thread, ended })
    }

    /// Waits for its end.
    pub(crate) async fn ended(self) {
        // Err is the answer: nothing is ever sent, the sender goes with the thread.
        let Self { thread, ended } = self;
        let _ = ended.await;
        let _ = thread.join();
    }

    /// Waits for its end, blocking.
    pub(crate) fn join(self) {
        // A panic was answered where it happened (`guarded`); there is nobody left to tell.
        let _ = self.thread.join();
    }
}

/// Runs `work`; a panic in it is a value, so that a bug in one statement does not take storage down.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
