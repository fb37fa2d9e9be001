//! The relay's answers, byte by byte.

use countersign_guard::relay::{Relay, RelaySettings};
use countersign_verifier::{Fault, TestIssuer, Verifier};
use std::sync::{Arc, Mutex};

use crate::support::{AUDIENCE, ask, ask_small, current, quick, relay_of, until, verifier};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_handed_on_byte_for_byte() {
    let issuer = TestIssuer::start().await;
    let relay = relay_of(&issuer).await;
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let into = Arc::clone(&seen);
    let direct = Verifier::builder(issuer.url()).audience(AUDIENCE).timing(quick()).observe(move |event| {
        if let countersign_verifier::FeedEvent::Object { object, .. } = event {
            into.lock().unwrap().push(object.text().to_string());
        }
    });
    let _direct = current(direct).await;
    let mut stream = ask(relay.address, "GET /revocations/feed", &[], "").await;
    assert_eq!(stream.status, 200);
    assert!(stream.head.contains("content-type: text/event-stream"), "{}", stream.head);
    issuer.revoke_session(&issuer.mint(AUDIENCE).session);
    let (end, _) = issuer.feed_position();
    stream.until(&format!("id: {end}")).await;
    let data = stream.until("data: ").await;
    let object = data.trim().strip_prefix("data: ").unwrap().to_owned();
    // Ed25519 signs the same bytes the same way; two streams of one issuer may be signed in two milliseconds.
    let held = || object.split('.').count() == 3;
    assert!(held());
    let line = format!("GET /revocations/feed?after={}&wait=5", before(&end.to_string()));
    let polled = ask(relay.address, &line, &[], "").await.text().await;
    assert!(polled.contains(&object), "the batch, as it came: {polled}");
    let snapshot = ask(relay.address, "GET /revocations/snapshot", &[], "").await.text().await;
    assert!(snapshot.contains(&object), "what came since the snapshot: {snapshot}");
    assert!(!seen.lock().unwrap().is_empty());
}

/// The position before it.
fn before(position: &str) -> String {
    let (epoch, number) = position.split_once(':').unwrap();
    format!("{epoch}:{}", number.parse::<u64>().unwrap() - 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_cannot_be_resumed_is_answered_as_the_issuer_does() {
    let issuer = TestIssuer::start().await;
    let relay = relay_of(&issuer).await;
    let (end, _) = issuer.feed_position();
    let epoch = end.to_string().split(':').next().unwrap().to_owned();
    let elsewhere = ["00000000-0000-7000-8000-000000000000:0".to_owned(), format!("{epoch}:999")];
    for position in elsewhere {
        for (line, headers) in [
            (format!("GET /revocations/feed?after={position}"), vec![]),
            (format!("GET /revocations/feed?after={position}&wait=1"), vec![]),
            ("GET /revocations/feed".to_owned(), vec![("Last-Event-ID", &*position)]),
        ] {
            let answer = ask(relay.address, &line, &headers, "").await;
            assert_eq!(answer.status, 410, "{line}");
            assert!(answer.head.contains("application/problem+json"), "{}", answer.head);
            assert!(answer.text().await.contains(r#""code":"snapshot_needed""#));
        }
    }
    for malformed in ["?after=x", "?after=1:2", "?wait=-1", "?else=1"] {
        let answer = ask(relay.address, &format!("GET /revocations/feed{malformed}"), &[], "").await;
        assert_eq!(answer.status, 400, "{malformed}");
    }
    for malformed in ["", "{}", r#"{"verifier":"","applied":"x"}"#, r#"{"verifier":"v","applied":"x"}"#] {
        assert_eq!(ask(relay.address, "POST /revocations/applied", &[], malformed).await.status, 400, "{malformed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_waits_for_news_and_else_gives_the_newest_head() {
    let issuer = TestIssuer::start().await;
    let relay = relay_of(&issuer).await;
    let (end, _) = issuer.feed_position();
    let line = format!("GET /revocations/feed?after={end}&wait=30");
    let waiting = tokio::spawn({
        let (address, line) = (relay.address, line.clone());
        async move { ask(address, &line, &[], "").await.text().await }
    });
    until("it waits", || relay.relay.verifier().metrics().objects > 3).await;
    issuer.revoke_session(&issuer.mint(AUDIENCE).session);
    assert!(waiting.await.unwrap().contains("eyJ"));
    let nothing_new = ask(relay.address, &line.replace("wait=30", "wait=0"), &[], "").await;
    assert_eq!(nothing_new.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_it_holds_anything_a_relay_says_so() {
    let issuer = TestIssuer::start().await;
    issuer.set_fault(Fault::Unavailable);
    let relay = crate::support::Served::start(RelaySettings::new(issuer.url())).await;
    let unready = ask(relay.address, "GET /readyz", &[], "").await;
    assert_eq!(unready.status, 503);
    assert!(unready.text().await.contains("no snapshot of the feed"));
    for path in ["/revocations/feed", "/revocations/snapshot"] {
        let answer = ask(relay.address, &format!("GET {path}"), &[], "").await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    }
    assert_eq!(ask(relay.address, "GET /healthz", &[], "").await.status, 200);
    issuer.resume_feed();
    relay.ready().await;
    assert_eq!(ask(relay.address, "GET /readyz", &[], "").await.status, 200);
    let scrape = ask(relay.address, "GET /metrics", &[], "").await.text().await;
    assert!(
        scrape.contains("countersign_relay_levels 1") && scrape.contains("countersign_verifier_ready{"),
        "{scrape}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_does_not_read_is_cut_off_and_holds_nobody_up() {
    let issuer = TestIssuer::start().await;
    let relay = relay_of(&issuer).await;
    let mut idle = ask_small(relay.address, "GET /revocations/feed").await;
    let mut other = ask(relay.address, "GET /revocations/feed", &[], "").await;
    let applied = || relay.relay.verifier().relay_level().applied;
    // In all more than sockets hold by themselves, and more objects than wait for anybody.
    for _ in 0..8 {
        for _ in 0..50 {
            for number in 0..25 {
                issuer.revoke_client(&format!("{number:0>900}"));
            }
            let end = issuer.feed_position().0.to_string();
            until("the relay has it", || applied().as_deref() == Some(&*end)).await;
        }
        other.until(&format!("id: {}", issuer.feed_position().0)).await;
    }
    idle.until("event: resume").await;
    let scrape = ask(relay.address, "GET /metrics", &[], "").await.text().await;
    assert!(scrape.contains(r#"countersign_relay_cut_off_total{reason="slow"} 1"#), "{scrape}");
    // So much came that a newer snapshot was fetched, for which nobody has to come again.
    until("a newer snapshot", || issuer.requests("/feed/snapshot") > 1).await;
    assert!(scrape.contains("countersign_relay_restarts_total 1"), "the first of them all: {scrape}");
    let joined = current(verifier(&issuer, &relay.url())).await;
    until("all clients", || joined.metrics().revoked == 25).await;
}

#[tokio::test]
async fn an_upstream_that_is_no_place_to_read_from_is_refused() {
    for upstream in ["relay.example", "http://relay.example", "ftp://localhost", "https://relay.example/?x"] {
        let settings = RelaySettings::new("https://issuer.example").upstream(upstream);
        assert_eq!(Relay::start(settings).await.unwrap_err().code(), "relay", "{upstream}");
    }
}
