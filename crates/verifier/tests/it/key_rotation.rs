//! Keys come and go, and no request notices but those that must.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use countersign_verifier::{Needs, Registered, TestIssuer, TestOptions};

use crate::support::*;

/// A request with that token, as the layer would see it.
pub(crate) fn request(token: &str) -> http::request::Parts {
    let request = http::Request::get("/orders").header("authorization", format!("Bearer {token}"));
    request.body(()).unwrap().into_parts().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_under_load_refuses_no_valid_token() {
    let (issuer, verifier) = pair().await;
    let issuer = Arc::new(issuer);
    let (ended, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (issuer, verifier) = (issuer.clone(), verifier.clone());
            let (ended, served) = (ended.clone(), served.clone());
            tokio::spawn(async move {
                let mut last = issuer.mint(AUDIENCE);
                while !ended.load(Ordering::Relaxed) {
                    let next = issuer.mint(AUDIENCE);
                    for minted in [&next, &last] {
                        let verified =
                            verifier.authenticate::<Registered>(&request(&minted.token), &Needs::any_token()).await;
                        assert!(verified.is_ok(), "{verified:?} {:?}", verifier.metrics());
                    }
                    served.fetch_add(2, Ordering::Relaxed);
                    last = next;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
        })
        .collect();
    for _ in 0..10 {
        // Published and announced a little before it signs, as the key ring does it.
        let generation = verifier.metrics().key_set_generation;
        let next = issuer.announce_key();
        until("the announced key is there", || verifier.metrics().key_set_generation > generation).await;
        issuer.activate_key(&next);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ended.store(true, Ordering::Relaxed);
    for task in load {
        task.await.unwrap();
    }
    assert!(served.load(Ordering::Relaxed) > 200);
}

#[tokio::test]
async fn a_key_that_signs_at_once_is_waited_for() {
    let (issuer, verifier) = pair().await;
    let next = issuer.publish_key();
    issuer.activate_key(&next);
    let minted = issuer.mint(AUDIENCE);
    let verified = verifier.authenticate::<Registered>(&request(&minted.token), &Needs::any_token()).await;
    assert!(verified.is_ok(), "{verified:?}");
    assert_eq!(issuer.requests("/jwks"), 2);
}

#[tokio::test]
async fn a_refused_key_is_gone_at_once_and_comes_back_from_no_source() {
    let (issuer, verifier) = pair().await;
    let (old, before) = (issuer.active_key_id(), issuer.mint(AUDIENCE));
    issuer.rotate_key();
    let after = issuer.mint(AUDIENCE);
    until_judged(&verifier, &after, "fresh").await;
    assert_eq!(judge(&verifier, &before.token), "fresh");
    issuer.refuse_key(&old);
    until_judged(&verifier, &before, "key_not_found").await;
    // The key set still has it, and is fetched again; it does not count.
    let fetches = issuer.requests("/jwks");
    issuer.rotate_key();
    until("another fetch", || issuer.requests("/jwks") > fetches).await;
    until_judged(&verifier, &issuer.mint(AUDIENCE), "fresh").await;
    assert_eq!(judge(&verifier, &before.token), "key_not_found");
    assert_eq!(judge(&verifier, &after.token), "fresh");
}

#[tokio::test]
async fn a63_a_key_that_was_dropped_fails_within_max_age_and_leaves_the_cache() {
    let mut options = TestOptions::default();
    options.max_age_seconds = 0;
    let issuer = TestIssuer::start_with(options).await;
    let verifier = current(builder(&issuer)).await;
    let (old, before) = (issuer.active_key_id(), issuer.mint(AUDIENCE));
    issuer.rotate_key();
    until_judged(&verifier, &issuer.mint(AUDIENCE), "fresh").await;
    assert_eq!(judge(&verifier, &before.token), "fresh");
    issuer.drop_key(&old);
    until_judged(&verifier, &before, "key_not_found").await;
}
