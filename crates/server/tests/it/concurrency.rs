//! Many clients with one token at the same moment: all are answered, and there is one successor.

use crate::support::{Parts, SECOND, Setup, Tokens};
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
