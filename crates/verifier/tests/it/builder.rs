//! What cannot become right by waiting is refused at once.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use countersign_verifier::Verifier;

async fn code(issuer: &str, audience: &str) -> &'static str {
    Verifier::builder(issuer).audience(audience).build().await.map_or_else(|error| error.code(), |_| "built")
}

#[tokio::test]
async fn plain_http_is_for_the_loopback_only() {
    for issuer in ["http://localhost:1", "http://127.0.0.1:1/tenant", "http://[::1]:1", "http://a.localhost:1"] {
        assert_eq!(code(issuer, "a").await, "built", "{issuer}");
    }
    let refused = ["http://issuer.example", "http://127.0.0.1.example", "ftp://localhost", "issuer.example", ""];
    for issuer in refused.into_iter().chain(["https://issuer.example?x", "https://issuer.example#x", "file:///x"]) {
        assert_eq!(code(issuer, "a").await, "issuer", "{issuer}");
    }
}

#[tokio::test]
async fn an_empty_audience_and_too_much_leeway_are_refused() {
    assert_eq!(code("http://localhost:1", "").await, "audience");
    let build = |seconds| Verifier::builder("http://localhost:1").audience("a").leeway(Duration::from_secs(seconds));
    assert!(build(60).build().await.is_ok());
    assert_eq!(build(61).build().await.unwrap_err().code(), "leeway");
    assert_eq!(build(0).public_url("api.example").build().await.unwrap_err().code(), "public_url");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let builder = Verifier::builder("http://localhost:1").audience("a").data_folder(file.path().join("below"));
    assert_eq!(builder.build().await.unwrap_err().code(), "folder");
}

#[tokio::test]
async fn an_https_issuer_needs_root_certificates_and_nothing_else() {
    assert!(matches!(code("https://issuer.example/tenant", "a").await, "built" | "root_certificates"));
}

#[test]
fn outside_a_runtime_it_says_so() {
    let building = pin!(Verifier::builder("http://localhost:1").audience("a").build());
    let Poll::Ready(Err(error)) = building.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it must be refused")
    };
    assert_eq!(error.code(), "no_runtime");
}
