//! The leak drill (DESIGN section 3): a thief with the database, the MAC key or both makes no refresh token that is
//! answered, and signs nobody out.

use crate::support::forge::LeakedMacKey;
use crate::support::{GRACE, Parts, SECOND, TestApp, Tokens};
use countersign_core::Span;
use countersign_core::session::{Session, SessionSecret};
use countersign_core::store::{Page, SessionFilter, SessionStore as _};

/// All that the sessions' rows tell.
async fn leaked_sessions(app: &TestApp) -> Vec<Session> {
    app.store().sessions(SessionFilter::default(), Page::first()).await.unwrap().items
}

/// Every 16 bytes that a thief could take for the session's secret, from its row.
fn guesses(session: &Session) -> Vec<[u8; 16]> {
    let hashes = [Some(session.secret_hash), session.replaced_hash, session.retry_hash];
    let mut guesses: Vec<[u8; 16]> = vec![[0; 16], [255; 16], *session.id.as_bytes()];
    for hash in hashes.iter().flatten() {
        guesses.extend(hash.as_bytes().chunks_exact(16).map(|half| <[u8; 16]>::try_from(half).unwrap()));
    }
    guesses.extend(session.account.map(|account| *account.as_bytes()));
    guesses.push(*session.storage_epoch.as_bytes());
    guesses
}

async fn assert_nothing_was_answered(app: &TestApp, keys: &[LeakedMacKey], sessions: &[Session]) {
    for session in sessions {
        let Some(current) = session.generation.next() else { continue };
        for secret in guesses(session) {
            for generation in [0, session.generation.0, current.0] {
                for key in keys {
                    let parts = Parts { mac_key: key.id, session: *session.id.as_bytes(), secret, generation };
                    app.refresh_with(&parts.under(key)).await.assert_problem(401, "invalid_grant");
                }
            }
        }
    }
}

/// A MAC key of the thief's own making, under an id that the server knows.
fn guessed(id: u8) -> Vec<LeakedMacKey> {
    [[0; 32], [7; 32]].map(|secret| LeakedMacKey { id, secret }).into()
}

/// Two sessions with some history.
async fn scene(app: &TestApp) -> (Tokens, Tokens) {
    let ana = app.sign_in("ana").await;
    let ana = app.refresh_later(&ana).await;
    let ben = app.sign_in("ben").await;
    let ben = app.refresh_with_retry_key(&ben, "AAAAAAAAAAAAAAAAAAAAAA").await.tokens();
    (app.refresh_later(&ana).await, ben)
}

async fn assert_all_go_on(app: &TestApp, all: [&Tokens; 2]) {
    for tokens in all {
        assert_eq!(app.end_reason(tokens).await, None);
        app.clock().advance(GRACE + SECOND);
        app.refresh(tokens).await.tokens();
    }
}

#[tokio::test]
async fn the_database_alone_makes_no_token() {
    let app = TestApp::start().await;
    let (ana, ben) = scene(&app).await;
    let id = app.active_mac_key().await.id;
    assert_nothing_was_answered(&app, &guessed(id), &leaked_sessions(&app).await).await;
    assert_all_go_on(&app, [&ana, &ben]).await;
}

#[tokio::test]
async fn the_mac_key_alone_makes_no_token() {
    let app = TestApp::start().await;
    let (ana, ben) = scene(&app).await;
    let key = app.active_mac_key().await;
    // The session's id is in every access token.
    for tokens in [&ana, &ben] {
        let session = Parts::of(&tokens.refresh_token).session;
        for number in 0..40_u8 {
            let secret = *SessionSecret::from_bytes([number; 16]).expose();
            let parts = Parts { mac_key: key.id, session, secret, generation: u32::from(number % 4) };
            app.refresh_with(&parts.under(&key)).await.assert_problem(401, "invalid_grant");
        }
    }
    assert_eq!(app.audit("alarm.").await.len(), 1, "one alarm about the key, not one a token");
    assert_all_go_on(&app, [&ana, &ben]).await;
}

#[tokio::test]
async fn both_together_make_no_token() {
    let app = TestApp::start().await;
    let (ana, ben) = scene(&app).await;
    assert_nothing_was_answered(&app, &app.leaked_mac_keys().await, &leaked_sessions(&app).await).await;
    assert_all_go_on(&app, [&ana, &ben]).await;
}

#[tokio::test]
async fn forged_old_generations_under_a_leaked_mac_key_end_no_session() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let mut held = tokens.clone();
    for _ in 0..4 {
        held = app.refresh_later(&held).await;
    }
    let key = app.active_mac_key().await;
    for generation in 0..6 {
        let parts = Parts { secret: [1; 16], generation, ..Parts::of(&held.refresh_token) };
        app.refresh_with(&parts.under(&key)).await.assert_problem(401, "invalid_grant");
    }
    assert_eq!(app.end_reason(&held).await, None);
    app.refresh_later(&held).await;
}

#[tokio::test]
async fn a_mac_key_rotation_signs_nobody_out() {
    let app = TestApp::start().await;
    let mut held = app.sign_in("ana").await;
    let lost = app.refresh_later(&held).await;
    for _ in 0..3 {
        let before = app.active_mac_key().await.id;
        app.rotate_mac().await;
        // The same successor once more: the same generation and secret, now under another MAC key.
        let repeated = app.refresh(&held).await.tokens();
        let (repeated, once) = (Parts::of(&repeated.refresh_token), Parts::of(&lost.refresh_token));
        assert_ne!(repeated.mac_key, before);
        assert_eq!(Parts { mac_key: before, ..repeated.clone() }, Parts { mac_key: before, ..once });
    }
    held = lost;
    for _ in 0..3 {
        held = app.refresh_later(&held).await;
    }
    assert!(app.audit("alarm.").await.is_empty());
}

#[tokio::test]
async fn a_distrusted_mac_key_signs_nobody_out_who_holds_the_current_token() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh_later(&first).await;
    let held = app.refresh_later(&second).await;
    let leaked = app.active_mac_key().await;
    app.distrust_mac(leaked.id, false).await;

    // What anybody could have made now is refused, and is no alarm.
    app.clock().advance(GRACE + SECOND);
    for old in [&first, &second] {
        app.refresh(old).await.assert_problem(401, "invalid_grant");
    }
    let ahead = Parts { generation: 9, ..Parts::of(&held.refresh_token) }.under(&leaked);
    app.refresh_with(&ahead).await.assert_problem(401, "invalid_grant");
    assert!(app.audit("alarm.").await.is_empty());

    // The holder of the current one goes on, with a secret that the leaked key's owner can't have.
    let renewed = app.refresh(&held).await.tokens();
    let (before, after) = (Parts::of(&held.refresh_token), Parts::of(&renewed.refresh_token));
    assert_ne!((after.mac_key, after.secret), (before.mac_key, before.secret));
    assert_ne!(after.secret, before.secret);
    let with_old_secret = Parts { generation: after.generation, ..before }.under(&leaked);
    app.refresh_with(&with_old_secret).await.assert_problem(401, "invalid_grant");
    assert!(app.audit("alarm.").await.is_empty(), "the replaced secret is no alarm");
    app.refresh_later(&renewed).await;
    assert_eq!(app.end_reason(&held).await, None);
}

#[tokio::test]
async fn in_the_grace_period_the_token_before_is_still_taken_under_a_distrusted_key() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh_later(&first).await;
    app.distrust_mac(app.active_mac_key().await.id, false).await;
    let repeated = app.refresh(&first).await.tokens();
    let (repeated, once) = (Parts::of(&repeated.refresh_token), Parts::of(&second.refresh_token));
    assert_eq!((repeated.generation, repeated.secret), (once.generation, once.secret));
}

#[tokio::test]
async fn distrust_with_end_sessions_closes_what_is_left() {
    let app = TestApp::start().await;
    let (ana, ben) = scene(&app).await;
    app.distrust_mac(app.active_mac_key().await.id, true).await;
    for tokens in [&ana, &ben] {
        app.refresh(tokens).await.assert_problem(401, "invalid_grant");
        app.me(tokens).await.assert_problem(401, "invalid_token");
        assert_eq!(app.end_reason(tokens).await, Some("mac_key_revoked"));
    }
    let fresh = app.sign_in("ana").await;
    app.clock().advance(Span::from_days(1));
    app.refresh(&fresh).await.tokens();
}
