//! Unknown key ids do not turn a verifier against its issuer.

use std::time::Duration;

use countersign_jose::{Algorithm, KeyId, Signer, SigningKey};
use countersign_verifier::Mint;

use crate::support::*;

#[tokio::test]
async fn a61_ten_thousand_unknown_kids_cause_one_fetch() {
    let (issuer, verifier) = pair().await;
    let fetches = issuer.requests("/jwks");
    let claims = issuer.sign(&Mint::new(AUDIENCE)).claims;
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let stored = key.to_stored();
    for number in 0..10_000 {
        let id = KeyId::new(format!("unknown-{number}")).unwrap();
        let key = SigningKey::from_stored(Algorithm::EdDsa, id, &stored).unwrap();
        let token = Signer::new(key.into(), "at+jwt").sign(&claims).unwrap();
        assert_eq!(judge(&verifier, &token), "key_not_found");
    }
    until("one fetch", || issuer.requests("/jwks") > fetches).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(issuer.requests("/jwks"), fetches + 1);
    assert_eq!(judge(&verifier, &issuer.mint(AUDIENCE).token), "fresh");
}

#[tokio::test]
async fn a61_after_the_cooldown_an_id_that_was_looked_for_causes_no_other_fetch() {
    let (clock, issuer, verifier) = pair_on_a_clock().await;
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let token = |id: &str| {
        let key = SigningKey::from_stored(Algorithm::EdDsa, KeyId::new(id).unwrap(), &key.to_stored()).unwrap();
        Signer::new(key.into(), "at+jwt").sign(&issuer.mint(AUDIENCE).claims).unwrap()
    };
    let fetches = issuer.requests("/jwks");
    assert_eq!(judge(&verifier, &token("one")), "key_not_found");
    until("the first fetch", || issuer.requests("/jwks") == fetches + 1).await;
    clock.advance(Duration::from_secs(31));
    assert_eq!(judge(&verifier, &token("one")), "key_not_found");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(issuer.requests("/jwks"), fetches + 1);
    assert_eq!(judge(&verifier, &token("two")), "key_not_found");
    until("the second fetch", || issuer.requests("/jwks") == fetches + 2).await;
}
