//! What runs without a request.

mod logouts;

use crate::app::App;
use crate::feed::publish;
use countersign_core::Span;
use countersign_core::store::Swept;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

// How soon a key that another process rotated, revoked or distrusted is taken up.
const FOLLOW_EVERY: Duration = Duration::from_millis(50);
// How soon a key moves that is due.
const ROTATE_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
const FORGET_AUDIT_EVERY: Duration = Duration::from_secs(24 * 3_600);

pub(crate) async fn run(app: App, audit_kept: Span) {
    let forget_audit = forget_audit(&app, audit_kept);
    tokio::join!(
        follow_keys(&app),
        rotate_keys(&app),
        sweep(&app),
        forget_audit,
        count_sessions(&app),
        logouts::run(&app),
        publish(app.clone())
    );
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
            Ok(swept) => {
                let Swept { sessions, codes, pushed_requests, clients } = swept;
                tracing::debug!(sessions, codes, pushed_requests, clients, "what is over forgotten");
            }
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "sweeping failed"),
        }
        if let Err(error) = app.store().forget_revocations(now.timestamp()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "revocations could not be forgotten");
        }
    }
}

async fn count_sessions(app: &App) {
    loop {
        app.metrics().live.wanted().await;
        if let Err(error) = app.metrics().live.count(app.store(), app.source()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "live sessions could not be counted");
        }
    }
}

async fn forget_audit(app: &App, kept: Span) {
    let mut ticks = every(FORGET_AUDIT_EVERY);
    loop {
        ticks.tick().await;
        match app.store().forget_audit(app.source().now() - kept).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "old events of the audit log forgotten"),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "old events could not be forgotten");
            }
        }
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
