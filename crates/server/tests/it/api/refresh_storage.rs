//! Rows 17 and 18 of the refresh table: storage that went back in time, and storage that failed.

use crate::support::app::{DatabaseCopy, Stopped};
use crate::support::{GRACE, Parts, SECOND, Setup, TestApp, Tokens, When};
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::session::EpochCause;
use countersign_core::store::{BeginEpoch, DeploymentStore as _, RevocationStore as _};
use countersign_core::{Epoch, Source as _, Span};

/// A server that has forgotten how often a session was refreshed since.
struct WentBack {
    app: TestApp,
    /// The session's token when the copy was made.
    copied: Tokens,
    /// Its token now: so many generations ahead.
    held: Tokens,
}

/// Copies the database of a running server.
async fn copy(app: TestApp) -> (TestApp, DatabaseCopy) {
    let stopped = app.stop().await;
    let copy = stopped.copy_database();
    (stopped.start().await, copy)
}

async fn went_back(generations: u32) -> WentBack {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let copied = app.refresh_later(&first).await;
    let (app, copy) = copy(app).await;
    let mut held = copied.clone();
    for _ in 0..generations {
        held = app.refresh_later(&held).await;
    }
    let stopped: Stopped = app.stop().await;
    stopped.put_back(&copy);
    let app = stopped.start().await;
    app.clock().advance(GRACE);
    WentBack { app, copied, held }
}

async fn begin_epoch(app: &TestApp) {
    let now = app.clock().now();
    let known = app.store().deployment().await.unwrap().unwrap().epoch.id;
    let epoch = Epoch::new_later_than(Some(known), now.as_millis(), [3; 10]);
    let audit = AuditEvent::new(now, "epoch.begun", Actor::named("test"));
    let begin = BeginEpoch { epoch, cause: EpochCause::WentBack, lost: Vec::new(), end_sessions: None, audit, now };
    app.store().begin_epoch(begin).await.unwrap();
}

#[tokio::test]
async fn row_17_an_older_database_put_back_by_hand_is_an_alarm_and_ends_nothing() {
    let WentBack { app, copied, held } = went_back(3).await;
    app.refresh(&held).await.assert_problem(401, "invalid_grant");
    let alarms = app.audit("alarm.").await;
    assert_eq!(alarms[0].what, "alarm.refresh_token_ahead_of_storage");
    assert_eq!(app.end_reason(&held).await, None);
    app.refresh(&copied).await.tokens();
}

#[tokio::test]
async fn row_17_after_a_restore_that_kept_sessions_the_newer_token_goes_on() {
    let WentBack { app, copied, held } = went_back(3).await;
    begin_epoch(&app).await;
    let next = app.refresh(&held).await.tokens();
    assert_eq!(Parts::of(&next.refresh_token).generation, Parts::of(&held.refresh_token).generation + 1);
    assert!(app.audit("alarm.").await.is_empty());
    let after = app.refresh_later(&next).await;
    assert_eq!(after.session_id, held.session_id);

    // The row was written in this epoch: from here on the table is as strict as ever.
    app.refresh(&copied).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.end_reason(&held).await, Some("reused"));
}

#[tokio::test]
async fn row_17_a_step_beyond_a_thousand_is_never_believed() {
    let WentBack { app, copied, .. } = went_back(0).await;
    begin_epoch(&app).await;
    let mac_key = app.active_mac_key().await;
    let real = Parts::of(&copied.refresh_token);
    let ahead = |step| Parts { generation: real.generation + step, ..real.clone() }.under(&mac_key);
    app.refresh_with(&ahead(1_001)).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.end_reason(&copied).await, None);
    let next = app.refresh_with(&ahead(1_000)).await.tokens();
    assert_eq!(Parts::of(&next.refresh_token).generation, real.generation + 1_001);
}

#[tokio::test]
async fn row_17_a_token_ahead_of_storage_that_never_went_back_is_an_alarm() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let mac_key = app.active_mac_key().await;
    let real = Parts::of(&tokens.refresh_token);
    let ahead = Parts { generation: real.generation + 1, ..real }.under(&mac_key);
    app.refresh_with(&ahead).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.audit("alarm.").await[0].what, "alarm.refresh_token_ahead_of_storage");
    app.refresh(&tokens).await.tokens();
}

/// What a client does that got no tokens: it tries again with what it holds.
async fn assert_retry_goes_on(app: &TestApp, held: &Tokens, generation: u32) {
    let again = app.refresh(held).await.tokens();
    assert_eq!(Parts::of(&again.refresh_token).generation, generation);
    assert_eq!(app.session(held).await.generation.0, generation);
    app.refresh_later(&again).await;
    assert!(app.audit("alarm.").await.is_empty());
    assert!(app.store().failed_as_told());
}

#[tokio::test]
async fn row_18_storage_that_fails_before_the_commit_gives_no_token_and_costs_nothing() {
    for method in ["session", "rotate_session"] {
        let app = TestApp::start().await;
        let tokens = app.sign_in("ana").await;
        app.fail_next(method, When::Before);
        let refused = app.refresh(&tokens).await.assert_problem(503, "unavailable");
        assert!(refused.header("retry-after").is_some());
        assert!(!refused.text().contains("csr_"));
        assert_retry_goes_on(&app, &tokens, 1).await;
    }
}

#[tokio::test]
async fn row_18_a_commit_whose_fate_nobody_knows_is_found_by_the_retry() {
    // In the grace period row 14, later row 15; without grace always row 15.
    for (grace, wait) in [(GRACE, Span::ZERO), (GRACE, GRACE + SECOND), (Span::ZERO, Span::ZERO)] {
        let app = Setup::default().grace(grace).start().await;
        let tokens = app.sign_in("ana").await;
        app.fail_next("rotate_session", When::After);
        app.refresh(&tokens).await.assert_problem(503, "unavailable");
        app.clock().advance(wait);
        assert_retry_goes_on(&app, &tokens, 1).await;
    }
}

#[tokio::test]
async fn row_18_no_access_token_leaves_where_the_mint_rule_was_not_answered() {
    for when in [When::Before, When::After] {
        let app = TestApp::start().await;
        let tokens = app.refresh_later(&app.sign_in("ana").await).await;
        app.fail_next("hold_session", when);
        app.refresh(&tokens).await.assert_problem(503, "unavailable");
        let again = app.refresh(&tokens).await.tokens();
        assert_eq!(again.refresh_token, tokens.refresh_token, "row 11");
    }
}

#[tokio::test]
async fn row_18_an_ending_that_storage_did_not_take_is_no_answer_and_is_made_by_the_next_presentation() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh_later(&first).await;
    let third = app.refresh_later(&second).await;
    app.fail_next("end_sessions", When::Before);
    app.refresh(&first).await.assert_problem(503, "unavailable");
    assert_eq!(app.end_reason(&first).await, None);
    app.refresh(&first).await.assert_problem(401, "invalid_grant");
    app.refresh(&third).await.assert_problem(401, "invalid_grant");
}
