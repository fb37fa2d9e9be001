//! Many clients with one token at the same moment: all are answered, and there is one successor.

use crate::support::{GRACE, Parts, SECOND, Setup, TestApp, Tokens};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const CLIENTS: usize = 64;
const ROUNDS: u32 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_clients_with_one_token_get_one_successor() {
    let app = Arc::new(Setup::default().grace(SECOND).start().await);
    let mut held = app.sign_in("ana").await;
    for round in 1..=ROUNDS {
        app.clock().advance(SECOND + SECOND);
        let barrier = Arc::new(Barrier::new(CLIENTS));
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (app, barrier, token) = (app.clone(), barrier.clone(), held.refresh_token.clone());
            clients.spawn(async move {
                barrier.wait().await;
                app.refresh_with(&token).await.tokens()
            });
        }
        let answers: Vec<Tokens> = clients.join_all().await;
        let successors: BTreeSet<_> = answers.iter().map(|tokens| tokens.refresh_token.as_str()).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        let jtis: BTreeSet<_> = answers.iter().map(|tokens| tokens.claims()["jti"].to_string()).collect();
        assert_eq!(jtis.len(), CLIENTS, "each has an access token of its own");
        let generation = Parts::of(&answers[0].refresh_token).generation;
        assert_eq!((generation, app.session(&held).await.generation.0), (round, round));
        held = answers[0].clone();
    }
    app.me(&held).await.assert_status(200);
    assert!(app.audit("alarm.").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sign_out_among_refreshes_ends_them_all() {
    let app = Arc::new(Setup::default().grace(SECOND).start().await);
    let held = app.sign_in("ana").await;
    let barrier = Arc::new(Barrier::new(CLIENTS));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (app, barrier, held) = (app.clone(), barrier.clone(), held.clone());
        clients.spawn(async move {
            barrier.wait().await;
            if number == CLIENTS / 2 {
                app.sign_out(&held).await.assert_status(204);
                return;
            }
            let answer = app.refresh(&held).await;
            assert!(answer.status == 200 || answer.problem_code() == "invalid_grant", "{}", answer.text());
        });
    }
    clients.join_all().await;
    app.refresh(&held).await.assert_problem(401, "invalid_grant");
    app.me(&held).await.assert_problem(401, "invalid_token");
    assert_eq!(app.end_reason(&held).await, Some("signed_out"));
}

/// The mint rule: a refresh that read the session as live, and was overtaken by a sign-out, gives no token.
#[tokio::test]
async fn no_token_leaves_once_the_session_has_ended() {
    for rotates in [true, false] {
        let app = TestApp::start().await;
        let tokens = app.refresh_later(&app.sign_in("ana").await).await;
        if rotates {
            app.clock().advance(GRACE); // row 12; otherwise row 11
        }
        let read = app.store().hold_back("session");
        let overtaken = read.while_held(async {
            app.sign_out(&tokens).await.assert_status(204);
        });
        let (refreshed, ()) = tokio::join!(app.refresh(&tokens), overtaken);
        refreshed.assert_problem(401, "invalid_grant");
        assert_eq!(app.end_reason(&tokens).await, Some("signed_out"));
    }
}

/// `sessions_floor`: a sign-in whose password was checked before all sessions were ended opens none after.
#[tokio::test]
async fn a_sign_in_that_races_with_signing_out_everywhere_is_refused() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let read = app.store().hold_back("account_by_login");
    let overtaken = read.while_held(async {
        let everywhere = serde_json::json!({ "everywhere": true });
        let sign_out = app.post("/api/v1/sign-out").bearer(&tokens.access_token).json(everywhere);
        sign_out.send().await.assert_status(204);
    });
    let (signed_in, ()) = tokio::join!(app.try_sign_in("ana", crate::support::PASSWORD), overtaken);
    signed_in.assert_problem(401, "invalid_credentials");
    app.try_sign_in("ana", crate::support::PASSWORD).await.tokens();
}
