//! Revocations that are known too late: each rule has its policy, and 503 is told as such.

use std::time::Duration;

use countersign_guard::{Demand, Guard, Proxy, Rules, Settings};
use countersign_verifier::{Freshness, Needs, StalePolicy, TestIssuer, TestOptions, Verifier};

use crate::support::*;

#[tokio::test]
async fn each_rule_decides_what_happens_while_the_feed_is_late() {
    let mut options = TestOptions::default();
    options.client = Some(("guard".to_owned(), "secret".to_owned()));
    let issuer = TestIssuer::start_with(options).await;
    let verifier = Verifier::builder(issuer.url()).audience(AUDIENCE).client("guard", "secret");
    let verifier = verifier.max_staleness(Duration::from_millis(300)).build().await.unwrap();
    assert!(verifier.wait_until_current(LONG).await);
    let stale = |path, policy| rule(path, Demand::Token(Needs::any_token().stale(policy)));
    let rules = Rules::new(vec![
        stale("/pay/*", StalePolicy::Refuse),
        stale("/ask/*", StalePolicy::Introspect),
        stale("/read/*", StalePolicy::Accept),
    ]);
    let guard = Guard::new(Settings::new(Proxy::Nginx), [verifier.clone()], rules.unwrap());
    let address = listen(&guard).await;
    let site = Site { issuer, verifier, guard, address };
    let (good, ended) = (site.mint(&[], &[]), site.mint(&[], &[]));
    until("fresh", async || site.ask_with("/pay/x", &good).await.status == 200).await;

    site.issuer.pause_feed();
    site.issuer.revoke_session(&ended.session);
    until("stale", async || site.verifier.freshness() == Freshness::Stale).await;
    let refused = site.ask_with("/pay/x", &good).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(refused.header("www-authenticate"), None);
    assert_eq!(site.ask_with("/ask/x", &good).await.status, 200);
    assert_eq!(site.ask_with("/ask/x", &ended).await.status, 401);
    // Never worse than a plain JWT, and no better.
    assert_eq!(site.ask_with("/read/x", &ended).await.status, 200);
    assert_eq!(site.ask_with("/elsewhere", &ended).await.status, 200);
    assert_eq!(site.ask("/pay/x", &[]).await.status, 401);

    site.issuer.resume_feed();
    until("fresh", async || site.ask_with("/pay/x", &good).await.status == 200).await;
    assert_eq!(site.ask_with("/read/x", &ended).await.status, 401);
}
