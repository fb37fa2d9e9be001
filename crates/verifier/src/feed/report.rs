//! Telling the issuer how far this verifier is, so that a revocation can wait until it counts everywhere.

use std::sync::Arc;

use countersign_jose::base64url;
use countersign_revocation::Position;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::applied_url;
use crate::{background::Context, error::FetchError, limits::ENDPOINT_ANSWER_BYTES_MAX, net::Ask, random};

/// What there is to report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) is_connected: bool,
    position: Option<Position>,
    /// The signed object that says most, where the issuer says less.
    proof: Option<Arc<str>>,
}

impl Report {
    /// True if there is news.
    pub(super) fn update(&mut self, position: Option<Position>, proof: Option<Arc<str>>) -> bool {
        let is_new = self.position != position || self.proof != proof;
        (self.position, self.proof) = (position, proof);
        is_new
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
            if let (true, Some(position)) = (report.is_connected || report.proof.is_some(), report.position)
                && let Err(error) = self.send(position, report.proof.as_deref()).await
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
        let Some(url) = applied_url(&metadata) else { return Ok(()) };
        let authorization = context.access.bearer(&context.net, metadata.token_endpoint.as_ref()).await?;
        let applied = Applied { verifier: &self.verifier, applied: position.to_string(), head };
        let body = serde_json::to_string(&applied).map_err(|_| FetchError::Answer("no report"))?;
        let ask = Ask::new(url).authorized(authorization.as_deref());
        context.net.post(ask, "application/json", body, ENDPOINT_ANSWER_BYTES_MAX).await.map(|_| ())
    }
}
