//! The publisher: follows storage, and begins another epoch where storage turns out to have lost something.

use super::log::Taken;
use crate::app::App;
use crate::limits::FEED_GATHERED_MAX;
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::session::EpochCause;
use countersign_core::store::{BeginEpoch, StoreError};
use countersign_core::{Epoch, Source, Time};
use countersign_revocation::SignedObject;
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

// Most commits say nothing to the feed: a storm of them is looked at so often at the most.
const LOOKED_EVERY_MAX: Duration = Duration::from_millis(5);
// A look at the store's change mark takes less; a commit that comes meanwhile is taken for an older one.
const TOLD_AT_ONCE: Duration = Duration::from_millis(5);
const AFTER_FAILURE: Duration = Duration::from_millis(250);

/// Publishes for as long as it runs.
pub(crate) async fn publish(app: App) {
    let mut beats = interval(Duration::from_millis(app.feed_policy().head_every.as_millis().max(1)));
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut seen, mut looked_at) = (None, Instant::now());
    loop {
        let waits_since = Instant::now();
        tokio::select! {
            changed = app.store().changed(seen) => match changed {
                Ok(mark) => {
                    seen = Some(mark);
                    // Told at once, it was committed at any time since the look before.
                    let caused_at = if waits_since.elapsed() < TOLD_AT_ONCE { looked_at } else { Instant::now() };
                    looked_at = Instant::now();
                    let pause = match catch_up(&app).await {
                        Ok(Moved::On) => {
                            app.metrics().publish_times.count_time(caused_at.elapsed());
                            FEED_GATHERED_MAX
                        }
                        Ok(Moved::Not) => LOOKED_EVERY_MAX,
                        Err(error) => failed(&*error),
                    };
                    sleep_until(looked_at + pause).await;
                }
                Err(error) => sleep(failed(&error)).await,
            },
            _ = beats.tick() => {
                // Only what storage said just now makes anybody fresh: without it no head goes out.
                // What is found now was committed just now: the wait above would have told of it.
                looked_at = Instant::now();
                let beaten = async {
                    if catch_up(&app).await? == Moved::On {
                        app.metrics().publish_times.count_time(looked_at.elapsed());
                    }
                    Ok::<_, BoxedError>(app.feed().beat(&app.ring().feed)?)
                };
                if let Err(error) = beaten.await {
                    failed(&*error);
                }
                app.feed().expire(app.source().now());
            }
        }
    }
}

type BoxedError = Box<dyn Error + Send + Sync>;

/// Whether something came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    On,
    Not,
}

fn failed(error: &(dyn Error + 'static)) -> Duration {
    tracing::error!(error, "the revocation feed does not move: verifiers turn stale");
    AFTER_FAILURE
}

/// Takes all that storage has.
pub(crate) async fn catch_up(app: &App) -> Result<Moved, BoxedError> {
    let _one = app.feed().moving().await;
    take_all(app).await
}

async fn take_all(app: &App) -> Result<Moved, BoxedError> {
    let hub = app.feed();
    let mut moved = Moved::Not;
    loop {
        // Before the read: what is committed after it is beyond this `as_of`.
        let now = app.source().now();
        let page = hub.read(app.store()).await?;
        match hub.take(&page, now, &app.ring().feed)? {
            Taken::Unmoved => return Ok(moved),
            Taken::Advanced(_) => moved = Moved::On,
            Taken::Gap | Taken::OtherEpoch => {
                tracing::warn!(epoch = %page.epoch, last = page.last.0, "the feed is read anew");
                hub.reload(app.store(), now).await?;
                return Ok(Moved::On);
            }
            Taken::WentBack => {
                tracing::error!(last = page.last.0, held = %hub.position(), "storage lost revocations: a new epoch begins");
                begin_epoch(app, page.epoch, now).await?;
                return Ok(Moved::On);
            }
        }
    }
}

/// What a verifier holds that says more than we do. Whoever can show our own signature under a number that storage does
/// not know proves that storage went back.
pub(crate) async fn judge(app: &App, proof: &str) -> Result<(), BoxedError> {
    let Ok(object) = SignedObject::verify(proof, &app.ring().feed_keys, app.issuer()) else {
        tracing::debug!("a verifier reported an object that is not ours, or no longer");
        return Ok(());
    };
    let proven = object.object().point().position();
    // One judges at a time, after a fresh look: the second sees the epoch that the first began.
    let _one = app.feed().moving().await;
    take_all(app).await?;
    if proven <= app.feed().position() {
        return Ok(());
    }
    tracing::error!(%proven, held = %app.feed().position(), "a verifier holds more than storage: a new epoch begins");
    begin_epoch(app, proven.epoch, app.source().now()).await
}

async fn begin_epoch(app: &App, known: Epoch, now: Time) -> Result<(), BoxedError> {
    let hub = app.feed();
    let known = known.max(hub.position().epoch);
    let epoch = Epoch::new_later_than(Some(known), now.as_millis(), random(app.source()));
    let audit = AuditEvent::new(now, "feed.epoch_begun", Actor::named("feed")).told(format!("{epoch} after {known}"));
    let begin =
        BeginEpoch { epoch, cause: EpochCause::Lost, lost: hub.to_say_again(now), end_sessions: None, audit, now };
    let begun: Result<_, StoreError> = app.store().begin_epoch(begin).await;
    // Also where somebody else was faster.
    hub.reload(app.store(), now).await?;
    begun?;
    Ok(())
}

fn random(source: &dyn Source) -> [u8; 10] {
    let mut bytes = [0; 10];
    source.fill(&mut bytes);
    bytes
}
