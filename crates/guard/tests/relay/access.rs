//! Who may read at a relay: whoever may read at the issuer.

use std::time::Duration;

use countersign_guard::relay::RelaySettings;
use countersign_verifier::{Mint, TestIssuer, TestOptions};

use crate::support::{AUDIENCE, Served, ask, current, until_judged, verifier};

const CLIENT: (&str, &str) = ("reader", "a-secret");

async fn issuer_with_a_client() -> TestIssuer {
    let mut options = TestOptions::default();
    options.client = Some((CLIENT.0.to_owned(), CLIENT.1.to_owned()));
    TestIssuer::start_with(options).await
}

async fn relay_as_a_client(issuer: &TestIssuer) -> Served {
    let served = Served::start(RelaySettings::new(issuer.url()).client(CLIENT.0, CLIENT.1)).await;
    served.ready().await;
    served
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_without_a_token_that_reads_the_feed_is_refused() {
    let issuer = issuer_with_a_client().await;
    let relay = relay_as_a_client(&issuer).await;
    let report = r#"{"verifier":"v","applied":"01977420-dc00-7000-8000-000000000000:1"}"#;
    let lines = [
        ("GET /revocations/feed", ""),
        ("GET /revocations/feed?wait=0", ""),
        ("GET /revocations/snapshot", ""),
        ("POST /revocations/applied", report),
    ];
    let good = bearer(&issuer.sign(&Mint::new(issuer.url()).scope("feed:read")).token);
    let refused = [
        ("another audience", issuer.sign(&Mint::new(AUDIENCE).scope("feed:read")).token, 401),
        ("no scope", issuer.sign(&Mint::new(issuer.url())).token, 403),
        ("expired", issuer.sign(&Mint::new(issuer.url()).scope("feed:read").claim("exp", 1)).token, 401),
        ("garbage", "x.y.z".to_owned(), 401),
    ];
    for (line, body) in lines {
        let without = ask(relay.address, line, &[], body).await;
        assert_eq!(without.status, 401, "{line}");
        assert!(without.head.contains(r#"www-authenticate: bearer scope="feed:read""#), "{}", without.head);
        for (what, token, status) in &refused {
            let found = ask(relay.address, line, &[("Authorization", &bearer(token))], body).await.status;
            assert_eq!(found, *status, "{line}: {what}");
        }
        let allowed = ask(relay.address, line, &[("Authorization", &good)], body).await.status;
        assert!([200, 204].contains(&allowed), "{line}: {allowed}");
    }
    for open in ["/healthz", "/readyz", "/revocations/status"] {
        assert_eq!(ask(relay.address, &format!("GET {open}"), &[], "").await.status, 200, "{open}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_is_cut_off_when_its_token_is_revoked_or_expires() {
    let issuer = issuer_with_a_client().await;
    let relay = relay_as_a_client(&issuer).await;
    let mint = Mint::new(issuer.url()).scope("feed:read");
    let [revoked, other] = [&mint, &Mint::new(issuer.url()).scope("feed:read")].map(|mint| issuer.sign(mint));
    let short = issuer.sign(&Mint::new(issuer.url()).scope("feed:read").lifetime(Duration::from_secs(2)));
    let mut streams = Vec::new();
    for minted in [&revoked, &short, &other] {
        let headers = [("Authorization", &*bearer(&minted.token))];
        let mut stream = ask(relay.address, "GET /revocations/feed", &headers, "").await;
        stream.until("data: ").await;
        streams.push(stream);
    }
    issuer.revoke_session(&revoked.session);
    streams[0].until("event: resume").await;
    streams[1].until("event: resume").await;
    for _ in 0..3 {
        streams[2].until("data: ey").await;
    }
    let headers = [("Authorization", &*bearer(&revoked.token))];
    assert_eq!(ask(relay.address, "GET /revocations/feed", &headers, "").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verifier_reads_as_its_client_through_two_relays() {
    let issuer = issuer_with_a_client().await;
    let top = relay_as_a_client(&issuer).await;
    let settings = RelaySettings::new(issuer.url()).client(CLIENT.0, CLIENT.1).upstream(top.url());
    let below = Served::start(settings).await;
    below.ready().await;
    let verifier = current(verifier(&issuer, &below.url()).client(CLIENT.0, CLIENT.1)).await;
    let minted = issuer.mint(AUDIENCE);
    issuer.revoke_session(&minted.session);
    until_judged(&verifier, &minted.token, "revoked").await;
}
