//! Several issuers behind one guard, ours and others.

use countersign_guard::{Demand, Guard, Proxy, Rules, Settings};
use countersign_verifier::{Mint, Needs, StalePolicy, TestIssuer, TestOptions, TokenType, Verifier};

use crate::support::*;

#[tokio::test]
async fn tokens_are_judged_by_the_issuer_that_they_name_and_by_no_other() {
    let ours = TestIssuer::start().await;
    let mut options = TestOptions::default();
    (options.has_feed, options.token_type) = (false, TokenType::AccessToken);
    let theirs = TestIssuer::start_with(options).await;
    let stranger = TestIssuer::start().await;
    let mut verifiers = Vec::new();
    for (issuer, audience) in [(&ours, AUDIENCE), (&theirs, "https://api.theirs.example")] {
        let verifier = Verifier::builder(issuer.url()).audience(audience).build().await.unwrap();
        assert!(verifier.wait_until_current(LONG).await);
        verifiers.push(verifier);
    }
    let refusing = rule("/pay/*", Demand::Token(Needs::any_token().stale(StalePolicy::Refuse)));
    let guard = Guard::new(Settings::new(Proxy::Nginx), verifiers.clone(), Rules::new(vec![refusing]).unwrap());
    let address = listen(&guard).await;
    let site = Site { issuer: ours, verifier: verifiers.remove(0), guard, address };

    assert_eq!(site.ask_with("/", &site.mint(&[], &[])).await.status, 200);
    let foreign = theirs.sign(&Mint::new("https://api.theirs.example").subject("bob"));
    assert_eq!(site.ask_with("/", &foreign).await.identity()[0], "bob");
    // An issuer without a feed is never fresh.
    assert_eq!(site.ask_with("/pay/x", &foreign).await.status, 503);
    assert_eq!(site.ask_with("/", &theirs.sign(&Mint::new(AUDIENCE))).await.status, 401);
    assert_eq!(site.ask_with("/", &stranger.mint(AUDIENCE)).await.status, 401);
    let claimed = Mint::new(AUDIENCE).claim("iss", site.issuer.url());
    assert_eq!(site.ask_with("/", &stranger.sign(&claimed)).await.status, 401);
    assert_eq!(site.ask("/", &[]).await.status, 401);
}
