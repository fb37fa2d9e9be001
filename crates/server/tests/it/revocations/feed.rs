//! What is ended is told, by stream and by poll.

use crate::support::{SECOND, Setup, TestApp};
use countersign_core::revocation::Sequence;
use countersign_core::{Source as _, Span};
use countersign_revocation::{Applied, Position};
use countersign_store_sqlite::{Options, SqliteStore};
use std::time::Duration;

#[tokio::test]
async fn a_snapshot_and_what_follows_hold_all_that_was_ended() {
    let app = TestApp::start().await;
    let before = app.sign_in("ana").await;
    app.sign_out(&before).await.assert_status(204);
    let mut verifier = app.follower().await;
    assert!(verifier.refuses(&before.session_id));
    let ended = app.sign_in("ana").await;
    let goes_on = app.sign_in("ana").await;
    app.sign_out(&ended).await.assert_status(204);
    verifier.catch_up(&app).await;
    assert!(verifier.refuses(&ended.session_id) && !verifier.refuses(&goes_on.session_id));
    assert_eq!(verifier.follower.as_of(), Some(app.clock().now().as_millis()));
}

#[tokio::test]
async fn every_cause_of_an_ending_is_told() {
    let app = TestApp::start().await;
    let mut verifier = app.follower().await;
    let (reused, changed, other) = (app.sign_in("eve").await, app.sign_in("ana").await, app.sign_in("ana").await);
    let second = app.refresh_later(&reused).await;
    app.refresh_later(&second).await;
    app.refresh(&reused).await.assert_problem(401, "invalid_grant");
    app.change_password(&changed, "ten otters under a warm jetty").await.assert_status(200);
    verifier.catch_up(&app).await;
    assert!(verifier.refuses(&reused.session_id), "reuse");
    assert!(verifier.refuses(&other.session_id), "a changed password");
    assert!(!verifier.refuses(&changed.session_id), "the session in which it was changed");
    let role = app.administrator().await;
    app.remove_role("root", "admin").await;
    verifier.catch_up(&app).await;
    assert!(verifier.refuses(&role.session_id), "a role taken away");
}

#[tokio::test]
async fn a_poll_waits_for_what_comes_and_answers_a_head_where_nothing_does() {
    let app = TestApp::start().await;
    let mut verifier = app.follower().await;
    let tokens = app.sign_in("ana").await;
    verifier.catch_up(&app).await;
    let polled = verifier.get(&app, &format!("/revocations/feed?after={}&wait=20", verifier.position()));
    let ending = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        app.sign_out(&tokens).await.assert_status(204);
    };
    let (answer, ()) = tokio::join!(polled.send(), ending);
    assert_eq!(verifier.apply(&app, &answer), [Applied::Advanced]);
    assert!(verifier.refuses(&tokens.session_id));
    app.clock().advance(SECOND);
    // The head of a moment ago says nothing new; the one of the next beat does.
    while verifier.follower.as_of() < Some(app.clock().now().as_millis()) {
        verifier.poll(&app, 2).await;
    }
}

#[tokio::test]
async fn the_stream_says_where_it_stands_and_resumes_there() {
    let app = TestApp::start().await;
    let mut verifier = app.follower().await;
    let mut events = verifier.listen(&app, None).await;
    let head = events.next().await.unwrap();
    assert_eq!((head.name.as_deref(), head.id), (None, Some(verifier.position())));
    let tokens = app.sign_in("ana").await;
    app.sign_out(&tokens).await.assert_status(204);
    while !verifier.refuses(&tokens.session_id) {
        let event = events.next().await.unwrap();
        assert!(matches!(verifier.apply_text(&app, &event.data), Applied::Advanced | Applied::Nothing));
        assert_eq!(event.id, Some(verifier.position()));
    }
    drop(events);
    let missed = app.sign_in("ana").await;
    app.sign_out(&missed).await.assert_status(204);
    let mut resumed = verifier.listen(&app, Some(verifier.position())).await;
    while !verifier.refuses(&missed.session_id) {
        // A head of before it was read from storage may come first.
        let event = resumed.next().await.unwrap();
        assert!(matches!(verifier.apply_text(&app, &event.data), Applied::Advanced | Applied::Nothing));
    }
}

#[tokio::test]
async fn whoever_can_not_resume_is_sent_to_the_snapshot() {
    let app = TestApp::start().await;
    let verifier = app.follower().await;
    let here = verifier.position();
    let elsewhere = [
        Position { sequence: Sequence(here.sequence.0 + 1), ..here },
        Position { epoch: countersign_core::Epoch::new(1, [0; 10]), ..here },
    ];
    for after in elsewhere {
        for query in [format!("after={after}"), format!("after={after}&wait=1")] {
            let answer = verifier.get(&app, &format!("/revocations/feed?{query}")).send().await;
            answer.assert_problem(410, "snapshot_needed");
        }
        let answer = verifier.get(&app, "/revocations/feed").header("last-event-id", &after.to_string());
        answer.send().await.assert_problem(410, "snapshot_needed");
    }
}

#[tokio::test]
async fn thousands_at_once_come_in_objects_that_each_agree_with_the_digest() {
    let app = TestApp::start().await;
    let mut verifier = app.follower().await;
    app.publish_tokens(10_000).await;
    verifier.catch_up(&app).await;
    assert_eq!(verifier.follower.set().len(), 10_000);
    // Whoever joins later gets the same from the snapshot, in parts.
    let mut late = app.follower_of(&app.add_machine("late", "feed:read", &[]).await).await;
    late.join(&app).await;
    assert_eq!((late.position(), late.follower.digest()), (verifier.position(), verifier.follower.digest()));
}

#[tokio::test]
async fn who_resumes_from_where_another_did_gets_what_came_since_too() {
    let app = TestApp::start().await;
    let mut first = app.follower().await;
    let mut second = app.follower_of(&app.add_machine("second", "feed:read", &[]).await).await;
    second.join(&app).await;
    assert_eq!(first.position(), second.position());
    let (one, another) = (app.sign_in("ana").await, app.sign_in("ana").await);
    app.sign_out(&one).await.assert_status(204);
    first.catch_up(&app).await;
    app.sign_out(&another).await.assert_status(204);
    second.catch_up(&app).await;
    assert!(second.refuses(&one.session_id) && second.refuses(&another.session_id));
    first.catch_up(&app).await;
    assert_eq!(first.follower.digest(), second.follower.digest());
}

#[tokio::test]
async fn what_another_process_appends_is_told_too() {
    let app = TestApp::start().await;
    let mut verifier = app.follower().await;
    let other = SqliteStore::open(&Options::at(app.database())).unwrap();
    let tokens = app.sign_in("ana").await;
    app.end_by_hand(&other, &tokens).await;
    verifier.poll(&app, 20).await;
    verifier.catch_up(&app).await;
    assert!(verifier.refuses(&tokens.session_id));
}

#[tokio::test]
async fn what_no_token_can_need_leaves_the_snapshot() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    app.sign_out(&tokens).await.assert_status(204);
    app.clock().advance(Span::from_seconds(900));
    let verifier = app.follower().await;
    assert!(!verifier.refuses(&tokens.session_id));
    assert_eq!(verifier.follower.digest(), Some(app.feed().await.set), "the digest remembers what was forgotten");
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_off_and_resumes() {
    let mut setup = Setup::default();
    setup.feed.head_every = Span::from_millis(1);
    let app = setup.start().await;
    let mut verifier = app.follower().await;
    let mut events = verifier.listen(&app, None).await;
    // Enough to fill the sockets; what comes then waits in the server, until it is too much.
    for _ in 0..40 {
        app.publish_tokens(4_096).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let tokens = app.sign_in("ana").await;
    app.sign_out(&tokens).await.assert_status(204);
    let mut last = None;
    while let Some(event) = events.next().await {
        last = event.name.or(Some("object".to_owned()));
    }
    assert_eq!(last.as_deref(), Some("resume"));
    // More was said than the log keeps for those who resume.
    let after = format!("/revocations/feed?after={}", verifier.position());
    verifier.get(&app, &after).send().await.assert_problem(410, "snapshot_needed");
    verifier.join(&app).await;
    assert!(verifier.refuses(&tokens.session_id));
}

#[tokio::test]
async fn a_stop_ends_the_streams_without_waiting() {
    let app = TestApp::start().await;
    let verifier = app.follower().await;
    let mut events = verifier.listen(&app, None).await;
    events.next().await.unwrap();
    let stopping = tokio::time::timeout(Duration::from_secs(5), app.stop());
    let ended = async {
        let mut last = None;
        while let Some(event) = events.next().await {
            last = event.name;
        }
        last
    };
    let (stopped, last) = tokio::join!(stopping, ended);
    assert!(stopped.is_ok() && last.as_deref() == Some("resume"));
}
