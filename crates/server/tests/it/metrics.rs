//! `/metrics`: the numbers move, nobody reads them who may not, and nothing makes them many.

use crate::support::{GRACE, PASSWORD, SECOND, Setup, TestApp};
use countersign_core::Span;
use countersign_server::AddressRange;
use countersign_server::telemetry::MetricsAccess;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A scrape: every series with its value.
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    async fn of(app: &TestApp) -> Self {
        let answer = app.get("/metrics").send().await.assert_status(200);
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        Self::parse(std::str::from_utf8(&answer.body).unwrap())
    }

    /// Reads the text format as strictly as we write it.
    fn parse(text: &str) -> Self {
        let (mut series, mut typed) = (BTreeMap::new(), BTreeSet::new());
        for line in text.lines() {
            if let Some(told) = line.strip_prefix("# TYPE ") {
                let (name, kind) = told.split_once(' ').unwrap();
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(typed.insert(name.to_owned()), "{name} is there twice");
                continue;
            }
            if line.starts_with("# HELP ") {
                continue;
            }
            let (name, value) = line.rsplit_once(' ').unwrap();
            let family = name.split('{').next().unwrap();
            let of_histogram = ["_bucket", "_sum", "_count"]
                .iter()
                .any(|end| family.strip_suffix(end).is_some_and(|family| typed.contains(family)));
            assert!(typed.contains(family) || of_histogram, "{line} has no type");
            assert!(series.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{name} is there twice");
        }
        Self(series)
    }

    fn get(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_else(|| panic!("no {series} in {:#?}", self.0))
    }

    fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// By how much a series grew.
fn grew(before: &Scrape, after: &Scrape, series: &str) -> f64 {
    after.get(series) - before.0.get(series).copied().unwrap_or_default()
}

#[tokio::test]
async fn the_numbers_move_with_what_happens() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    let before = Scrape::of(&app).await;
    let first = app.sign_in("ana").await;
    app.try_sign_in("ana", "wrong wrong wrong").await.assert_status(401);
    let second = app.refresh(&first).await.tokens();
    app.refresh(&first).await.assert_status(200); // within the grace period
    let third = app.refresh_later(&second).await;
    app.clock().advance(GRACE + SECOND);
    app.refresh(&first).await.assert_status(401); // reuse
    app.refresh(&third).await.assert_status(401); // its session has ended
    app.refresh_with("nonsense").await.assert_status(401);
    let other = app.sign_in("ana").await;
    app.sign_out(&other).await.assert_status(204);
    let after = Scrape::of(&app).await;
    for (series, by) in [
        ("countersign_sign_ins_total{outcome=\"signed_in\"}", 2.0),
        ("countersign_sign_ins_total{outcome=\"invalid_credentials\"}", 1.0),
        ("countersign_refreshes_total{outcome=\"rotated\"}", 2.0),
        ("countersign_refreshes_total{outcome=\"repeated\"}", 1.0),
        ("countersign_refreshes_total{outcome=\"reused\"}", 1.0),
        ("countersign_refreshes_total{outcome=\"ended\"}", 1.0),
        ("countersign_refreshes_total{outcome=\"not_ours\"}", 1.0),
        ("countersign_http_problems_total{code=\"invalid_grant\"}", 3.0),
        ("countersign_http_problems_total{code=\"invalid_credentials\"}", 1.0),
        ("countersign_http_requests_total{route=\"/api/v1/refresh\",status=\"2xx\"}", 3.0),
        ("countersign_http_requests_total{route=\"/api/v1/refresh\",status=\"4xx\"}", 3.0),
        ("countersign_http_requests_total{route=\"/api/v1/sign-out\",status=\"2xx\"}", 1.0),
        ("countersign_http_request_duration_seconds_count{route=\"/api/v1/refresh\"}", 6.0),
        ("countersign_hash_duration_seconds_count", 3.0),
        ("countersign_hash_wait_seconds_count", 3.0),
    ] {
        assert_eq!(grew(&before, &after, series), by, "{series}");
    }
    assert!(grew(&before, &after, "countersign_http_request_duration_seconds_sum{route=\"/api/v1/sign-in\"}") > 0.0);
    assert!(grew(&before, &after, "countersign_store_commit_duration_seconds_count") >= 5.0);
    assert!(grew(&before, &after, "countersign_store_batch_changes_sum") >= 5.0);
    for idle in ["countersign_hashes_waiting", "countersign_hashes_running", "countersign_store_changes_waiting"] {
        assert_eq!(after.get(idle), 0.0, "{idle}");
    }
}

#[tokio::test]
async fn the_feed_and_those_who_follow_it_are_told() {
    let app = TestApp::start().await;
    let mut verifier = app.follower().await;
    let mut events = verifier.listen(&app, None).await;
    events.next().await;
    let before = Scrape::of(&app).await;
    assert_eq!(before.get("countersign_feed_subscribers"), 1.0);
    verifier.report(&app, "slow").await.assert_status(204);
    app.publish_tokens(3).await;
    verifier.catch_up(&app).await;
    let behind = Scrape::of(&app).await;
    assert_eq!(grew(&before, &behind, "countersign_feed_sequence"), 3.0);
    // Counted once the publisher has seen that there is no more.
    let published = async {
        while grew(&before, &Scrape::of(&app).await, "countersign_feed_publish_duration_seconds_count") < 1.0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), published).await.expect("it is counted");
    assert_eq!(
        (behind.get("countersign_feed_verifiers"), behind.get("countersign_feed_verifier_lag_entries")),
        (1.0, 3.0)
    );
    verifier.report(&app, "slow").await.assert_status(204);
    assert_eq!(Scrape::of(&app).await.get("countersign_feed_verifier_lag_entries"), 0.0);
    app.clock().advance(Span::from_seconds(30));
    assert_eq!(Scrape::of(&app).await.get("countersign_feed_verifiers"), 0.0, "who is silent is gone");
}

#[tokio::test]
async fn live_sessions_are_counted_while_somebody_scrapes() {
    let app = TestApp::start().await;
    let (ana, _ben) = (app.sign_in("ana").await, app.sign_in("ben").await);
    let counted = async |expected| loop {
        app.clock().advance(Span::from_seconds(31));
        if Scrape::of(&app).await.0.get("countersign_sessions_live") == Some(&expected) {
            return;
        }
        tokio::task::yield_now().await;
    };
    tokio::time::timeout(Duration::from_secs(20), counted(2.0)).await.expect("two are counted");
    app.sign_in("ana").await;
    tokio::time::timeout(Duration::from_secs(20), counted(3.0)).await.expect("three are counted");
    // Its token may have expired while the clock was moved: it ends by what does not.
    app.post("/api/v1/sign-out").json(json!({ "refresh_token": ana.refresh_token })).send().await.assert_status(204);
    tokio::time::timeout(Duration::from_secs(20), counted(2.0)).await.expect("one has ended");
}

#[tokio::test]
async fn keys_are_told_by_use_and_state_and_grow_old() {
    let app = TestApp::start().await;
    let young = Scrape::of(&app).await;
    for (purpose, state) in [("access_token", "active"), ("feed", "active"), ("refresh_token", "active")] {
        let name = format!("{{use=\"{purpose}\",state=\"{state}\"}}");
        assert_eq!(young.get(&format!("countersign_keys{name}")), 1.0);
        assert_eq!(young.get(&format!("countersign_key_age_seconds{name}")), 0.0);
    }
    app.clock().advance(Span::from_seconds(3_600));
    let old = Scrape::of(&app).await;
    assert_eq!(old.get("countersign_key_age_seconds{use=\"access_token\",state=\"active\"}"), 3_600.0);
    assert!(!old.0.keys().any(|series| series.contains("kid")));
}

#[tokio::test]
async fn nothing_that_is_sent_makes_a_series_or_is_told() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let ask = async |number: u32| {
        app.get(&format!("/unknown/{number}?q={number}")).send().await.assert_status(404);
        app.request("PROPFIND", "/healthz").send().await.assert_status(405);
        app.request(&format!("M{number}"), "/api/v1/refresh").send().await.assert_status(405);
        let id = format!("client-{number}");
        let basic = format!("Basic {}", countersign_jose::base64url::encode(format!("{id}:x").as_bytes()));
        let form = app.post("/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
        assert!(form.header("authorization", &basic).body("grant_type=x").send().await.status >= 400);
        app.get(&format!("/api/v1/admin/clients/{id}")).send().await.assert_status(401);
        app.try_sign_in(&format!("nobody-{number}"), PASSWORD).await;
        let session = app.request("DELETE", &format!("/api/v1/sessions/{number}")).bearer(&tokens.access_token);
        assert!(session.send().await.status >= 400);
    };
    ask(0).await;
    // The route of scrapes is one of those before, and so is what is counted beside the requests.
    let before = loop {
        let scrape = Scrape::of(&app).await;
        if scrape.names().contains("countersign_sessions_live") {
            break scrape;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    for number in 1..20 {
        ask(number).await;
    }
    let after = Scrape::of(&app).await;
    let new: Vec<_> = after.names().difference(&before.names()).copied().map(str::to_owned).collect();
    // Limits may be reached on the way, which the first of each kind does not.
    let new: Vec<_> = new.into_iter().filter(|series| !series.contains("status=")).collect();
    assert!(new.is_empty(), "{new:?}");
    let text = app.get("/metrics").send().await.assert_status(200).body;
    let text = String::from_utf8(text).unwrap();
    for secret in
        [&tokens.access_token, &tokens.refresh_token, &tokens.session_id, "client-7", "nobody", "unknown/", "\"ana"]
    {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn by_default_only_who_is_on_this_machine_reads_them() {
    let app = TestApp::start().await;
    let absent = |answer: &crate::support::Response| (answer.status, answer.json()["code"].clone());
    let nowhere = absent(&app.get("/nowhere").send().await);
    app.get("/metrics").send().await.assert_status(200);
    app.get("/metrics").from([127, 0, 1, 1]).send().await.assert_status(200);
    for (name, value) in [
        ("forwarded", "for=127.0.0.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("x-real-ip", "192.0.2.1"),
        ("via", "1.1 nginx"),
    ] {
        let refused = app.get("/metrics").header(name, value).send().await;
        assert_eq!(absent(&refused), nowhere, "{name}");
    }
    let raw = "GET /metrics HTTP/1.1\r\nhost: auth.example.com\r\nconnection: close\r\n\r\n";
    assert_eq!(absent(&app.send_raw(raw).await.unwrap()), nowhere, "another host");
}

#[tokio::test]
async fn a_client_that_a_trusted_proxy_tells_of_is_not_on_this_machine() {
    let behind_proxy = vec![AddressRange::new("127.0.0.0".parse().unwrap(), 8)];
    let app = Setup { behind_proxy, ..Setup::default() }.start().await;
    app.get("/metrics").header("x-forwarded-for", "192.0.2.7").send().await.assert_status(404);
    app.get("/metrics").header("x-forwarded-for", "127.0.0.1").send().await.assert_status(404);
    app.get("/metrics").send().await.assert_status(200);
}

#[tokio::test]
async fn the_configuration_opens_them_to_all_or_to_none() {
    let open = Setup { metrics: MetricsAccess::Public, ..Setup::default() }.start().await;
    open.get("/metrics").header("x-forwarded-for", "192.0.2.7").send().await.assert_status(200);
    let off = Setup { metrics: MetricsAccess::Off, ..Setup::default() }.start().await;
    off.get("/metrics").send().await.assert_status(404);
}

#[tokio::test]
async fn two_servers_in_a_process_count_apart() {
    let (one, other) = (TestApp::start().await, TestApp::start().await);
    one.sign_in("ana").await;
    let signed_in = "countersign_sign_ins_total{outcome=\"signed_in\"}";
    assert_eq!((Scrape::of(&one).await.get(signed_in), Scrape::of(&other).await.get(signed_in)), (1.0, 0.0));
}
