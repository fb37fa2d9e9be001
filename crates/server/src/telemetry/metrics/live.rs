//! How many sessions are live: counted beside the requests, part by part, and only while somebody scrapes.

use crate::limits::SESSIONS_COUNTED_AT_ONCE_MAX;
use countersign_core::store::{CountLive, SessionStore, StoreError};
use countersign_core::{Source, Span, Time};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The newest count, and who is to be woken for another.
#[derive(Debug, Default)]
pub(crate) struct LiveSessions {
    counted: Mutex<Option<(Time, u64)>>,
    wanted: Notify,
}

// A count reads the whole table, so that one is good for several scrapes.
const COUNTED_EVERY: Span = Span::from_seconds(30);
// Between two parts whatever else is read has its turn.
const PAUSE: Duration = Duration::from_millis(20);

impl LiveSessions {
    /// The newest count, if there is one; asks for another if it is old.
    pub(crate) fn scraped(&self, now: Time) -> Option<u64> {
        let counted = *self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.is_none_or(|(at, _)| now.since(at) >= COUNTED_EVERY) {
            self.wanted.notify_one();
        }
        counted.map(|(_, live)| live)
    }

    /// Waits until a count is wanted.
    pub(crate) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Counts.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed; the count before stays.
    pub(crate) async fn count(&self, store: &dyn SessionStore, source: &dyn Source) -> Result<(), StoreError> {
        let at = source.now();
        let (mut after, mut live) = (None, 0);
        loop {
            let part = CountLive { at, after, sessions_max: SESSIONS_COUNTED_AT_ONCE_MAX };
            let part = store.count_live(part).await?;
            live += part.live;
            after = part.next;
            if after.is_none() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, live));
        Ok(())
    }
}
