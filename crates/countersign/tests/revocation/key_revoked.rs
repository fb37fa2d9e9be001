//! A signing key that somebody else has too, revoked: whatever it signed is refused, whatever time is written in it.

use crate::stage::{Stage, Tokens, current, judge, key_id, until};
use countersign_jose::{Algorithm, Signer, SigningKey};
use countersign_verifier::Verifier;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a verifier that is fresh may be late by.
const MOST: Duration = Duration::from_secs(10);
const NAME: &str = "leaked";

/// A token that the thief of the key makes from a real one: another session, another id, `iat` moved by seconds, and
/// `exp` so that it has not passed.
fn forged(key: &Arc<SigningKey>, real: &Tokens, moved: i64) -> String {
    let mut claims = real.claims();
    let id = |letter: &str| Value::from(letter.repeat(21) + "A");
    (claims["sid"], claims["jti"]) = (id("f"), id("g"));
    for (member, moved) in [("iat", moved), ("auth_time", moved), ("exp", moved.min(0) / 2)] {
        claims[member] = claims[member].as_i64().map(|at| at + moved).into();
    }
    Signer::new(key.clone(), "at+jwt").sign(&claims).unwrap()
}

async fn until_all_refused(verifier: &Verifier, tokens: &[&str]) {
    until("refused", || tokens.iter().all(|token| judge(verifier, token) == "key_not_found")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_keys_tokens_are_refused_everywhere_and_after_a_restart_too() {
    let mut stage = Stage::start(&[]);
    let folder = stage.place.path("verifier");
    let in_memory = stage.current_verifier().await;
    let with_folder = current(stage.verifier().data_folder(&folder)).await;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let file = stage.place.write("leaked.jwk", key.to_private_jwk().unwrap().as_bytes());
    stage.command(&["key", "import", file.to_str().unwrap(), "--id", NAME]);
    stage.command(&["key", "rotate", "--now"]);
    let key = Arc::new(key.with_id(countersign_jose::KeyId::new(NAME).unwrap()));
    let mut real = stage.sign_in();
    until("the key signs", || {
        real = stage.sign_in();
        key_id(&real.access) == NAME
    })
    .await;
    let (back_dated, forward_dated) = (forged(&key, &real, -300), forged(&key, &real, 8));
    let leaked = [real.access.as_str(), &back_dated, &forward_dated];
    for verifier in [&in_memory, &with_folder] {
        // Before, each of them is as good as a real one: that is what a leaked key means.
        until("known", || leaked.iter().all(|token| judge(verifier, token) == "fresh")).await;
    }

    let revoked_at = Instant::now();
    stage.command(&["key", "revoke", NAME]);
    for verifier in [&in_memory, &with_folder] {
        until_all_refused(verifier, &leaked).await;
    }
    assert!(revoked_at.elapsed() < MOST, "{:?}", revoked_at.elapsed());
    let made_later = forged(&key, &real, 1);
    assert_eq!(judge(&in_memory, &made_later), "key_not_found");
    let mut good = stage.sign_in();
    until("another key signs", || {
        good = stage.sign_in();
        key_id(&good.access) != NAME
    })
    .await;
    for verifier in [&in_memory, &with_folder, &stage.current_verifier().await] {
        until("the other key is known", || judge(verifier, &good.access) == "fresh").await;
        until_all_refused(verifier, &leaked).await;
    }
    // It is taken from no source again: not from the issuer after a restart, nor from what was kept.
    drop(with_folder);
    stage.kill();
    let from_folder = stage.verifier().data_folder(&folder).build().await.unwrap();
    assert!(from_folder.ready());
    assert_eq!(leaked.map(|token| judge(&from_folder, token)), ["key_not_found"; 3]);
    stage.start_again();
    assert!(from_folder.wait_until_current(MOST).await, "{:?}", from_folder.metrics());
    let again = stage.sign_in();
    for verifier in [&from_folder, &in_memory, &stage.current_verifier().await] {
        until("fresh", || judge(verifier, &again.access) == "fresh").await;
        assert_eq!(leaked.map(|token| judge(verifier, token)), ["key_not_found"; 3]);
    }
}
