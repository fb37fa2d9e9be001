//! The task that keeps metadata and token keys current.

use std::{sync::Arc, time::Duration};

use countersign_jose::KeySet;
use http::{HeaderMap, header::CACHE_CONTROL};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    background::Context,
    discovery::Metadata,
    error::FetchError,
    limits::{JWKS_AGE_SECONDS, JWKS_AGE_SECONDS_MAX, METADATA_AGE_SECONDS},
    net::Ask,
    random::{Backoff, from_share, up_to},
};

/// Fetches metadata, then keys, then both again whenever they are due or there is a reason.
pub(crate) struct Refresh {
    context: Arc<Context>,
    backoff: Backoff,
    metadata: Option<Arc<Metadata>>,
    metadata_due: Instant,
    /// How often an announced key was not there yet.
    absent: u32,
}

/// After so many fetches an announced key is no longer waited for: max-age finds it.
const ABSENT_MAX: u32 = 5;

impl Refresh {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let timing = &context.timing;
        let backoff = Backoff::new(timing.backoff_min, timing.backoff_max);
        let metadata = context.metadata();
        Self { backoff, metadata, metadata_due: Instant::now(), absent: 0, context }
    }

    /// Never ends.
    pub(crate) async fn run(mut self) {
        loop {
            self.context.state.keys.unknown.fetch_began();
            let wait = match self.fetch().await {
                Ok(age) => {
                    self.backoff.reset();
                    from_share(0.8, age).max(self.context.timing.jwks_age_min)
                }
                Err(error) => {
                    self.context.state.metrics.count_fetch_failure("jwks");
                    tracing::warn!(issuer = %self.context.state.issuer, %error, "keys not fetched");
                    self.backoff.next()
                }
            };
            self.context.state.keys.fetch_ended();
            self.wait(wait).await;
        }
    }

    /// Until the next fetch is due, or there is a reason for one.
    async fn wait(&mut self, due: Duration) {
        let state = &self.context.state;
        if state.lacks_announced_key() && self.absent < ABSENT_MAX {
            self.absent += 1;
            let retry = from_share(0.5, self.context.timing.announced_key_retry * (1 << self.absent));
            tokio::select! {
                () = sleep(due.min(retry)) => {}
                () = state.keys.unknown.caused() => {}
            }
            return;
        }
        self.absent = 0;
        tokio::select! {
            () = sleep_until(Instant::now() + due) => {}
            () = state.keys.unknown.caused() => {}
            // All verifiers hear of it at once: they do not all come at once.
            () = state.announced.notified() => sleep(up_to(self.context.timing.announcement_jitter)).await,
        }
    }

    async fn fetch(&mut self) -> Result<Duration, FetchError> {
        let metadata = self.metadata().await?;
        let context = &self.context;
        let answer = context.net.get(Ask::new(&metadata.jwks_uri), countersign_jose::limits::JWK_SET_BYTES_MAX).await?;
        let keys = KeySet::from_json(&answer.body)?;
        for refused in keys.refused() {
            tracing::warn!(index = refused.index, error = %refused.error, "a key of the issuer is not usable");
        }
        if context.state.keys.install(keys, &context.state.revoked) {
            context.save_keys(&answer.body);
            tracing::info!(issuer = %context.state.issuer, "key set changed");
        }
        Ok(max_age(&answer.headers).unwrap_or(Duration::from_secs(JWKS_AGE_SECONDS)))
    }

    async fn metadata(&mut self) -> Result<Arc<Metadata>, FetchError> {
        if let Some(metadata) = &self.metadata
            && Instant::now() < self.metadata_due
        {
            return Ok(metadata.clone());
        }
        let (metadata, text) = match Metadata::fetch(&self.context.net, &self.context.issuer).await {
            Ok(fetched) => fetched,
            // What was known an hour ago is better than nothing.
            Err(error) => return self.metadata.clone().ok_or(error),
        };
        self.metadata_due = Instant::now() + from_share(0.8, Duration::from_secs(METADATA_AGE_SECONDS));
        if let Some(held) = &self.metadata
            && (**held == metadata || is_without_feed_now(held, &metadata))
        {
            return Ok(held.clone());
        }
        let metadata = Arc::new(metadata);
        self.context.take_metadata(metadata.clone());
        self.context.save_metadata(&text);
        self.metadata = Some(metadata.clone());
        Ok(metadata)
    }
}

/// An issuer that had a feed is not followed into having none: every revocation would be forgotten.
fn is_without_feed_now(held: &Metadata, new: &Metadata) -> bool {
    let is_gone = held.feed.is_some() && new.feed.is_none();
    if is_gone {
        tracing::error!("the issuer's metadata names no feed any more: it is not followed into that");
    }
    is_gone
}

/// `Cache-Control: max-age`, 24 hours at most.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get(CACHE_CONTROL)?.to_str().ok()?.split(',');
    let seconds = directives.filter_map(|directive| {
        let (name, value) = directive.trim().split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| value.trim_matches('"').parse::<u64>().ok()).flatten()
    });
    seconds.min().map(|seconds| Duration::from_secs(seconds.min(JWKS_AGE_SECONDS_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_is_read_and_bounded() {
        let age = |text: &'static str| {
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, http::HeaderValue::from_static(text))]);
            max_age(&headers).map(|age| age.as_secs())
        };
        assert_eq!(age("public, max-age=600"), Some(600));
        assert_eq!(age("Max-Age=\"5\", private"), Some(5));
        assert_eq!(age("max-age=99999999"), Some(JWKS_AGE_SECONDS_MAX));
        assert_eq!(age("no-store"), None);
        assert_eq!(age("max-age=x"), None);
        assert_eq!(max_age(&HeaderMap::new()), None);
    }
}
