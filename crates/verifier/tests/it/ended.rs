//! Connections that outlive a request.

use std::time::Duration;

use countersign_verifier::{Ended, Mint, OtherSession, Registered};
use tokio::time::timeout;

use crate::support::*;

#[tokio::test]
async fn a_revocation_ends_the_connections_of_its_session_and_no_others() {
    let (issuer, verifier) = pair().await;
    let (mine, other) = (issuer.mint(AUDIENCE), issuer.mint(AUDIENCE));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let token = verifier.verify::<Registered>(&mine.token).unwrap();
        waiting.spawn(async move { token.revoked().await });
    }
    let stays = verifier.verify::<Registered>(&other.token).unwrap();
    let stays = tokio::spawn(async move { stays.revoked().await });
    tokio::task::yield_now().await;
    issuer.revoke_session(&mine.session);
    let ended = timeout(LONG, waiting.join_all()).await.unwrap();
    assert_eq!(ended, vec![Ended::Revoked; 100]);
    assert!(!stays.is_finished());
    stays.abort();
}

#[tokio::test]
async fn a_refused_key_and_a_revoked_client_end_connections_too() {
    let (issuer, verifier) = pair().await;
    let key = issuer.active_key_id();
    let by_key = verifier.verify::<Registered>(&issuer.mint(AUDIENCE).token).unwrap();
    issuer.rotate_key();
    let minted = issuer.sign(&Mint::new(AUDIENCE).claim("client_id", "cli"));
    until_judged(&verifier, &minted, "fresh").await;
    let by_client = verifier.verify::<Registered>(&minted.token).unwrap();
    issuer.revoke_key(&key);
    issuer.revoke_client("cli");
    assert_eq!(timeout(LONG, by_key.revoked()).await, Ok(Ended::Revoked));
    assert_eq!(timeout(LONG, by_client.revoked()).await, Ok(Ended::Revoked));
    assert_eq!(by_client.revoked().await, Ended::Revoked, "at once, when it is so already");
}

#[tokio::test]
async fn it_ends_with_the_token_unless_a_newer_one_was_handed_in() {
    let (clock, issuer, verifier) = pair_on_a_clock().await;
    let first = issuer.sign(&Mint::new(AUDIENCE).lifetime(Duration::from_secs(60)).subject("ana"));
    let newer = Mint::new(AUDIENCE).session(&first.session).subject("ana").lifetime(Duration::from_secs(300));
    let newer = verifier.verify::<Registered>(&issuer.sign(&newer).token).unwrap();
    let short = verifier.verify::<Registered>(&first.token).unwrap();
    let long = verifier.verify::<Registered>(&first.token).unwrap();
    long.clone().superseded_by(&newer).unwrap();
    let waiting = tokio::spawn(async move { long.revoked().await });
    clock.advance(Duration::from_secs(61));
    assert_eq!(timeout(LONG, short.revoked()).await, Ok(Ended::Expired));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!waiting.is_finished());
    clock.advance(Duration::from_secs(240));
    assert_eq!(timeout(LONG, waiting).await.unwrap().unwrap(), Ended::Expired);
}

#[tokio::test]
async fn a_newer_token_that_is_revoked_ends_the_connection_that_it_carries() {
    let (issuer, verifier) = pair().await;
    let first = issuer.sign(&Mint::new(AUDIENCE).subject("ana"));
    let newer = Mint::new(AUDIENCE).session(&first.session).subject("ana").lifetime(Duration::from_secs(900));
    let minted = issuer.sign(&newer);
    let token = verifier.verify::<Registered>(&first.token).unwrap();
    token.superseded_by(&verifier.verify::<Registered>(&minted.token).unwrap()).unwrap();
    issuer.revoke_token(&minted.id);
    assert_eq!(timeout(LONG, token.revoked()).await, Ok(Ended::Revoked));
}

#[tokio::test]
async fn a_token_of_another_session_does_not_prolong_a_connection() {
    let (issuer, verifier) = pair().await;
    let verify = |mint: Mint| verifier.verify::<Registered>(&issuer.sign(&mint).token).unwrap();
    let mine = verify(Mint::new(AUDIENCE).subject("ana"));
    let other = verify(Mint::new(AUDIENCE).subject("ana").lifetime(Duration::from_secs(900)));
    let stolen = verify(Mint::new(AUDIENCE).subject("bob").session(mine.session().unwrap()));
    assert_eq!(mine.superseded_by(&other), Err(OtherSession));
    assert_eq!(mine.superseded_by(&stolen), Err(OtherSession));
    let older =
        verify(Mint::new(AUDIENCE).subject("ana").session(mine.session().unwrap()).lifetime(Duration::from_secs(5)));
    assert_eq!(mine.superseded_by(&older), Ok(()));
}
