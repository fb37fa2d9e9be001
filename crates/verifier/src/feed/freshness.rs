//! Saying so when the verifier turns stale, and when its clock is off.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{background::Context, limits::SKEW_MS_MAX, staleness::Freshness};

/// How often the log is brought up to date; requests judge for themselves.
const EVERY: Duration = Duration::from_millis(500);

/// Never ends.
pub(crate) async fn watch_freshness(context: Arc<Context>) {
    let state = &context.state;
    let (mut was_stale, mut was_off) = (false, false);
    loop {
        sleep(EVERY).await;
        let now = state.time.now();
        let is_stale = state.freshness(now) == Freshness::Stale;
        if is_stale != was_stale {
            let (issuer, age_ms) = (&state.issuer, state.staleness_ms(now));
            if is_stale {
                // A wall clock that is ahead looks like a feed that is late: both are told.
                let skew_ms = state.time.skew_ms();
                tracing::warn!(%issuer, age_ms, skew_ms, "stale: revocations are not known to be current");
            } else {
                tracing::info!(%issuer, age_ms, "fresh");
            }
            was_stale = is_stale;
        }
        let skew_ms = state.time.skew_ms().filter(|skew_ms| skew_ms.unsigned_abs() > SKEW_MS_MAX);
        if let (Some(skew_ms), false) = (skew_ms, was_off) {
            let (wall_ms, issuer_ms) = (state.time.wall_ms(), state.as_of_ms());
            tracing::warn!(issuer = %state.issuer, skew_ms, wall_ms, issuer_ms, "this clock and the issuer's differ");
        }
        was_off = skew_ms.is_some();
    }
}
