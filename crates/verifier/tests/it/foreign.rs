//! Any other OpenID Connect issuer: tokens work, without a feed.

use std::time::Duration;

use countersign_verifier::{Freshness, Mint, Needs, Registered, StalePolicy, TestIssuer, TestOptions, TokenType};
use serde_json::json;

use crate::{key_rotation::request, support::*};

async fn foreign() -> TestIssuer {
    let mut options = TestOptions::default();
    (options.has_feed, options.token_type) = (false, TokenType::IdToken);
    TestIssuer::start_with(options).await
}

#[tokio::test]
async fn its_tokens_are_taken_by_its_own_rules_and_are_never_fresh() {
    let issuer = foreign().await;
    let day = Duration::from_secs(86_400);
    let verifier = current(builder(&issuer).foreign_tokens(TokenType::IdToken, day)).await;
    assert_eq!(verifier.freshness(), Freshness::NoFeed);
    let mint = Mint::new(AUDIENCE).lifetime(Duration::from_secs(7_200)).claim("sid", json!(null));
    let mint = mint.claim("client_id", json!(null)).claim("azp", "app").claim("scp", json!(["a", "b"]));
    let mint = mint.claim("roles", json!({ "realm": [] })).claim("scope", json!(null));
    let token = verifier.verify::<Registered>(&issuer.sign(&mint).token).unwrap();
    assert_eq!((token.client_id(), token.session(), token.is_fresh()), (Some("app"), None, false));
    assert_eq!((token.scopes(), token.roles().len()), (&["a".to_owned(), "b".to_owned()][..], 0));
    let long = issuer.sign(&Mint::new(AUDIENCE).lifetime(2 * day));
    assert_eq!(judge(&verifier, &long.token), "claim_type");
}

#[tokio::test]
async fn its_typ_must_be_the_one_that_was_named() {
    let issuer = foreign().await;
    let verifier = current(builder(&issuer)).await;
    assert_eq!(judge(&verifier, &issuer.mint(AUDIENCE).token), "wrong_type");
}

#[tokio::test]
async fn a_route_that_must_know_of_revocations_does_not_take_them() {
    let issuer = foreign().await;
    let verifier = current(builder(&issuer).foreign_tokens(TokenType::IdToken, LONG * 100)).await;
    let minted = issuer.mint(AUDIENCE);
    let refuse = Needs::any_token().stale(StalePolicy::Refuse);
    assert!(verifier.authenticate::<Registered>(&request(&minted.token), &Needs::any_token()).await.is_ok());
    let refusal = verifier.authenticate::<Registered>(&request(&minted.token), &refuse).await.unwrap_err();
    assert_eq!(refusal.status(), 503);
}

#[tokio::test]
async fn a_countersign_issuers_tokens_must_have_what_revocations_are_looked_up_by() {
    let (issuer, verifier) = pair().await;
    let with = |name: &str, value: serde_json::Value| {
        judge(&verifier, &issuer.sign(&Mint::new(AUDIENCE).claim(name, value)).token)
    };
    for name in ["sid", "jti", "client_id", "iat"] {
        assert_eq!(with(name, json!(null)), "missing_claim", "{name}");
    }
    for (name, value) in [
        ("sid", json!("short")),
        ("sid", json!("AAAAAAAAAAAAAAAAAAAAAB")),
        ("sid", json!(7)),
        ("jti", json!("01977420-dc00-7000-8000-000000000000")),
        ("client_id", json!(["web"])),
        ("scope", json!(["a"])),
        ("roles", json!("admin")),
        ("cnf", json!("key")),
        ("cnf", json!({ "jkt": 7 })),
    ] {
        assert_eq!(with(name, value.clone()), "claim_type", "{name} {value}");
    }
    assert_eq!(with("cnf", json!({ "x5t#S256": "certificate" })), "wrong_type", "a binding that is not checked here");
    let hour = |seconds| issuer.sign(&Mint::new(AUDIENCE).lifetime(Duration::from_secs(seconds)));
    assert_eq!(judge(&verifier, &hour(3_600).token), "fresh");
    assert_eq!(judge(&verifier, &hour(3_601).token), "claim_type");
}
