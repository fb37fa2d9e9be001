//! What waits together is committed together, and what changed is seen.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::store::{AuditStore as _, DeploymentStore as _, StoreError};
use countersign_core::{Epoch, Time};
use countersign_store_sqlite::limits::CHANGES_WAITING_MAX;
use countersign_store_sqlite::{BatchLimit, Options, SqliteStore};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinSet;

fn opened(batch_max: BatchLimit) -> (TempDir, Arc<SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { batch_max, ..Options::at(folder.path().join("store")) };
    (folder, Arc::new(SqliteStore::open(&options).unwrap()))
}

fn event() -> AuditEvent {
    AuditEvent::new(Time::from_millis(1), "event", Actor::default())
}

/// How many commits `changes` changes take that all come at once.
async fn commits(store: &Arc<SqliteStore>, changes: usize) -> u64 {
    let before = store.commits();
    let mut waiting = JoinSet::new();
    for _ in 0..changes {
        let store = Arc::clone(store);
        waiting.spawn(async move { store.record(event()).await.unwrap() });
    }
    waiting.join_all().await;
    store.commits() - before
}

#[tokio::test]
async fn what_waits_together_is_committed_together() {
    let (_folder, store) = opened(BatchLimit::default());
    let commits = commits(&store, 512).await;
    assert!((1..=64).contains(&commits), "{commits} commits");
}

#[tokio::test]
async fn a_batch_has_its_limit() {
    let (_folder, store) = opened(BatchLimit::new(10));
    assert!(commits(&store, 100).await >= 10);
    let (_folder, store) = opened(BatchLimit::ONE);
    assert_eq!(commits(&store, 20).await, 20);
}

#[tokio::test]
async fn the_writer_tells_how_it_keeps_up() {
    let (_folder, store) = opened(BatchLimit::new(8));
    let before = store.figures().unwrap().batch_sizes;
    let commits = commits(&store, 64).await;
    let figures = store.figures().unwrap();
    assert_eq!(figures.batch_sizes.sum - before.sum, 64, "every change is counted in its batch");
    assert_eq!(figures.batch_sizes.count() - before.count(), commits);
    assert_eq!(figures.commit_times.count(), figures.batch_sizes.count());
    assert!(figures.commit_times.sum > 0);
    assert_eq!((figures.waiting, figures.refused), (0, 0));
}

#[tokio::test]
async fn what_changes_nothing_costs_no_commit() {
    let (_folder, store) = opened(BatchLimit::default());
    let epoch = Epoch::new(1, [1; 10]);
    store.found("https://issuer.example", epoch, Time::from_millis(1)).await.unwrap();
    let before = store.commits();
    for _ in 0..10 {
        store.found("https://issuer.example", epoch, Time::from_millis(1)).await.unwrap();
    }
    assert_eq!(store.commits(), before);
}

#[tokio::test]
async fn more_than_may_wait_is_refused_and_the_rest_is_made() {
    let (_folder, store) = opened(BatchLimit::new(64));
    let mut waiting: JoinSet<_> = JoinSet::new();
    for _ in 0..CHANGES_WAITING_MAX * 2 {
        let store = Arc::clone(&store);
        waiting.spawn(async move { store.record(event()).await });
    }
    let outcomes = waiting.join_all().await;
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Overloaded { .. }))).count();
    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(refused > 0 && made >= CHANGES_WAITING_MAX, "{refused} refused, {made} made");
    assert!(store.commits() >= made as u64 / 64);
}

#[tokio::test]
async fn every_commit_is_seen_whoever_made_it() {
    let (folder, store) = opened(BatchLimit::default());
    let first = store.data_version().await.unwrap();
    assert_eq!(store.data_version().await.unwrap(), first);
    store.record(event()).await.unwrap();
    let second = store.data_version().await.unwrap();
    assert_ne!(second, first);
    let other = SqliteStore::open(&Options::at(folder.path().join("store"))).unwrap();
    other.record(event()).await.unwrap();
    assert_ne!(store.data_version().await.unwrap(), second);
}

#[tokio::test]
async fn a_closed_store_answers_that_it_is() {
    let (folder, store) = opened(BatchLimit::default());
    store.record(event()).await.unwrap();
    store.close().await;
    assert!(matches!(store.record(event()).await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(store.deployment().await, Err(StoreError::Unavailable { .. })));
    store.close().await;
    // The last connection carried the log over and took it away.
    let left: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["store"]);
}
