//! Health, readiness, metrics, and rules that change while requests come.

use countersign_guard::{Demand, Guard, Proxy, Rules, Settings};
use countersign_verifier::{TestIssuer, Verifier};

use crate::support::*;

#[tokio::test]
async fn it_is_unready_and_says_why_until_a_set_is_loaded() {
    let issuer = TestIssuer::start().await;
    issuer.stop();
    let verifier = Verifier::builder(issuer.url()).audience(AUDIENCE).build().await.unwrap();
    let guard = Guard::new(Settings::new(Proxy::Nginx), [verifier.clone()], rules());
    let address = listen(&guard).await;
    let unready = send(address, "GET /readyz", &[]).await;
    let why = format!("the keys of {} are not known yet", issuer.url());
    let body: serde_json::Value = serde_json::from_str(&unready.body).unwrap();
    assert_eq!((unready.status, body), (503, serde_json::json!({ "status": "unready", "why": [why] })));
    assert_eq!(send(address, "GET /healthz", &[]).await.body, "{\"status\":\"ok\"}");
    let site = Site { issuer, verifier, guard, address };
    let minted = site.mint(&[], &[]);
    let asked = site.ask_with("/", &minted).await;
    assert_eq!((asked.status, asked.header("retry-after")), (503, Some("1")));
    assert_eq!(site.ask("/public/x", &[]).await.status, 200);
    site.issuer.restart().await;
    until("ready", async || send(address, "GET /readyz", &[]).await.status == 200).await;
    assert_eq!(site.ask_with("/", &minted).await.status, 200);
}

#[tokio::test]
async fn metrics_tell_decisions_rules_and_the_verifier() {
    let site = Site::start().await;
    let minted = site.mint(&[], &[]);
    for _ in 0..2 {
        site.ask_with("/", &minted).await;
    }
    site.ask("/public/x", &[]).await;
    site.ask("/", &[]).await;
    site.ask("//", &[]).await;
    site.ask_with("/admin", &minted).await;
    site.guard.rules_refused();
    let scrape = send(site.address, "GET /metrics", &[]).await;
    assert!(scrape.header("content-type").unwrap().starts_with("text/plain"));
    let issuer = site.issuer.url();
    for line in [
        "countersign_guard_decisions_total{status=\"200\",outcome=\"allowed\"} 2".to_owned(),
        "countersign_guard_decisions_total{status=\"200\",outcome=\"public\"} 1".to_owned(),
        "countersign_guard_decisions_total{status=\"401\",outcome=\"no_token\"} 1".to_owned(),
        "countersign_guard_decisions_total{status=\"403\",outcome=\"ambiguous_path\"} 1".to_owned(),
        "countersign_guard_decisions_total{status=\"403\",outcome=\"insufficient_role\"} 1".to_owned(),
        "countersign_guard_rules 3.0".to_owned(),
        "countersign_guard_rules_current 0.0".to_owned(),
        "countersign_guard_rules_reloads_total{outcome=\"refused\"} 1".to_owned(),
        format!("countersign_verifier_ready{{issuer=\"{issuer}\"}} 1.0"),
        format!("countersign_verifier_cache_misses_total{{issuer=\"{issuer}\"}} 1"),
    ] {
        assert!(scrape.body.lines().any(|written| written == line), "{line}\n{}", scrape.body);
    }
    assert!(!scrape.body.contains(&minted.token) && !scrape.body.contains(&minted.session));
}

#[tokio::test]
async fn new_rules_count_from_the_next_request_on() {
    let site = Site::start().await;
    assert_eq!(site.ask("/public/x", &[]).await.status, 200);
    site.guard.set_rules(Rules::new(vec![rule("/open/*", Demand::Public)]).unwrap());
    assert_eq!(site.ask("/public/x", &[]).await.status, 401);
    assert_eq!(site.ask("/open/x", &[]).await.status, 200);
}

#[tokio::test]
async fn what_the_proxy_does_not_say_is_told_to_whoever_looks() {
    let site = Site::start().await;
    let answer = send(site.address, "GET /verify", &[("X-Forwarded-Uri", "/")]).await;
    let told = "the proxy named no method: is it the one that the guard was told?\n";
    assert_eq!((answer.status, answer.body.as_str(), answer.header("www-authenticate")), (403, told, None));
}

#[tokio::test]
async fn nothing_else_is_served() {
    let site = Site::start().await;
    for line in ["GET /", "GET /verifyx", "GET /Verify", "POST /metrics"] {
        assert!([404, 405].contains(&send(site.address, line, &[]).await.status), "{line}");
    }
}
