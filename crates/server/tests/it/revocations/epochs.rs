//! Storage that went back in time, that is gone, or that does not answer.

use crate::support::{SECOND, TestApp};
use countersign_core::session::EpochCause;
use countersign_core::store::DeploymentStore as _;
use countersign_core::{Source as _, Span};
use countersign_revocation::Applied;

#[tokio::test]
async fn an_older_database_put_back_is_proven_by_a_verifier_and_a_new_epoch_begins() {
    let app = TestApp::start().await;
    let mut verifier = app.follower().await;
    let early = app.sign_in("ana").await;
    app.sign_out(&early).await.assert_status(204);
    verifier.catch_up(&app).await;
    let app = app.stop().await;
    let copy = app.copy_database();
    let app = app.start().await;
    let lost = app.sign_in("ana").await;
    app.sign_out(&lost).await.assert_status(204);
    verifier.catch_up(&app).await;
    let before = verifier.position();
    let app = app.stop().await;
    app.put_back(&copy);
    let app = app.start().await;
    app.clock().advance(SECOND);
    let fresh = verifier.follower.as_of();

    // Heads below what it holds do not make it fresh; the head that it holds is the proof.
    let answer = verifier.get(&app, "/revocations/feed?wait=2").send().await.assert_status(200);
    assert_eq!(verifier.apply(&app, &answer), [Applied::Nothing]);
    assert!(verifier.follower.issuer_behind());
    assert_eq!((verifier.position(), verifier.follower.as_of()), (before, fresh));
    let after = format!("/revocations/feed?after={before}");
    verifier.get(&app, &after).send().await.assert_problem(410, "snapshot_needed");
    verifier.report(&app, "v").await.assert_status(204);

    verifier.join(&app).await;
    assert!(verifier.position().epoch > before.epoch);
    assert!(verifier.refuses(&early.session_id), "what the issuer knows");
    assert!(verifier.refuses(&lost.session_id), "and what it lost: nothing is un-revoked");
    verifier.catch_up(&app).await;
    assert_eq!(app.audit("feed.epoch_begun").await.len(), 1);
    assert_eq!(app.store().deployment().await.unwrap().unwrap().epoch.cause, EpochCause::Lost);
    // Said once more, it proves nothing any more.
    verifier.report(&app, "v").await.assert_status(204);
    assert_eq!(app.audit("feed.epoch_begun").await.len(), 1);
}

#[tokio::test]
async fn a_report_that_is_not_ours_begins_nothing() {
    let app = TestApp::start().await;
    let verifier = app.follower().await;
    let here = verifier.position().to_string();
    for head in ["", "nonsense", "a.b.c"] {
        let body = serde_json::json!({ "verifier": "v", "applied": here, "head": head });
        app.post("/revocations/applied").bearer(&verifier.token).json(body).send().await.assert_status(204);
    }
    assert!(app.audit("feed.epoch_begun").await.is_empty());
}

#[tokio::test]
async fn entries_that_vanish_under_a_running_server_are_said_again_in_a_new_epoch() {
    let app = TestApp::start().await;
    let mut verifier = app.follower().await;
    let tokens = app.sign_in("ana").await;
    app.sign_out(&tokens).await.assert_status(204);
    verifier.catch_up(&app).await;
    let before = verifier.position();
    // As if an older copy had been written over the file.
    let database = rusqlite::Connection::open(app.database()).unwrap();
    let back = "DELETE FROM revocation WHERE sequence > 1; UPDATE feed SET last = 1, \"set\" = zeroblob(16)";
    database.execute_batch(back).unwrap();
    drop(database);
    while app.audit("feed.epoch_begun").await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let feed = app.feed().await;
    let session = feed.entries.iter().any(|entry| entry.id() == tokens.session_id.as_str());
    assert!(feed.epoch > before.epoch && session, "what the memory held was appended again");
    verifier.join(&app).await;
    verifier.catch_up(&app).await;
    assert!(verifier.refuses(&tokens.session_id));
}

#[tokio::test]
async fn without_its_database_the_server_makes_nobody_fresh() {
    let app = TestApp::start().await;
    let mut verifier = app.follower().await;
    verifier.catch_up(&app).await;
    // The open file goes on working, but it is no longer the one at the path.
    std::fs::rename(app.database(), app.database().with_extension("gone")).unwrap();
    app.clock().advance(Span::from_seconds(5));
    let fresh = app.clock().now().as_millis();
    for _ in 0..3 {
        verifier.poll(&app, 1).await;
    }
    assert!(verifier.follower.as_of() < Some(fresh));
    app.get("/readyz").send().await.assert_status(503);
    std::fs::rename(app.database().with_extension("gone"), app.database()).unwrap();
    while verifier.follower.as_of() < Some(fresh) {
        verifier.poll(&app, 2).await;
    }
}
