//! The feed's own keys: from the issuer over TLS, never through a relay.

use std::{sync::Arc, time::Duration};

use countersign_jose::KeySet;
use tokio::time::sleep;

use crate::{
    background::Context,
    error::FetchError,
    net::Ask,
    random::{Backoff, from_share},
};

/// The task that keeps them current.
pub(crate) struct FeedKeys {
    context: Arc<Context>,
    backoff: Backoff,
}

/// However often a key is missing, the set is not fetched more often than this.
const WANTED_GAP: Duration = Duration::from_secs(1);

impl FeedKeys {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let timing = &context.timing;
        let backoff = Backoff::new(timing.backoff_min, timing.backoff_max);
        Self { context, backoff }
    }

    /// Never ends.
    pub(crate) async fn run(mut self) {
        loop {
            match self.fetch().await {
                Ok(()) => {
                    self.backoff.reset();
                    let due = from_share(0.8, self.context.timing.feed_keys_every);
                    tokio::select! {
                        () = sleep(due) => {}
                        () = self.context.feed_keys_wanted.notified() => sleep(WANTED_GAP.min(due)).await,
                    }
                }
                Err(error) => {
                    self.context.state.metrics.count_fetch_failure("feed_jwks");
                    tracing::warn!(issuer = %self.context.state.issuer, %error, "the feed's keys not fetched");
                    sleep(self.backoff.next()).await;
                }
            }
        }
    }

    async fn fetch(&self) -> Result<(), FetchError> {
        let metadata = self.context.metadata_with_feed().await;
        let urls = metadata.feed.as_ref().ok_or(FetchError::Answer("the issuer has no feed"))?;
        let bytes_max = countersign_jose::limits::JWK_SET_BYTES_MAX;
        let answer = self.context.net.get(Ask::new(&urls.jwks), bytes_max).await?;
        let keys = KeySet::from_json(&answer.body)?;
        let state = &self.context.state;
        let every_ms = u64::try_from(self.context.timing.feed_keys_every.as_millis()).unwrap_or(u64::MAX);
        // Two fetches may fail; then it is no longer known whether these keys still count.
        state.set_feed_keys_good_until(state.time.now().monotonic_ms.saturating_add(every_ms.saturating_mul(2)));
        self.context.feed_keys.send_replace(Some(Arc::new(keys)));
        self.context.save_feed_keys(&answer.body);
        self.context.progressed();
        Ok(())
    }
}
