//! Relays of relays.

use std::time::{Duration, Instant};

use countersign_verifier::{TestIssuer, Verifier};

use crate::support::{
    AUDIENCE, LONG, Served, ask, current, judge, quick, relay_below, relay_of, until, until_judged, verifier,
};

/// Two levels: one relay at the issuer, two below it, and as many verifiers below each of these.
struct Tree {
    issuer: TestIssuer,
    top: Served,
    below: Vec<Served>,
    verifiers: Vec<Verifier>,
}

impl Tree {
    async fn grow(verifiers_each: usize) -> Self {
        let issuer = TestIssuer::start().await;
        let top = relay_of(&issuer).await;
        let (mut below, mut verifiers) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let relay = relay_below(&issuer, &top.url()).await;
            for _ in 0..verifiers_each {
                verifiers.push(current(verifier(&issuer, &relay.url())).await);
            }
            below.push(relay);
        }
        Self { issuer, top, below, verifiers }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_reaches_every_verifier_through_two_levels_of_relays() {
    let tree = Tree::grow(10).await;
    let minted: Vec<_> = (0..100).map(|_| tree.issuer.mint(AUDIENCE)).collect();
    let mut last = Vec::new();
    for minted in &minted {
        assert!(tree.verifiers.iter().all(|verifier| judge(verifier, &minted.token) == "fresh"));
        let tokens: Vec<_> = tree
            .verifiers
            .iter()
            .map(|verifier| verifier.verify::<serde_json::Value>(&minted.token).unwrap())
            .collect();
        let begun = Instant::now();
        tree.issuer.revoke_session(&minted.session);
        for token in &tokens {
            token.revoked().await;
        }
        last.push(begun.elapsed());
        assert!(tree.verifiers.iter().all(|verifier| judge(verifier, &minted.token) == "revoked"));
    }
    last.sort_unstable();
    println!("issuer to the last of 20 verifiers, two relays between: p50 {:?}, p99 {:?}", last[50], last[98]);
    // Nobody below asked the issuer for anything but metadata and keys.
    assert_eq!(tree.issuer.requests("/feed/snapshot"), 1);
    assert_eq!(tree.issuer.requests("/feed"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_issuer_hears_of_the_slowest_verifier_and_of_one_reader_only() {
    let tree = Tree::grow(2).await;
    let minted = tree.issuer.mint(AUDIENCE);
    tree.issuer.revoke_session(&minted.session);
    let (end, _) = tree.issuer.feed_position();
    until("all have applied it", || tree.issuer.applied() == [end]).await;
    assert!(tree.verifiers.iter().all(|verifier| judge(verifier, &minted.token) == "revoked"), "not before all have");

    // One more, which is far behind: it is told upwards as it is.
    let behind = end.to_string().replace(&format!(":{}", end.sequence), ":0");
    let body = format!(r#"{{"verifier":"slow","applied":"{behind}"}}"#);
    let answer = ask(tree.below[1].address, "POST /revocations/applied", &[], &body).await;
    assert_eq!(answer.status, 204);
    until("the slowest counts", || tree.issuer.applied() == [behind.parse().unwrap()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_level_tells_how_it_stands() {
    let tree = Tree::grow(1).await;
    let (end, _) = tree.issuer.feed_position();
    let deepest = tree.verifiers[0].clone();
    let begun = Instant::now();
    let status = loop {
        // The relay above is asked now and then.
        match deepest.status_above().await {
            Some(status) if status.complete && status.levels.len() == 2 => break status,
            status => assert!(begun.elapsed() < LONG, "{status:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    for level in &status.levels {
        assert_eq!(level.applied.as_deref(), Some(&*end.to_string()));
        assert!(level.as_of.is_some() && level.lag_ms.is_some(), "{level:?}");
    }
    let scrape = ask(tree.below[0].address, "GET /metrics", &[], "").await.text().await;
    assert!(scrape.contains("countersign_relay_levels 2"), "{scrape}");
    assert!(scrape.contains("countersign_relay_readers 1"), "{scrape}");
    drop(tree.top);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_epoch_passes_through_and_nothing_is_un_revoked() {
    let tree = Tree::grow(1).await;
    let (lost, kept, new) = (tree.issuer.mint(AUDIENCE), tree.issuer.mint(AUDIENCE), tree.issuer.mint(AUDIENCE));
    tree.issuer.revoke_session(&lost.session);
    for verifier in &tree.verifiers {
        until_judged(verifier, &lost.token, "revoked").await;
    }
    tree.issuer.lose_everything();
    tree.issuer.revoke_session(&new.session);
    for verifier in &tree.verifiers {
        until_judged(verifier, &new.token, "revoked").await;
        until_judged(verifier, &kept.token, "fresh").await;
        assert_eq!(judge(verifier, &lost.token), "revoked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_verifier_holds_beyond_the_issuer_is_shown_to_it_through_relays() {
    let (issuer, folder) = (TestIssuer::start().await, tempfile::tempdir().unwrap());
    let minted = issuer.mint(AUDIENCE);
    let direct = Verifier::builder(issuer.url()).audience(AUDIENCE).timing(quick()).data_folder(folder.path());
    let holder = current(direct).await;
    issuer.revoke_session(&minted.session);
    until_judged(&holder, &minted.token, "revoked").await;
    let tail = folder.path().join("feed-tail");
    until("kept", || std::fs::metadata(&tail).is_ok_and(|tail| tail.len() > 0)).await;
    drop(holder);
    issuer.forget_last(1);
    // These never saw the entry, and so can't know that it is missing.
    let top = relay_of(&issuer).await;
    let below = relay_below(&issuer, &top.url()).await;
    assert_eq!(issuer.proofs_of_loss(), 0);
    let holder = verifier(&issuer, &below.url()).data_folder(folder.path()).build().await.unwrap();
    until("the loss is shown", || issuer.proofs_of_loss() > 0).await;
    assert_eq!(judge(&holder, &minted.token), "revoked");
    // The issuer does what it should.
    issuer.begin_epoch();
    until_judged(&holder, &issuer.mint(AUDIENCE).token, "fresh").await;
    assert_eq!(judge(&holder, &minted.token), "revoked");
}
