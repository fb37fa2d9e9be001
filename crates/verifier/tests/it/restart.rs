//! A restart with the issuer down: what was kept is verified again, and counts.

use std::{path::Path, time::Duration};

use countersign_verifier::{Freshness, StalePolicy, TestIssuer, Verifier};

use crate::support::*;

async fn with_folder(issuer: &TestIssuer, folder: &Path) -> Verifier {
    builder(issuer).data_folder(folder).build().await.unwrap()
}

/// Until the folder has so many lines of batches.
async fn until_kept(folder: &Path, lines: usize) {
    let tail = folder.join("feed-tail");
    until("kept", || {
        std::fs::read_to_string(&tail).is_ok_and(|text| text.lines().filter(|line| !line.is_empty()).count() >= lines)
    })
    .await;
}

#[tokio::test]
async fn without_anything_kept_it_starts_and_is_not_ready() {
    let issuer = TestIssuer::start().await;
    issuer.stop();
    let minted = issuer.mint(AUDIENCE);
    let verifier = builder(&issuer).build().await.unwrap();
    assert!(!verifier.ready());
    assert_eq!(error(&verifier, &minted.token).code(), "not_ready");
    assert!(error(&verifier, &minted.token).is_temporary());
    assert_eq!(error(&verifier, "no token").code(), "malformed");
    issuer.restart().await;
    assert!(verifier.wait_until_current(LONG).await);
    assert_eq!(judge(&verifier, &minted.token), "fresh");
}

#[tokio::test]
async fn what_was_kept_counts_and_its_age_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = TestIssuer::start().await;
    let (good, early, late) = (issuer.mint(AUDIENCE), issuer.mint(AUDIENCE), issuer.mint(AUDIENCE));
    let (old_key, by_old_key) = (issuer.active_key_id(), issuer.mint(AUDIENCE));
    {
        issuer.revoke_session(&early.session);
        let verifier = with_folder(&issuer, folder.path()).await;
        assert!(verifier.wait_until_current(LONG).await);
        issuer.rotate_key();
        until_judged(&verifier, &issuer.mint(AUDIENCE), "fresh").await;
        issuer.revoke_session(&late.session);
        until_judged(&verifier, &late, "revoked").await;
        issuer.refuse_key(&old_key);
        until_judged(&verifier, &by_old_key, "key_not_found").await;
        until_kept(folder.path(), 3).await;
    }
    let new = issuer.mint(AUDIENCE);
    issuer.stop();
    let verifier = builder(&issuer).data_folder(folder.path()).max_staleness(Duration::ZERO).build().await.unwrap();
    assert!(verifier.ready());
    assert_eq!(verifier.freshness(), Freshness::Stale);
    assert!(verifier.metrics().staleness_ms.is_some());
    assert_eq!(judge(&verifier, &new.token), "stale");
    // Signed with a key that was refused: gone, whatever its session.
    for minted in [&early, &late, &good, &by_old_key] {
        assert_eq!(judge(&verifier, &minted.token), "key_not_found");
    }
    drop(verifier);
    let refusing = builder(&issuer).data_folder(folder.path()).max_staleness(Duration::ZERO).stale(StalePolicy::Refuse);
    assert_eq!(error(&refusing.build().await.unwrap(), &new.token).code(), "stale");
    issuer.restart().await;
}

#[tokio::test]
async fn revoked_tokens_stay_refused_through_a_restart_and_a_new_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = TestIssuer::start().await;
    let (first, second) = (issuer.mint(AUDIENCE), issuer.mint(AUDIENCE));
    let new = issuer.mint(AUDIENCE);
    {
        let verifier = with_folder(&issuer, folder.path()).await;
        assert!(verifier.wait_until_current(LONG).await);
        issuer.revoke_session(&first.session);
        until_judged(&verifier, &first, "revoked").await;
        until_kept(folder.path(), 1).await;
        issuer.lose_everything();
        until("the old epoch is set aside", || folder.path().join("feed-older").exists()).await;
        issuer.revoke_session(&second.session);
        until_judged(&verifier, &second, "revoked").await;
        until_kept(folder.path(), 1).await;
    }
    issuer.stop();
    let verifier = with_folder(&issuer, folder.path()).await;
    assert_eq!(judge(&verifier, &first.token), "revoked");
    assert_eq!(judge(&verifier, &second.token), "revoked");
    assert!(matches!(judge(&verifier, &new.token), "fresh" | "stale"));
}

#[tokio::test]
async fn a_damaged_folder_is_read_as_far_as_it_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = TestIssuer::start().await;
    let revoked: Vec<_> = (0..3).map(|_| issuer.mint(AUDIENCE)).collect();
    {
        let verifier = with_folder(&issuer, folder.path()).await;
        assert!(verifier.wait_until_current(LONG).await);
        for (number, minted) in revoked.iter().enumerate() {
            issuer.revoke_session(&minted.session);
            until_judged(&verifier, minted, "revoked").await;
            until_kept(folder.path(), number + 1).await;
        }
    }
    // The last line was cut off by a crash, and something else was written behind it.
    let tail = folder.path().join("feed-tail");
    let text = std::fs::read_to_string(&tail).unwrap();
    std::fs::write(&tail, format!("{}\n\u{7f}garbage\n", &text[..text.len() - 40])).unwrap();
    issuer.stop();
    let verifier = with_folder(&issuer, folder.path()).await;
    let judged: Vec<_> = revoked.iter().map(|minted| judge(&verifier, &minted.token)).collect();
    assert_eq!(judged[..2], ["revoked", "revoked"]);
    assert!(verifier.metrics().objects_refused.values().sum::<u64>() >= 1);
    issuer.restart().await;
    until_judged(&verifier, &revoked[2], "revoked").await;
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("verifier");
    let issuer = TestIssuer::start().await;
    let verifier = with_folder(&issuer, &folder).await;
    assert!(verifier.wait_until_current(LONG).await);
    until("kept", || folder.join("feed-head").exists() && folder.join("feed-snapshot").exists()).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for file in std::fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[tokio::test]
async fn what_another_issuer_kept_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (TestIssuer::start().await, TestIssuer::start().await);
    drop({
        let verifier = with_folder(&one, folder.path()).await;
        assert!(verifier.wait_until_current(LONG).await);
        until("kept", || folder.path().join("feed-jwks.json").exists()).await;
        verifier
    });
    two.stop();
    assert!(!with_folder(&two, folder.path()).await.ready());
}

#[tokio::test]
async fn an_issuer_that_had_a_feed_is_not_followed_into_having_none() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = TestIssuer::start().await;
    let (revoked, good) = (issuer.mint(AUDIENCE), issuer.mint(AUDIENCE));
    {
        let verifier = with_folder(&issuer, folder.path()).await;
        assert!(verifier.wait_until_current(LONG).await);
        issuer.revoke_session(&revoked.session);
        until_judged(&verifier, &revoked, "revoked").await;
        until_kept(folder.path(), 1).await;
    }
    issuer.hide_feed();
    let fetches = issuer.requests("/jwks");
    let verifier = with_folder(&issuer, folder.path()).await;
    until("metadata and keys", || issuer.requests("/jwks") > fetches).await;
    assert_eq!(judge(&verifier, &revoked.token), "revoked");
    assert_ne!(judge(&verifier, &good.token), "no_feed");
}
