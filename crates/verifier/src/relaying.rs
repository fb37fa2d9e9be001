//! What a relay asks of the verifier that it is built on: a relay hands on what its verifier believed.

use std::sync::Arc;

use countersign_jose::KeySet;
use countersign_revocation::{Position, SignedObject};
use serde::{Deserialize, Serialize};

use crate::{
    error::FetchError,
    feed::fetch_snapshot,
    limits::{ENDPOINT_ANSWER_BYTES_MAX, RELAY_LEVELS_MAX},
    net::Ask,
    verifier::Verifier,
};

/// What a relay answers about itself and those above it: `GET /revocations/status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RelayStatus {
    /// From the relay that reads at the issuer to the one that was asked.
    pub levels: Vec<RelayLevel>,
    /// Whether each relay knew how the one above it stands; if not, there are more levels than these.
    pub complete: bool,
}

/// How one relay stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RelayLevel {
    /// How far it is, `epoch:number`; none if it holds nothing.
    pub applied: Option<String>,
    /// The issuer's clock up to which it knows everything, in milliseconds since 1970; none if it does not know.
    pub as_of: Option<u64>,
    /// How old the newest object was when it came here, in milliseconds, by this relay's clock.
    pub lag_ms: Option<u64>,
}

impl RelayStatus {
    /// The status of a relay, below those that the one above it told; none: that one did not answer.
    #[must_use]
    pub fn below(above: Option<Self>, own: RelayLevel) -> Self {
        let Self { mut levels, complete } = above.unwrap_or_default();
        // Relays that read from one another in a circle would be more each time.
        let is_complete = complete && levels.len() < RELAY_LEVELS_MAX;
        levels.truncate(RELAY_LEVELS_MAX.saturating_sub(1));
        levels.push(own);
        Self { levels, complete: is_complete }
    }

    /// What stands above a relay that reads at the issuer: nothing.
    #[must_use]
    pub const fn of_the_issuer() -> Self {
        Self { levels: Vec::new(), complete: true }
    }
}

impl Verifier {
    /// Fetches everything that is revoked now, beside what the verifier follows and without a change to it: the objects
    /// of a snapshot, each of them verified. None if it did not come; the log and the metrics say so.
    pub async fn feed_snapshot(&self) -> Option<Vec<SignedObject>> {
        let context = self.context();
        let fetched = fetch_snapshot(context).await;
        let failed = |error: &FetchError| {
            context.state.metrics.count_fetch_failure("snapshot");
            tracing::debug!(issuer = %context.state.issuer, %error, "no snapshot beside the feed");
        };
        fetched.inspect_err(failed).ok()
    }

    /// The keys of the feed as the issuer last published them; none before they came. Another value each time that they
    /// are fetched.
    #[must_use]
    pub fn feed_keys(&self) -> Option<Arc<KeySet>> {
        self.context().feed_keys.borrow().clone()
    }

    /// How far those are who read the feed through this process, the slowest of them: from now on not more is reported
    /// than that. None: there are none. `proof` is a signed object of one of them that says more than is known here, to
    /// be shown to the issuer.
    pub fn report_below(&self, slowest: Option<Position>, proof: Option<Arc<str>>) {
        self.context().report.send_if_modified(|report| report.update_below(slowest, proof));
    }

    /// How this verifier stands, as a relay tells it.
    #[must_use]
    pub fn relay_level(&self) -> RelayLevel {
        let state = self.state();
        let applied = self.context().report.borrow().position().map(|position| position.to_string());
        let as_of = state.as_of_ms();
        RelayLevel { applied, as_of, lag_ms: as_of.and(Some(state.metrics.lag_ms())) }
    }

    /// How the relay stands that the feed is read from, and those above it: asked now. Above a verifier that reads at the
    /// issuer there is nothing. None if the relay does not answer.
    pub async fn status_above(&self) -> Option<RelayStatus> {
        let context = self.context();
        let Some(relay) = context.relay() else { return Some(RelayStatus::of_the_issuer()) };
        let answer = relay.net().get(Ask::new(relay.status()), ENDPOINT_ANSWER_BYTES_MAX).await;
        let failed = |error: &FetchError| {
            context.state.metrics.count_fetch_failure("status");
            tracing::debug!(issuer = %context.state.issuer, %error, "the relay does not tell how it stands");
        };
        serde_json::from_slice(&answer.inspect_err(failed).ok()?.body).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relays_in_a_circle_are_not_counted_for_ever() {
        let mut status = RelayStatus::of_the_issuer();
        for level in 1..=RELAY_LEVELS_MAX {
            status = RelayStatus::below(Some(status), RelayLevel::default());
            assert_eq!((status.levels.len(), status.complete), (level, true));
        }
        status = RelayStatus::below(Some(status), RelayLevel::default());
        assert_eq!((status.levels.len(), status.complete), (RELAY_LEVELS_MAX, false));
        assert!(!RelayStatus::below(None, RelayLevel::default()).complete);
    }
}
