//! The feed goes on where it was, whatever happened in between.

use std::time::Duration;

use countersign_verifier::{Fault, Freshness, Minted, TestIssuer, TestOptions, Timing, Verifier};

use crate::support::*;

/// Revokes sessions one after another, and waits until each is refused.
async fn revoke_some(issuer: &TestIssuer, verifier: &Verifier, number: usize) -> Vec<Minted> {
    let mut revoked = Vec::new();
    for _ in 0..number {
        let minted = issuer.mint(AUDIENCE);
        assert_eq!(judge(verifier, &minted.token), "fresh");
        issuer.revoke_session(&minted.session);
        until_judged(verifier, &minted, "revoked").await;
        revoked.push(minted);
    }
    revoked
}

fn all_refused(verifier: &Verifier, revoked: &[Minted]) {
    assert!(revoked.iter().all(|minted| judge(verifier, &minted.token) == "revoked"));
}

#[tokio::test]
async fn a_snapshot_then_the_tail_and_reports_of_how_far_it_is() {
    let issuer = TestIssuer::start().await;
    let before = issuer.mint(AUDIENCE);
    issuer.revoke_session(&before.session);
    let verifier = current(builder(&issuer)).await;
    assert_eq!(judge(&verifier, &before.token), "revoked");
    let after = revoke_some(&issuer, &verifier, 5).await;
    until_level(&issuer, &verifier).await;
    let metrics = verifier.metrics();
    assert_eq!((metrics.snapshots, metrics.feed_connections, metrics.revoked), (1, 1, 6));
    all_refused(&verifier, &after);
}

#[tokio::test]
async fn connections_that_break_are_resumed_without_a_snapshot() {
    let (issuer, verifier) = pair().await;
    issuer.set_fault(Fault::Cut);
    let revoked = revoke_some(&issuer, &verifier, 10).await;
    until_level(&issuer, &verifier).await;
    let metrics = verifier.metrics();
    assert!(metrics.feed_connections > 3, "{metrics:?}");
    assert_eq!(metrics.snapshots, 1, "{metrics:?}");
    all_refused(&verifier, &revoked);
}

#[tokio::test]
async fn an_issuer_that_was_down_is_followed_on() {
    let (issuer, verifier) = pair().await;
    let mut revoked = revoke_some(&issuer, &verifier, 3).await;
    issuer.stop();
    let meanwhile = issuer.mint(AUDIENCE);
    issuer.revoke_session(&meanwhile.session);
    until("a failure", || !verifier.metrics().fetch_failures.is_empty()).await;
    assert_eq!(judge(&verifier, &meanwhile.token), "fresh", "not known yet, and not stale yet");
    issuer.restart().await;
    until_judged(&verifier, &meanwhile, "revoked").await;
    revoked.push(meanwhile);
    until_level(&issuer, &verifier).await;
    all_refused(&verifier, &revoked);
    assert_eq!(verifier.metrics().snapshots, 1);
}

#[tokio::test]
async fn a_new_epoch_is_joined_by_a_snapshot_and_nothing_is_unrevoked() {
    let (issuer, verifier) = pair().await;
    let mut revoked = revoke_some(&issuer, &verifier, 3).await;
    issuer.begin_epoch();
    until_level(&issuer, &verifier).await;
    revoked.extend(revoke_some(&issuer, &verifier, 2).await);
    // As a restore of an old backup would: the issuer no longer knows what it said.
    issuer.lose_everything();
    until_level(&issuer, &verifier).await;
    all_refused(&verifier, &revoked);
    assert_eq!(verifier.metrics().snapshots, 3);
    assert_eq!(issuer.feed_position().0.sequence.0, 0);
}

#[tokio::test]
async fn the_feeds_own_keys_are_fetched_when_a_new_one_signs() {
    let (issuer, verifier) = pair().await;
    let minted = issuer.mint(AUDIENCE);
    issuer.rotate_feed_key();
    issuer.revoke_session(&minted.session);
    until_judged(&verifier, &minted, "revoked").await;
    assert!(verifier.metrics().objects_refused["key_not_found"] > 0);
    until_level(&issuer, &verifier).await;
}

#[tokio::test]
async fn a_feed_that_needs_a_client_is_read_with_its_token() {
    let mut options = TestOptions::default();
    options.client = Some(("api".to_owned(), "s3cret".to_owned()));
    let issuer = TestIssuer::start_with(options).await;
    let verifier = current(builder(&issuer).client("api", "s3cret")).await;
    revoke_some(&issuer, &verifier, 2).await;
    until_level(&issuer, &verifier).await;
    assert_eq!(issuer.requests("/token"), 1);

    let stranger = builder(&issuer).client("api", "wrong").build().await.unwrap();
    until("it is refused", || stranger.metrics().fetch_failures.contains_key("feed")).await;
    assert_eq!(stranger.freshness(), Freshness::Stale);
}

#[tokio::test]
async fn where_streams_do_not_get_through_the_feed_is_polled() {
    let issuer = TestIssuer::start().await;
    issuer.pause_feed();
    let timing = Timing { silence: Duration::from_millis(30), ..quick() };
    let verifier = builder(&issuer).timing(timing).build().await.unwrap();
    // The stream says nothing at all; polls are answered.
    let minted = issuer.mint(AUDIENCE);
    until("silent streams", || verifier.metrics().feed_connections >= 2).await;
    issuer.revoke_session(&minted.session);
    until_judged(&verifier, &minted, "revoked").await;
    until_level(&issuer, &verifier).await;
}

#[tokio::test]
async fn an_issuer_that_lost_entries_is_shown_what_it_had_signed() {
    let (issuer, verifier) = pair().await;
    revoke_some(&issuer, &verifier, 3).await;
    issuer.forget_last(2);
    until("the proof", || issuer.proofs_of_loss() > 0).await;
}

#[tokio::test]
async fn the_token_for_the_feed_is_renewed_before_it_expires_and_when_it_is_refused() {
    let mut options = TestOptions::default();
    (options.client, options.feed_token_seconds) = (Some(("api".to_owned(), "s3cret".to_owned())), 1);
    let issuer = TestIssuer::start_with(options).await;
    let timing = Timing { report_every: Duration::from_millis(20), ..quick() };
    let verifier = current(builder(&issuer).client("api", "s3cret").timing(timing)).await;
    until("renewed at two thirds of its life", || issuer.requests("/token") == 2).await;
    issuer.revoke_feed_tokens();
    issuer.set_fault(Fault::Cut);
    until("another one", || issuer.requests("/token") > 2).await;
    issuer.resume_feed();
    until_level(&issuer, &verifier).await;
}

#[tokio::test]
async fn thousands_of_entries_come_in_parts_and_the_folder_asks_for_a_snapshot_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = TestIssuer::start().await;
    let verifier = current(builder(&issuer).data_folder(folder.path())).await;
    let revoked: Vec<Minted> = (0..20).map(|_| issuer.mint(AUDIENCE)).collect();
    for round in 0..250 {
        for minted in &revoked {
            issuer.revoke_token(&issuer.mint_id());
            if round == 0 {
                issuer.revoke_session(&minted.session);
            }
        }
    }
    until_level(&issuer, &verifier).await;
    until("a snapshot for the folder", || verifier.metrics().snapshots == 2).await;
    until_level(&issuer, &verifier).await;
    let joined = current(builder(&issuer)).await;
    assert_eq!((joined.metrics().revoked, verifier.metrics().revoked), (5_020, 5_020));
    all_refused(&verifier, &revoked);
    all_refused(&joined, &revoked);
}

#[tokio::test]
async fn the_background_ends_with_the_last_verifier() {
    let (issuer, verifier) = pair().await;
    let clone = verifier.for_audience("https://other.example");
    drop(verifier);
    let minted = issuer.mint("https://other.example");
    issuer.revoke_session(&minted.session);
    until_judged(&clone, &minted, "revoked").await;
    drop(clone);
    let asked = || ["/feed", "/feed/applied", "/feed/snapshot", "/jwks"].map(|path| issuer.requests(path));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let before = asked();
    issuer.restart().await;
    issuer.begin_epoch();
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(asked(), before);
}
