//! Telling the issuer how far this verifier is, so that a revocation can wait until it counts everywhere.

use std::sync::Arc;

use countersign_jose::base64url;
use countersign_revocation::Position;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use crate::{background::Context, error::FetchError, limits::ENDPOINT_ANSWER_BYTES_MAX, net::Ask, random};

/// What there is to report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) is_connected: bool,
    position: Option<Position>,
    /// The signed object that says most, where the issuer says less.
    proof: Option<Arc<str>>,
    below: Below,
}

/// How those are who read the feed through this process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Below {
    slowest: Option<Position>,
    proof: Option<Arc<str>>,
}

impl Report {
    /// True if there is news.
    pub(super) fn update(&mut self, position: Option<Position>, proof: Option<Arc<str>>) -> bool {
        self.change(|report| (report.position, report.proof) = (position, proof))
    }

    /// True if there is news.
    pub(crate) fn update_below(&mut self, slowest: Option<Position>, proof: Option<Arc<str>>) -> bool {
        self.change(|report| report.below = Below { slowest, proof })
    }

    /// What this process has applied itself.
    pub(crate) const fn position(&self) -> Option<Position> {
        self.position
    }

    /// What everybody here has applied.
    fn applied(&self) -> Option<Position> {
        self.position.map(|own| self.below.slowest.map_or(own, |slowest| slowest.min(own)))
    }

    fn proof(&self) -> Option<&Arc<str>> {
        self.proof.as_ref().or(self.below.proof.as_ref())
    }

    /// A change is news only if the issuer would see it.
    fn change(&mut self, change: impl FnOnce(&mut Self)) -> bool {
        let before = (self.applied(), self.proof().cloned());
        change(self);
        before != (self.applied(), self.proof().cloned())
    }
}

#[derive(Serialize)]
struct Applied<'a> {
    verifier: &'a str,
    applied: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<&'a str>,
}

/// The task that reports.
pub(crate) struct Reporter {
    context: Arc<Context>,
    /// 128 bits that tell this process from others.
    verifier: String,
}

impl Reporter {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let bits = (u128::from(random::bits()) << 64) | u128::from(random::bits());
        Self { context, verifier: base64url::encode(&bits.to_be_bytes()) }
    }

    /// Never ends.
    pub(crate) async fn run(self) {
        let mut reports = self.context.report.subscribe();
        loop {
            let _ = timeout(self.context.timing.report_every, reports.changed()).await;
            let report = reports.borrow_and_update().clone();
            // Where the issuer has less than is held, it can't be followed before it was told so.
            if let (true, Some(position)) = (report.is_connected || report.proof().is_some(), report.applied())
                && let Err(error) = self.send(position, report.proof().map(|proof| &**proof)).await
            {
                self.context.state.metrics.count_fetch_failure("applied");
                tracing::debug!(issuer = %self.context.state.issuer, %error, "position not reported");
            }
            sleep(self.context.timing.report_gap).await;
        }
    }

    async fn send(&self, position: Position, head: Option<&str>) -> Result<(), FetchError> {
        let context = &self.context;
        let metadata = context.metadata_with_feed().await;
        let Some(place) = context.feed_place(&metadata) else { return Ok(()) };
        let Some(url) = &place.urls.applied else { return Ok(()) };
        let authorization = context.access.bearer(&context.net, metadata.token_endpoint.as_ref()).await?;
        let applied = Applied { verifier: &self.verifier, applied: position.to_string(), head };
        let body = serde_json::to_string(&applied).map_err(|_| FetchError::Answer("no report"))?;
        let ask = Ask::new(url).authorized(authorization.as_deref());
        place.net.post(ask, "application/json", body, ENDPOINT_ANSWER_BYTES_MAX).await.map(|_| ())
    }
}
