//! Workers that refresh one session: with one store between them, or each with a copy of its own.

use crate::support::apps::{Application, OAuthTokens};
use crate::support::holders::{Holder, bound, bound_session};
use crate::support::{GRACE, Parts, SECOND, TestApp};
use countersign_core::Span;
use countersign_core::audit::Actor;
use countersign_core::client::{ClientId, ClientKind, ClientProfile};
use countersign_core::ops::RegisterClient;
use countersign_jose::JwkSet;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const DAY: u64 = 86_400;

/// Workers that each refresh when their own access token is nearly over, and never at the same second.
struct Copies {
    /// The refresh token that each holds.
    held: Vec<String>,
    /// When each refreshes next, in seconds from the beginning.
    due: Vec<u64>,
    now: u64,
}

impl Copies {
    fn of(token: &str) -> Self {
        Self { held: vec![token.to_owned(); 4], due: vec![400, 450, 500, 550], now: 0 }
    }

    /// Lets the clock run until the next of them refreshes.
    fn next(&mut self, app: &TestApp) -> usize {
        let worker = (0..self.due.len()).min_by_key(|worker| self.due[*worker]).unwrap();
        let at = self.due[worker].max(self.now + 1);
        app.clock().advance(Span::from_seconds(at - self.now));
        self.now = at;
        self.due[worker] = at + 560 - 7 * worker as u64;
        worker
    }
}

async fn signed_in(app: &TestApp, client: &Application) -> OAuthTokens {
    let code = app.code("ana", client, "openid offline_access").await;
    app.exchange(client, &code).await.oauth_tokens()
}

/// A public client whose predecessors stay good for `overlap`.
async fn overlapping(app: &TestApp, overlap: Span) -> Application {
    let profile = ClientProfile {
        redirect_uris: vec![crate::support::apps::CALLBACK.to_owned()],
        overlap,
        ..ClientProfile::default()
    };
    let (id, kind) = (ClientId::parse("workers").unwrap(), ClientKind::Native);
    let register = RegisterClient { id, kind, profile, authentication: None, keys: None::<JwkSet> };
    register.run(Actor::named("test"), app.store(), &app.draw()).await.unwrap().unwrap();
    Application { id: "workers".to_owned(), method: kind.usual_authentication(), secret: String::new() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_that_share_a_token_and_refresh_at_once_make_one_chain() {
    const WORKERS: usize = 8;
    let app = Arc::new(TestApp::start().await);
    let client = app.add_application("app", ClientKind::Native).await;
    let mut held = signed_in(&app, &client).await.refresh_token;
    for generation in 1..=10 {
        app.clock().advance(GRACE + SECOND);
        let barrier = Arc::new(Barrier::new(WORKERS));
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            let (app, client, barrier, held) = (app.clone(), client.clone(), barrier.clone(), held.clone());
            workers.spawn(async move {
                barrier.wait().await;
                app.client_refresh(&client, &held, "").await.oauth_tokens().refresh_token
            });
        }
        let successors: BTreeSet<_> = workers.join_all().await.into_iter().collect();
        assert_eq!(successors.len(), 1, "generation {generation}");
        held = successors.into_iter().next().unwrap();
        assert_eq!(Parts::of(&held).generation, generation);
    }
    assert!(app.audit("alarm.").await.is_empty());
}

#[tokio::test]
async fn four_with_copies_and_one_key_go_on_all_day() {
    let app = TestApp::start().await;
    let client = app.add_application("app", ClientKind::Native).await;
    let mut holder = Holder::new();
    let tokens = bound_session(&app, &client, &mut holder).await;
    let mut copies = Copies::of(&tokens.refresh_token);
    while copies.now < DAY {
        let worker = copies.next(&app);
        let form = format!("grant_type=refresh_token&refresh_token={}", copies.held[worker]);
        let next = bound(&holder.send(&app, || app.client_request(&client, &form)).await, &holder);
        copies.held[worker] = next.refresh_token;
    }
    assert!(app.audit("alarm.").await.is_empty());
}

#[tokio::test]
async fn four_with_copies_and_overlap_go_on_all_day() {
    let app = TestApp::start().await;
    let client = overlapping(&app, Span::from_seconds(3_600)).await;
    let tokens = signed_in(&app, &client).await;
    let mut copies = Copies::of(&tokens.refresh_token);
    while copies.now < DAY {
        let worker = copies.next(&app);
        let next = app.client_refresh(&client, &copies.held[worker], "").await.oauth_tokens();
        copies.held[worker] = next.refresh_token;
    }
    let generations: BTreeSet<_> = copies.held.iter().map(|token| Parts::of(token).generation).collect();
    let most = generations.last().copied().unwrap();
    assert!((20..=24).contains(&most), "one rotation per overlap: {generations:?}");
    assert!(app.audit("alarm.").await.is_empty());
}

#[tokio::test]
async fn four_with_copies_and_nothing_else_are_taken_for_a_theft_within_the_hour() {
    let app = TestApp::start().await;
    let client = app.add_application("app", ClientKind::Native).await;
    let tokens = signed_in(&app, &client).await;
    let mut copies = Copies::of(&tokens.refresh_token);
    loop {
        let worker = copies.next(&app);
        assert!(copies.now < 3_600, "nobody noticed");
        let answer = app.client_refresh(&client, &copies.held[worker], "").await;
        if answer.status != 200 {
            answer.assert_oauth_error(400, "invalid_grant");
            break;
        }
        copies.held[worker] = answer.oauth_tokens().refresh_token;
    }
    assert_eq!(app.audit("alarm.refresh_token_reused").await.len(), 1);
}

#[tokio::test]
async fn retry_keys_of_their_own_end_the_session_at_the_first_collision() {
    let app = TestApp::start().await;
    let client = app.add_application("app", ClientKind::Native).await;
    let tokens = signed_in(&app, &client).await;
    let mut copies = Copies::of(&tokens.refresh_token);
    let retry = |worker: usize| format!("&retry={}", ["a", "b", "c", "d"][worker].repeat(22));
    let first = copies.next(&app);
    let answer = app.client_refresh(&client, &copies.held[first], &retry(first)).await.oauth_tokens();
    copies.held[first] = answer.refresh_token.clone();
    let second = copies.next(&app);
    assert_ne!(first, second);
    let collision = app.client_refresh(&client, &copies.held[second], &retry(second)).await;
    collision.assert_oauth_error(400, "invalid_grant");
    for worker in 0..4 {
        let after = app.client_refresh(&client, &copies.held[worker], &retry(worker)).await;
        after.assert_oauth_error(400, "invalid_grant");
    }
    assert_eq!(app.audit("alarm.refresh_token_reused").await.len(), 1);
    app.get("/oauth2/userinfo").bearer(&answer.access_token).send().await.assert_status(401);
}
