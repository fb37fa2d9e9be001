//! Relays and issuers that come and go.

use countersign_guard::relay::RelaySettings;
use countersign_verifier::TestIssuer;

use crate::support::{AUDIENCE, Served, ask, current, judge, quick, relay_of, until, until_judged, verifier};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_resume_after_a_relay_was_started_again() {
    let issuer = TestIssuer::start().await;
    let relay = relay_of(&issuer).await;
    let address = relay.address;
    let verifier = current(verifier(&issuer, &relay.url())).await;
    let [before, meanwhile, after] = [(); 3].map(|()| issuer.mint(AUDIENCE));
    issuer.revoke_session(&before.session);
    until_judged(&verifier, &before.token, "revoked").await;
    relay.stop().await;
    issuer.revoke_session(&meanwhile.session);
    let relay = Served::start_at(RelaySettings::new(issuer.url()), address).await;
    until_judged(&verifier, &meanwhile.token, "revoked").await;
    issuer.revoke_session(&after.session);
    until_judged(&verifier, &after.token, "revoked").await;
    until_judged(&verifier, &issuer.mint(AUDIENCE).token, "fresh").await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_issuer_down_a_relay_hands_on_what_it_kept() {
    let (issuer, folder) = (TestIssuer::start().await, tempfile::tempdir().unwrap());
    let settings = RelaySettings::new(issuer.url()).data_folder(folder.path());
    let relay = Served::start(settings.clone()).await;
    let minted = issuer.mint(AUDIENCE);
    let other = tempfile::tempdir().unwrap();
    let first = current(verifier(&issuer, &relay.url()).data_folder(other.path())).await;
    issuer.revoke_session(&minted.session);
    until_judged(&first, &minted.token, "revoked").await;
    let tail = folder.path().join("feed-tail");
    until("kept", || std::fs::metadata(&tail).is_ok_and(|tail| tail.len() > 0)).await;
    until("keys kept", || other.path().join("keys").exists() || std::fs::read_dir(other.path()).unwrap().count() > 2)
        .await;
    let address = relay.address;
    relay.stop().await;
    drop(first);
    issuer.stop();

    let relay = Served::start_at(settings, address).await;
    relay.ready().await;
    let snapshot = ask(address, "GET /revocations/snapshot", &[], "").await.text().await;
    assert!(snapshot.matches("eyJ").count() >= 2, "the snapshot and the batch: {snapshot}");
    // Old as it is, it makes nobody fresh for long; what it says is refused all the same.
    issuer.restart().await;
    let second = current(verifier(&issuer, &relay.url())).await;
    assert_eq!(judge(&second, &minted.token), "revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_that_was_down_makes_readers_stale_and_then_fresh_again() {
    let issuer = TestIssuer::start().await;
    let relay = relay_of(&issuer).await;
    let verifier = verifier(&issuer, &relay.url()).max_staleness(std::time::Duration::from_secs(1));
    let verifier = current(verifier).await;
    let [good, revoked] = [(); 2].map(|()| issuer.mint(AUDIENCE));
    issuer.stop();
    until_judged(&verifier, &good.token, "stale").await;
    issuer.revoke_session(&revoked.session);
    issuer.restart().await;
    until_judged(&verifier, &revoked.token, "revoked").await;
    until_judged(&verifier, &good.token, "fresh").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verifier_that_is_ahead_of_a_relay_waits_for_it_without_a_word_lost() {
    let issuer = TestIssuer::start().await;
    // This relay's snapshot is of the beginning.
    let relay = relay_of(&issuer).await;
    let folder = tempfile::tempdir().unwrap();
    let direct = countersign_verifier::Verifier::builder(issuer.url()).audience(AUDIENCE).timing(quick());
    let ahead = current(direct.data_folder(folder.path())).await;
    issuer.pause_feed();
    // Only who asks for a snapshot hears of it now.
    let minted = issuer.mint(AUDIENCE);
    issuer.revoke_session(&minted.session);
    drop(ahead);
    issuer.resume_feed();
    let ahead = current(verifier(&issuer, &relay.url()).data_folder(folder.path())).await;
    until_judged(&ahead, &minted.token, "revoked").await;
    until_judged(&ahead, &issuer.mint(AUDIENCE).token, "fresh").await;
}
