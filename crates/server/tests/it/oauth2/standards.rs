//! Requirements of standards that no other test is about (docs/standards.md).

use crate::support::apps::exchange_form;
use crate::support::holders::{Holder, bound, bound_session};
use crate::support::{GRACE, SECOND, TestApp};
use countersign_core::Span;
use countersign_core::client::ClientKind;

/// RFC 9068 §2.2.1.
#[tokio::test]
async fn the_time_of_the_sign_in_is_that_of_every_token_that_comes_of_it() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let code = app.code("ana", &spa, "openid").await;
    app.clock().advance(Span::from_seconds(30));
    let mut tokens = app.exchange(&spa, &code).await.oauth_tokens();
    let first = tokens.claims();
    assert!(first["auth_time"].as_u64() < first["iat"].as_u64());
    for _ in 0..3 {
        app.clock().advance(GRACE + SECOND);
        tokens = app.client_refresh(&spa, &tokens.refresh_token, "").await.oauth_tokens();
        assert_eq!(tokens.claims()["auth_time"], first["auth_time"]);
        assert!(tokens.claims()["iat"].as_u64() > first["iat"].as_u64());
    }
}

/// RFC 9449 §11.3: leaving the nonce out would be a way around it.
#[tokio::test]
async fn once_a_nonce_was_given_no_proof_goes_without() {
    let app = TestApp::start().await;
    let spa = app.add_application("app", ClientKind::Spa).await;
    let mut holder = Holder::new();
    let tokens = bound_session(&app, &spa, &mut holder).await;
    let given = holder.nonce.take();
    assert!(given.is_some());
    let code = app.code("ana", &spa, "openid").await;
    for form in [exchange_form(&code), format!("grant_type=refresh_token&refresh_token={}", tokens.refresh_token)] {
        let ask = |proof: String| app.client_request(&spa, &form).header("dpop", &proof).send();
        let without = ask(holder.proof(&app, "POST", "/oauth2/token", None)).await;
        let without = without.assert_oauth_error(400, "use_dpop_nonce");
        assert!(without.header("dpop-nonce").is_some_and(|nonce| nonce.len() >= 22));
        holder.nonce = given.clone();
        bound(&ask(holder.proof(&app, "POST", "/oauth2/token", None)).await, &holder);
        holder.nonce = None;
    }
}
