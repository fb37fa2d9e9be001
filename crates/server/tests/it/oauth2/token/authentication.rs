//! `client_secret_basic` (RFC 6749 §2.3.1) at the token endpoint.

use crate::support::machines::{FORM, Machine, basic};
use crate::support::{ACCESS_COOKIE, ISSUER, Setup, TestApp};
use countersign_core::Span;
use countersign_core::client::ClientStatus;
use countersign_server::{Bucket, ThrottlePolicy};

const GRANT: &str = "grant_type=client_credentials";

#[tokio::test]
async fn wrong_secret_unknown_client_and_disabled_client_are_answered_alike() {
    let app = TestApp::start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let disabled = app.add_machine("off", "feed:read", &[]).await;
    app.set_client_status("off", ClientStatus::Disabled).await;
    let removed = app.add_machine("gone", "feed:read", &[]).await;
    app.remove_client("gone").await;
    let of = |id: &str, secret: &str| Machine { id: id.to_owned(), secret: secret.to_owned() };
    let refused = [
        of("guard", "css_wrong"),
        of("guard", ""),
        of("guard", &machine.secret[4..]),
        of("guard", &machine.secret.to_lowercase()),
        of("Guard", &machine.secret),
        of("nobody", &machine.secret),
        of("", &machine.secret),
        of("countersign", ""),
        of("countersign", &machine.secret),
        disabled,
        removed,
    ];
    let mut answers = Vec::new();
    for machine in &refused {
        let answer = app.token_request(machine, GRANT).send().await.assert_oauth_error(401, "invalid_client");
        answers.push(answer.body);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(app.audit("client.refused").await.len(), refused.len(), "each costs the same commit");
    app.machine_token(&machine, "").await;
}

#[tokio::test]
async fn without_an_authentication_that_can_be_read_nothing_is_looked_at() {
    let app = TestApp::start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let with = |authorization: Option<&str>, form: &str| {
        let request = app.post("/oauth2/token").header("content-type", FORM).body(form);
        authorization.into_iter().fold(request, |request, value| request.header("authorization", value)).send()
    };
    for form in [GRANT, "grant_type=password", ""] {
        with(None, form).await.assert_oauth_error(401, "invalid_client");
    }
    with(None, "%").await.assert_oauth_error(400, "invalid_request");
    let in_body = format!("{GRANT}&client_id=guard&client_secret={}", machine.secret);
    with(None, &in_body).await.assert_oauth_error(401, "invalid_client");
    let bearer = format!("Bearer {}", app.sign_in("ana").await.access_token);
    let unpadded = machine.basic().trim_end_matches('=').to_owned() + "====";
    for value in [&bearer, "Basic", "Basic !", "Digest a=b", &unpadded] {
        with(Some(value), GRANT).await.assert_oauth_error(401, "invalid_client");
    }
    let twice = app.token_request(&machine, GRANT).header("authorization", &machine.basic());
    twice.send().await.assert_oauth_error(400, "invalid_request");
    assert_eq!(
        app.audit("client.refused").await.len(),
        1,
        "a secret in the body was looked at, and is of no such client"
    );
}

#[tokio::test]
async fn a_cookie_is_never_read() {
    let app = TestApp::start().await;
    let cookie = app.sign_in_with_cookies("ana").await.set_cookie(ACCESS_COOKIE).value;
    let request = app.post("/oauth2/token").header("content-type", FORM).body(GRANT).origin(ISSUER);
    request.cookie(ACCESS_COOKIE, &cookie).send().await.assert_oauth_error(401, "invalid_client");
    // Nor does a strange one do harm.
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let request = app.token_request(&machine, GRANT).cookie(ACCESS_COOKIE, "a").cookie(ACCESS_COOKIE, "b");
    request.origin("https://elsewhere.example").send().await.machine_token();
}

#[tokio::test]
async fn id_and_secret_are_form_encoded_within() {
    let app = TestApp::start().await;
    let machine = app.add_machine("https://app.example/?a=1+2", "feed:read", &[]).await;
    let encoded = "https%3A%2F%2Fapp.example%2F%3fa%3D1%2B2";
    let request = app.post("/oauth2/token").header("content-type", FORM).body(GRANT);
    let token = request.header("authorization", &basic(encoded, &machine.secret)).send().await.machine_token();
    assert_eq!(token.claims()["sub"], machine.id);
}

#[tokio::test]
async fn failures_are_limited_at_each_address_and_good_requests_cost_nothing() {
    let address = Bucket { burst: 3, every: Span::from_seconds(30) };
    let app = Setup { throttle: ThrottlePolicy { address, ..ThrottlePolicy::default() }, ..Setup::default() };
    let app = app.start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let wrong = Machine { secret: "css_wrong".to_owned(), ..machine.clone() };
    for _ in 0..5 {
        app.machine_token(&machine, "").await;
    }
    for _ in 0..3 {
        app.token_request(&wrong, GRANT).send().await.assert_oauth_error(401, "invalid_client");
    }
    for machine in [&wrong, &machine] {
        let refused = app.token_request(machine, GRANT).send().await;
        let refused = refused.assert_oauth_error(429, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), Some("30"));
    }
    app.token_request(&machine, GRANT).from([127, 0, 1, 1]).send().await.machine_token();
    app.clock().advance(Span::from_seconds(30));
    app.machine_token(&machine, "").await;
    assert_eq!(app.audit("client.refused").await.len(), 3, "what is limited costs no commit");
}
