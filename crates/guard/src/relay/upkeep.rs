//! What a relay does beside handing on: newer snapshots, keys that were replaced, reports upwards, a look at the relay
//! above.

use std::sync::Arc;

use countersign_jose::KeySet;
use countersign_revocation::SignedObject;
use tokio::{
    task::AbortHandle,
    time::{Duration, Instant, sleep, timeout},
};

use super::{
    Shared,
    limits::{REPORTS_GATHERED, SNAPSHOT_RETRY, STATUS_EVERY},
    log::Fit,
    object::{Joining, Snapshot},
};

const TICK: Duration = Duration::from_secs(1);

/// Must be called within a runtime.
pub(super) fn start(shared: &Shared) -> Vec<AbortHandle> {
    let tasks = [
        tokio::spawn(keep_snapshot(shared.clone())),
        tokio::spawn(keep_keys(shared.clone())),
        tokio::spawn(report(shared.clone())),
        tokio::spawn(look_above(shared.clone())),
    ];
    tasks.iter().map(tokio::task::JoinHandle::abort_handle).collect()
}

/// Fetches a newer snapshot beside the feed, so that no reader has to come again for it. Never ends.
async fn keep_snapshot(shared: Shared) {
    loop {
        sleep(TICK).await;
        if !shared.hub.wants_snapshot() {
            continue;
        }
        let fit = match fetch(&shared).await {
            Some(snapshot) => install(&shared, &snapshot).await,
            None => Fit::Useless,
        };
        if fit != Fit::Taken {
            tracing::debug!(issuer = shared.verifier.issuer(), "no newer snapshot that fits the feed");
            sleep(SNAPSHOT_RETRY).await;
        }
    }
}

/// The snapshot of now; what may follow on it is of no use here.
async fn fetch(shared: &Shared) -> Option<Snapshot> {
    let objects = shared.verifier.feed_snapshot().await?;
    let mut joining = Joining::new(shared.verifier.issuer());
    for object in &objects {
        if let Some(snapshot) = joining.add(object) {
            return Some(snapshot);
        }
        // Thousands of entries each: others want to run too.
        tokio::task::yield_now().await;
    }
    None
}

/// It may be a moment ahead of the stream.
async fn install(shared: &Shared, snapshot: &Snapshot) -> Fit {
    for _ in 0..TRIES_MAX {
        match shared.hub.replace_snapshot(snapshot) {
            Fit::TooEarly => sleep(TRY_EVERY).await,
            fit => return fit,
        }
    }
    Fit::TooEarly
}

const TRIES_MAX: u32 = 100;
const TRY_EVERY: Duration = Duration::from_millis(20);

/// What a key signed that the issuer no longer publishes is not handed on. Never ends.
async fn keep_keys(shared: Shared) {
    let mut checked: Option<Arc<KeySet>> = None;
    loop {
        let keys = shared.verifier.feed_keys();
        if let Some(keys) = keys.filter(|keys| checked.as_ref().is_none_or(|checked| !Arc::ptr_eq(checked, keys))) {
            shared.hub.recheck(&keys, shared.verifier.issuer());
            checked = Some(keys);
        }
        sleep(TICK).await;
    }
}

/// Tells the verifier what to report upwards. Never ends.
async fn report(shared: Shared) {
    loop {
        let _ = timeout(TICK, shared.reports.came.notified()).await;
        let below = shared.reports.below(shared.hub.position(), Instant::now());
        shared.verifier.report_below(below.slowest, below.proof);
        sleep(REPORTS_GATHERED).await;
    }
}

/// Never ends.
async fn look_above(shared: Shared) {
    loop {
        shared.above.look(&shared.verifier).await;
        sleep(STATUS_EVERY).await;
    }
}

/// What a reader shows counts only if the issuer signed it, and says more than is known here.
pub(super) fn take_proof(shared: &Shared, proof: &str) {
    let Some(keys) = shared.verifier.feed_keys() else { return };
    match SignedObject::verify(proof, &keys, shared.verifier.issuer()) {
        Ok(proof) if Some(proof.object().point().position()) > shared.hub.position() => {
            shared.reports.take_proof(proof);
        }
        Ok(_) => {}
        Err(error) => tracing::debug!(%error, "a reader showed an object that is not its issuer's, or no longer"),
    }
}
