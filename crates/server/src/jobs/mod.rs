//! What runs without a request.

use crate::app::App;
use crate::feed::publish;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

// How soon a key that another process rotated, revoked or distrusted is taken up.
const FOLLOW_EVERY: Duration = Duration::from_millis(50);
// How soon a key moves that is due.
const ROTATE_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

pub(crate) async fn run(app: App) {
    tokio::join!(follow_keys(&app), rotate_keys(&app), sweep(&app), publish(app.clone()));
}

async fn follow_keys(app: &App) {
    let mut ticks = every(FOLLOW_EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = app.follow_keys().await {
            tracing::error!(error = &error as &dyn std::error::Error, "key ring could not be read");
            tokio::time::sleep(ROTATE_EVERY).await;
        }
    }
}

async fn rotate_keys(app: &App) {
    let mut ticks = every(ROTATE_EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = app.keep_keys().await {
            tracing::error!(error = &error as &dyn std::error::Error, "key ring could not be moved on");
        }
    }
}

async fn sweep(app: &App) {
    let mut ticks = every(SWEEP_EVERY);
    loop {
        ticks.tick().await;
        let now = app.source().now();
        match app.store().sweep(now).await {
            Ok(swept) => tracing::debug!(sessions = swept.sessions, "ended sessions forgotten"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "sweeping failed"),
        }
        if let Err(error) = app.store().forget_revocations(now.timestamp()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "revocations could not be forgotten");
        }
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
