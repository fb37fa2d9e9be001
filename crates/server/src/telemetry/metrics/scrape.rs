//! One scrape: what was counted, and how everything stands just now.

use super::exposition::{Exposition, Series};
use super::names::{
    BATCH_SIZES, BUILD_INFO, CHANGES_REFUSED, CHANGES_WAITING, COMMIT_TIMES, FEED_AGE, FEED_SEQUENCE, FEED_SUBSCRIBERS,
    HASH_TIMES, HASH_WAITS, HASHES_REFUSED, HASHES_RUNNING, HASHES_WAITING, PUBLISH_TIMES, SESSIONS_LIVE, START_TIME,
    VERIFIER_LAG, VERIFIERS,
};
use crate::app::App;
use crate::feed::FeedFigures;
use crate::hashing::HashingFigures;
use countersign_core::store::DeploymentStore;

/// All that there is to tell. It waits for nobody and reads no storage.
pub(crate) fn scrape(app: &App) -> Exposition {
    let (metrics, now) = (app.metrics(), app.source().now());
    let mut told = Exposition::default();
    told.add(BUILD_INFO, [Series::level([env!("CARGO_PKG_VERSION")], 1)]);
    told.add(START_TIME, [Series::millis([], metrics.started_at.as_millis())]);
    metrics.requests.expose(&mut told);
    metrics.problems.expose(&mut told);
    metrics.sign_ins.expose(&mut told);
    metrics.refreshes.expose(&mut told);
    hashing(&mut told, app.hashing().figures());
    writer(&mut told, app.store());
    told.add(SESSIONS_LIVE, metrics.live.scraped(now).map(|live| Series::level([], live)));
    feed(&mut told, &app.feed().figures(now));
    told.add(PUBLISH_TIMES, [Series::times([], metrics.publish_times.read())]);
    metrics.logouts.expose(&mut told);
    metrics.keys.expose(&mut told, now);
    told
}

fn hashing(told: &mut Exposition, figures: HashingFigures) {
    told.add(HASHES_WAITING, [Series::level([], figures.waiting)]);
    told.add(HASHES_RUNNING, [Series::level([], figures.running)]);
    told.add(HASHES_REFUSED, [Series::count(["full"], figures.full), Series::count(["late"], figures.late)]);
    told.add(HASH_WAITS, [Series::times([], figures.waits)]);
    told.add(HASH_TIMES, [Series::times([], figures.times)]);
}

fn writer(told: &mut Exposition, store: &(impl DeploymentStore + ?Sized)) {
    let Some(figures) = store.figures() else { return };
    told.add(COMMIT_TIMES, [Series::times([], figures.commit_times)]);
    told.add(BATCH_SIZES, [Series::sizes([], figures.batch_sizes)]);
    told.add(CHANGES_WAITING, [Series::level([], figures.waiting)]);
    told.add(CHANGES_REFUSED, [Series::count([], figures.refused)]);
}

fn feed(told: &mut Exposition, figures: &FeedFigures) {
    told.add(FEED_SUBSCRIBERS, [Series::level([], figures.subscribers)]);
    told.add(FEED_SEQUENCE, [Series::level([], figures.sequence)]);
    told.add(FEED_AGE, [Series::millis([], figures.age.as_millis())]);
    told.add(VERIFIERS, [Series::level([], figures.verifiers)]);
    told.add(VERIFIER_LAG, [Series::level([], figures.lag)]);
}
