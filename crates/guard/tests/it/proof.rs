//! Tokens that are bound to a key: the proof names what the client asked the proxy for, not what the proxy asks the guard.

use countersign_guard::{Proxy, Scheme, Settings};
use countersign_jose::{Algorithm, HttpUri, NewProof, SigningKey};
use countersign_verifier::{Clock as _, Mint, Minted, SystemClock, Timestamp};

use crate::support::*;

fn proof(key: &SigningKey, bound: &Minted, id: &str, method: &str, url: &str) -> String {
    let uri = HttpUri::parse(url).unwrap();
    let issued_at = Timestamp::from_seconds(SystemClock::new().wall_ms() / 1_000);
    NewProof { method, uri: &uri, access_token: Some(&bound.token), id, issued_at, nonce: None }.sign(key).unwrap()
}

fn bound(site: &Site) -> (SigningKey, Minted) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let minted = site.issuer.sign(&Mint::new(AUDIENCE).subject("ana").bound_to(&key));
    (key, minted)
}

async fn post(site: &Site, minted: &Minted, proof: &str) -> Answer {
    let authorization = format!("DPoP {}", minted.token);
    site.ask_about("POST", "/orders-of-mine?page=2", &[("Authorization", &authorization), ("DPoP", proof)]).await
}

#[tokio::test]
async fn a_proof_is_for_the_original_method_and_url_and_counts_once() {
    let site = Site::start().await;
    let (key, minted) = bound(&site);
    let url = "https://app.example/orders-of-mine";
    let good = proof(&key, &minted, "one", "POST", url);
    assert_eq!(post(&site, &minted, &good).await.identity()[0], "ana");
    assert_eq!(post(&site, &minted, &good).await.status, 401, "replayed");
    for (id, method, url) in [
        ("two", "GET", url),
        ("three", "POST", "https://app.example/verify"),
        ("four", "POST", "https://guard.internal/verify"),
        ("five", "POST", "http://app.example/orders-of-mine"),
        ("six", "POST", "https://other.example/orders-of-mine"),
    ] {
        let answer = post(&site, &minted, &proof(&key, &minted, id, method, url)).await;
        assert_eq!(answer.status, 401, "{method} {url}");
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_dpop_proof"), "{method} {url}");
    }
    let stolen = SigningKey::generate(Algorithm::Es256).unwrap();
    assert_eq!(post(&site, &minted, &proof(&stolen, &minted, "seven", "POST", url)).await.status, 401);
    assert_eq!(site.ask_with("/", &minted).await.status, 401, "no proof");
}

#[tokio::test]
async fn the_scheme_is_the_configured_one_or_what_the_proxy_says() {
    let mut settings = Settings::new(Proxy::Nginx);
    settings.scheme = Scheme::Http;
    let site = Site::start_with(settings, rules()).await;
    let (key, minted) = bound(&site);
    let url = "http://app.example/orders-of-mine";
    assert_eq!(post(&site, &minted, &proof(&key, &minted, "one", "POST", url)).await.status, 200);

    let site = Site::start_with(Settings::new(Proxy::Caddy), rules()).await;
    let (key, minted) = bound(&site);
    let authorization = format!("DPoP {}", minted.token);
    for (protocol, url) in [("http", "http://app.example:8080/x"), ("wss", "https://app.example:8080/x")] {
        let proof = proof(&key, &minted, protocol, "GET", url);
        let headers = [
            ("X-Forwarded-Method", "GET"),
            ("X-Forwarded-Uri", "/x"),
            ("X-Forwarded-Host", "app.example:8080"),
            ("X-Forwarded-Proto", protocol),
            ("Authorization", &authorization),
            ("DPoP", &proof),
        ];
        assert_eq!(send(site.address, "GET /verify", &headers).await.status, 200, "{protocol}");
    }
}
