//! Sign-in limits: failures cost, success is free, nobody is locked out for good.

use crate::support::forge::LeakedMacKey;
use crate::support::{PASSWORD, Parts, Setup, TestApp};
use countersign_core::Span;
use countersign_server::{Bucket, SignUpPolicy, ThrottlePolicy};
use serde_json::json;

const WRONG: &str = "not the one that is right";
const OFF: Bucket = Bucket { burst: 0, every: Span::from_seconds(1) };

async fn start(throttle: ThrottlePolicy) -> TestApp {
    let app = Setup { throttle, ..Setup::default() }.start().await;
    app.add_account("ana").await;
    app
}

const fn bucket(burst: u32, seconds: u64) -> Bucket {
    Bucket { burst, every: Span::from_seconds(seconds) }
}

#[tokio::test]
async fn failures_at_one_account_cost_and_are_forgiven_one_by_one() {
    let app = start(ThrottlePolicy { account: bucket(3, 30), ..ThrottlePolicy::default() }).await;
    app.add_account("ben").await;
    for _ in 0..3 {
        app.try_sign_in("ana", WRONG).await.assert_problem(401, "invalid_credentials");
    }
    for password in [WRONG, PASSWORD] {
        let refused = app.try_sign_in("ANA", password).await.assert_problem(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), Some("30"));
    }
    app.try_sign_in("ben", PASSWORD).await.tokens();
    app.clock().advance(Span::from_seconds(29));
    let refused = app.try_sign_in("ana", PASSWORD).await.assert_problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("1"));
    app.clock().advance(Span::from_seconds(1));
    app.try_sign_in("ana", PASSWORD).await.tokens();
}

#[tokio::test]
async fn success_is_free() {
    let app = start(ThrottlePolicy { account: bucket(1, 60), address: bucket(1, 60), network: bucket(1, 60) }).await;
    for _ in 0..3 {
        app.try_sign_in("ana", PASSWORD).await.tokens();
    }
    app.try_sign_in("ana", WRONG).await.assert_problem(401, "invalid_credentials");
    app.try_sign_in("ana", PASSWORD).await.assert_problem(429, "rate_limited");
}

#[tokio::test]
async fn an_unknown_login_is_limited_as_a_known_one_is() {
    let app = start(ThrottlePolicy { account: bucket(2, 60), ..ThrottlePolicy::default() }).await;
    for _ in 0..2 {
        app.try_sign_in("nobody", WRONG).await.assert_problem(401, "invalid_credentials");
    }
    app.try_sign_in("nobody", WRONG).await.assert_problem(429, "rate_limited");
}

#[tokio::test]
async fn an_address_and_a_network_that_try_many_accounts_are_slowed_down() {
    let throttle = ThrottlePolicy { account: OFF, address: bucket(2, 60), network: bucket(3, 60) };
    let app = start(throttle).await;
    let attempt = |login: &str, from: [u8; 4]| {
        let body = json!({ "login": login, "password": WRONG });
        app.post("/api/v1/sign-in").from(from).json(body).send()
    };
    for login in ["one", "two"] {
        attempt(login, [127, 0, 5, 1]).await.assert_problem(401, "invalid_credentials");
    }
    attempt("three", [127, 0, 5, 1]).await.assert_problem(429, "rate_limited");
    attempt("three", [127, 0, 5, 2]).await.assert_problem(401, "invalid_credentials");
    attempt("four", [127, 0, 5, 3]).await.assert_problem(429, "rate_limited");
    attempt("four", [127, 0, 6, 1]).await.assert_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn a_burst_of_none_turns_a_bucket_off() {
    let app = start(ThrottlePolicy { account: OFF, address: OFF, network: OFF }).await;
    for _ in 0..12 {
        app.try_sign_in("ana", WRONG).await.assert_problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_wrong_current_password_costs_as_a_failed_sign_in_does() {
    let app = start(ThrottlePolicy { account: bucket(2, 60), ..ThrottlePolicy::default() }).await;
    let tokens = app.sign_in("ana").await;
    let change = |current: &str| {
        let body = json!({ "current_password": current, "new_password": "another horse, another staple" });
        app.request("PUT", "/api/v1/me/password").bearer(&tokens.access_token).json(body).send()
    };
    for _ in 0..2 {
        change(WRONG).await.assert_problem(403, "wrong_password");
    }
    change(PASSWORD).await.assert_problem(429, "rate_limited");
    app.try_sign_in("ana", PASSWORD).await.assert_problem(429, "rate_limited");
    app.me(&tokens).await.assert_status(200);
}

#[tokio::test]
async fn finding_out_which_logins_are_taken_costs_what_guessing_costs() {
    let setup =
        Setup { throttle: ThrottlePolicy { address: bucket(2, 60), ..ThrottlePolicy::default() }, ..Setup::default() };
    let app = setup.sign_up(SignUpPolicy::Open).start().await;
    let sign_up =
        |login: &str| app.post("/api/v1/accounts").json(json!({ "login": login, "password": PASSWORD })).send();
    for login in ["one", "two", "three"] {
        sign_up(login).await.assert_status(201);
    }
    for _ in 0..2 {
        sign_up("one").await.assert_problem(409, "login_taken");
    }
    sign_up("four").await.assert_problem(429, "rate_limited");
}

#[tokio::test]
async fn forged_refresh_tokens_are_limited_by_address_and_good_ones_are_not() {
    let app = start(ThrottlePolicy { network: bucket(3, 60), ..ThrottlePolicy::default() }).await;
    let tokens = app.sign_in("ana").await;
    let id = app.active_mac_key().await.id;
    let forged = Parts::of(&tokens.refresh_token).under(&LeakedMacKey { id, secret: [0; 32] });
    for _ in 0..3 {
        app.refresh_with(&forged).await.assert_problem(401, "invalid_grant");
    }
    let refused = app.refresh_with(&forged).await.assert_problem(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    app.refresh(&tokens).await.tokens();
}

#[tokio::test]
async fn more_sign_ins_than_the_hashing_pool_can_take_are_told_to_come_back() {
    let mut setup = Setup::default();
    setup.hashing.threads = 1;
    setup.hashing.wait_max = std::time::Duration::from_millis(1);
    let app = std::sync::Arc::new(setup.start().await);
    app.add_account("ana").await;
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let app = app.clone();
        attempts.spawn(async move { app.try_sign_in("ana", PASSWORD).await });
    }
    let answers = attempts.join_all().await;
    let busy: Vec<_> = answers.into_iter().filter(|answer| answer.status != 200).collect();
    assert!(!busy.is_empty());
    for answer in busy {
        let answer = answer.assert_problem(503, "overloaded");
        assert!(answer.header("retry-after").is_some());
    }
}
