//! A hit is looked at like a miss: time, key set, revocation, audience.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use countersign_verifier::{Mint, Registered, TestIssuer};
use serde::Deserialize;
use serde_json::Value;

use crate::support::*;

#[tokio::test]
async fn a64_tokens_that_collide_are_each_verified_on_their_own() {
    let issuer = TestIssuer::start().await;
    let verifier = current(builder(&issuer).colliding_hashes()).await;
    let minted: Vec<_> = (0..20).map(|_| issuer.mint(AUDIENCE)).collect();
    for _ in 0..2 {
        for one in &minted {
            let token = verifier.verify::<Value>(&one.token).unwrap();
            assert_eq!(token.session(), Some(&*one.session));
        }
    }
    assert_eq!((verifier.metrics().cache_misses, verifier.metrics().cache_hits), (20, 20));
    // What differs in one byte falls into the same place too, and is no hit.
    let (payload, signature) = minted[0].token.rsplit_once('.').unwrap();
    let (_, other_signature) = minted[1].token.rsplit_once('.').unwrap();
    assert_eq!(judge(&verifier, &format!("{payload}.{other_signature}")), "bad_signature");
    assert_eq!(judge(&verifier, &format!("{payload}.{signature}A")), "bad_signature");
    assert_eq!(judge(&verifier, payload), "malformed");
    assert_eq!(judge(&verifier, &format!("{} ", minted[0].token)), "base64");
}

#[tokio::test]
async fn a65_a_cached_token_is_refused_once_it_has_expired() {
    let (clock, issuer, verifier) = pair_on_a_clock().await;
    let minted = issuer.sign(&Mint::new(AUDIENCE).lifetime(Duration::from_secs(60)));
    assert_eq!(judge(&verifier, &minted.token), "fresh");
    clock.advance(Duration::from_millis(69_999));
    assert_ne!(judge(&verifier, &minted.token), "expired");
    assert_eq!(verifier.metrics().cache_hits, 1);
    clock.advance(Duration::from_millis(1));
    assert_eq!(judge(&verifier, &minted.token), "expired");
    assert_eq!(verifier.metrics().cache_entries, 0);
}

#[tokio::test]
async fn a65_a_cached_token_is_refused_once_it_is_revoked() {
    let (issuer, verifier) = pair().await;
    let [by_session, by_token, by_client, other] = [(); 4].map(|()| issuer.mint(AUDIENCE));
    let by_client = issuer.sign(&Mint::new(AUDIENCE).session(&by_client.session).claim("client_id", "cli"));
    for minted in [&by_session, &by_token, &by_client, &other] {
        assert_eq!(judge(&verifier, &minted.token), "fresh");
    }
    issuer.revoke_session(&by_session.session);
    issuer.revoke_token(&by_token.id);
    issuer.revoke_client("cli");
    for minted in [&by_session, &by_token, &by_client] {
        until_judged(&verifier, minted, "revoked").await;
    }
    assert_eq!(judge(&verifier, &other.token), "fresh");
}

#[tokio::test]
async fn a65_a_cached_token_is_refused_once_its_key_is_gone() {
    let (issuer, verifier) = pair().await;
    let (minted, key) = (issuer.mint(AUDIENCE), issuer.active_key_id());
    assert_eq!(judge(&verifier, &minted.token), "fresh");
    issuer.rotate_key();
    issuer.revoke_key(&key);
    until_judged(&verifier, &minted, "key_not_found").await;
}

#[tokio::test]
async fn a65_what_is_cached_for_one_audience_is_not_for_another() {
    let (issuer, verifier) = pair().await;
    let other = verifier.for_audience("https://other.example");
    let (mine, others) = (issuer.mint(AUDIENCE), issuer.mint("https://other.example"));
    for _ in 0..2 {
        assert_eq!((judge(&verifier, &mine.token), judge(&other, &mine.token)), ("fresh", "wrong_audience"));
        assert_eq!((judge(&verifier, &others.token), judge(&other, &others.token)), ("wrong_audience", "fresh"));
    }
}

#[tokio::test]
async fn another_type_of_claims_is_verified_and_kept_apart() {
    #[derive(Deserialize)]
    struct Tenant {
        tenant: String,
    }
    let (issuer, verifier) = pair().await;
    let minted = issuer.sign(&Mint::new(AUDIENCE).claim("tenant", "blue"));
    for _ in 0..2 {
        assert_eq!(verifier.verify::<Tenant>(&minted.token).unwrap().claims().tenant, "blue");
        assert_eq!(verifier.verify::<Value>(&minted.token).unwrap().claims()["tenant"], "blue");
        assert!(verifier.verify::<Registered>(&minted.token).is_ok());
    }
    assert_eq!(verifier.metrics().cache_entries, 3);
    let without = issuer.mint(AUDIENCE);
    assert_eq!(verifier.verify::<Tenant>(&without.token).unwrap_err().code(), "claim_type");
    assert_eq!(judge(&verifier, &without.token), "fresh");
}

#[tokio::test]
async fn tokens_that_were_refused_take_no_room() {
    let (issuer, verifier) = pair().await;
    let minted = issuer.mint("https://other.example");
    for _ in 0..100 {
        assert_eq!(judge(&verifier, &minted.token), "wrong_audience");
        assert_eq!(judge(&verifier, &issuer.mint("https://other.example").token), "wrong_audience");
    }
    assert_eq!((verifier.metrics().cache_entries, verifier.metrics().refusals["wrong_audience"]), (0, 200));
}

#[tokio::test]
async fn the_cache_keeps_within_its_bytes() {
    let issuer = TestIssuer::start().await;
    let verifier = current(builder(&issuer).cache_bytes(300_000)).await;
    for _ in 0..500 {
        assert_eq!(judge(&verifier, &issuer.mint(AUDIENCE).token), "fresh");
    }
    let metrics = verifier.metrics();
    assert!(metrics.cache_bytes <= 300_000 && metrics.cache_entries > 30, "{metrics:?}");
    let none = current(builder(&issuer).cache_bytes(0)).await;
    let minted = issuer.mint(AUDIENCE);
    assert_eq!((judge(&none, &minted.token), judge(&none, &minted.token)), ("fresh", "fresh"));
    assert_eq!(none.metrics().cache_misses, 2);
}

/// Ends the threads of a test, also where it fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn what_one_thread_saw_revoked_no_other_accepts() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (issuer, verifier) = runtime.block_on(pair());
    let minted: Vec<_> = (0..50).map(|_| (issuer.mint(AUDIENCE), AtomicBool::new(false))).collect();
    let ended = AtomicBool::new(false);
    let watch = || {
        let _end = End(&ended);
        while !ended.load(Ordering::SeqCst) {
            for (minted, is_revoked) in &minted {
                let was_revoked = is_revoked.load(Ordering::SeqCst);
                match judge(&verifier, &minted.token) {
                    "revoked" => is_revoked.store(true, Ordering::SeqCst),
                    code => assert!(!was_revoked, "{code}"),
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let _end = End(&ended);
        for _ in 0..3 {
            scope.spawn(watch);
        }
        for (minted, is_revoked) in &minted {
            issuer.revoke_session(&minted.session);
            runtime.block_on(until("seen", || is_revoked.load(Ordering::SeqCst)));
        }
    });
}
