//! The refresh table (DESIGN section 5), row by row as far as the first-party API can meet it. What the wire never
//! says, which row it was, is read from what is left behind: the session, its end, the audit log.

use crate::support::{GRACE, PASSWORD, Parts, SECOND, Setup, TestApp, Tokens, When};
use countersign_core::account::AccountStatus;
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::revocation::{Kind, Sequence};
use countersign_core::store::{AccountChange, AccountStore as _, ChangeAccount, RevocationStore as _};
use countersign_core::{Source as _, Span};
use serde_json::json;

const HOUR: Span = Span::from_seconds(3_600);
/// A second less than `sessions.idle`.
const ALMOST_IDLE: Span = Span::from_seconds(14 * 86_400 - 1);
/// An address in a network that never rotated anything.
const ELSEWHERE: [u8; 4] = [127, 0, 1, 1];
const RETRY_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const OTHER_RETRY_KEY: &str = "BBBBBBBBBBBBBBBBBBBBBB";

impl TestApp {
    async fn assert_goes_on(&self, tokens: &Tokens) {
        assert_eq!(self.end_reason(tokens).await, None);
        self.me(tokens).await.assert_status(200);
    }

    async fn alarms(&self) -> Vec<String> {
        self.audit("alarm.").await.into_iter().map(|event| event.what).collect()
    }

    /// The current token of a session that was refreshed so often.
    async fn refreshed(&self, login: &str, times: u32) -> Tokens {
        let mut tokens = self.sign_in(login).await;
        for _ in 0..times {
            tokens = self.refresh_later(&tokens).await;
        }
        tokens
    }
}

#[tokio::test]
async fn row_2_what_is_not_ours_is_refused_without_touching_storage() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let real = &tokens.refresh_token;
    let mac_key = app.active_mac_key().await;
    let unknown = crate::support::forge::LeakedMacKey { id: mac_key.id.wrapping_add(9), ..mac_key.clone() };
    let other = crate::support::forge::LeakedMacKey { secret: [0; 32], ..mac_key };
    let last = if real.ends_with('A') { "B" } else { "A" };
    let not_ours = [
        String::new(),
        "csr_".to_owned(),
        real[..75].to_owned(),
        format!("{real}A"),
        real.replacen("csr_", "css_", 1),
        format!("csr_{}", "!".repeat(72)),
        format!("csr_{}", "é".repeat(36)),
        format!("{}{last}", &real[..75]),
        tokens.access_token.clone(),
        Parts::of(real).under(&unknown),
        Parts::of(real).under(&other),
    ];
    app.fail_next("session", When::Before);
    for token in not_ours {
        let problem = app.refresh_with(&token).await.assert_problem(401, "invalid_grant");
        assert!(token.len() < 8 || !problem.text().contains(&token));
    }
    assert!(!app.store().failed_as_told(), "nobody asked the store");
    app.refresh(&tokens).await.assert_problem(503, "unavailable");
    app.refresh(&tokens).await.tokens();
}

#[tokio::test]
async fn row_3_a_session_that_is_not_there_refreshes_nothing() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let mac_key = app.active_mac_key().await;
    let unknown = Parts { session: [9; 16], ..Parts::of(&tokens.refresh_token) }.under(&mac_key);
    app.refresh_with(&unknown).await.assert_problem(401, "invalid_grant");
    app.assert_goes_on(&tokens).await;
}

#[tokio::test]
async fn row_6_an_ended_session_refreshes_nothing() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh(&first).await.tokens();
    app.sign_out(&second).await.assert_status(204);
    for tokens in [&first, &second] {
        app.refresh(tokens).await.assert_problem(401, "invalid_grant");
    }
    assert_eq!(app.end_reason(&first).await, Some("signed_out"));
    assert!(app.alarms().await.is_empty());
}

#[tokio::test]
async fn row_7_an_idle_session_is_over_and_a_busy_one_after_90_days() {
    let app = TestApp::start().await;
    let idle = app.sign_in("ana").await;
    let mut busy = app.sign_in("ben").await;
    for _ in 0..6 {
        app.clock().advance(ALMOST_IDLE);
        busy = app.refresh(&busy).await.tokens();
    }
    app.refresh(&idle).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.end_reason(&idle).await, Some("idle_expired"));

    app.clock().advance(Span::from_days(6));
    busy = app.refresh(&busy).await.tokens();
    assert_eq!(busy.expires_in, 6, "no token outlives its session");
    app.clock().advance(Span::from_seconds(6));
    app.refresh(&busy).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.end_reason(&busy).await, Some("absolute_expired"));
}

#[tokio::test]
async fn row_7_a_disabled_account_refreshes_nothing_even_where_its_sessions_were_spared() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    let (account, now) = (app.account("ana").await, app.clock().now());
    let audit = AuditEvent::new(now, "account.disabled", Actor::named("test"));
    let change = AccountChange::Status(AccountStatus::Disabled);
    let change = ChangeAccount { account: account.id, change, end: None, audit, now };
    app.store().change_account(change).await.unwrap();
    app.refresh(&tokens).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.end_reason(&tokens).await, Some("account_disabled"));
}

#[tokio::test]
async fn row_8_a_wrong_secret_under_our_mac_key_is_an_alarm_once_an_hour_and_ends_nothing() {
    let app = TestApp::start().await;
    let tokens = app.refreshed("ana", 2).await;
    let mac_key = app.active_mac_key().await;
    let forge = |generation| Parts { secret: [9; 16], generation, ..Parts::of(&tokens.refresh_token) }.under(&mac_key);
    for generation in [0, 1, 2, 3, u32::MAX] {
        app.refresh_with(&forge(generation)).await.assert_problem(401, "invalid_grant");
    }
    assert_eq!(app.alarms().await, ["alarm.mac_key_may_be_out"]);
    app.assert_goes_on(&tokens).await;

    app.clock().advance(HOUR + SECOND);
    app.refresh_with(&forge(0)).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.alarms().await.len(), 2);
    app.refresh(&tokens).await.tokens();
}

#[tokio::test]
async fn row_8_the_secret_before_a_password_change_is_refused_without_an_alarm() {
    let app = TestApp::start().await;
    let before = app.sign_in("ana").await;
    let body = json!({ "current_password": PASSWORD, "new_password": "another horse, another staple" });
    let after = app.request("PUT", "/api/v1/me/password").bearer(&before.access_token).json(body).send().await.tokens();
    app.refresh(&before).await.assert_problem(401, "invalid_grant");
    assert!(app.alarms().await.is_empty());
    app.assert_goes_on(&after).await;
    app.refresh(&after).await.tokens();
}

#[tokio::test]
async fn row_9_an_audience_that_nobody_serves_any_more_gets_no_tokens() {
    use countersign_core::resource::ResourceUri;
    use countersign_core::store::{RemoveResource, ResourceStore as _};
    const ORDERS: &str = "https://orders.example.com";
    let app = TestApp::start().await;
    app.add_resource(ORDERS, &["orders:read"]).await;
    app.add_account("ana").await;
    let body = json!({ "login": "ana", "password": PASSWORD, "audience": ORDERS });
    let tokens = app.post("/api/v1/sign-in").json(body).send().await.tokens();
    let audit = AuditEvent::new(app.clock().now(), "resource.removed", Actor::named("test"));
    let remove = RemoveResource { uri: ResourceUri::parse(ORDERS).unwrap(), audit };
    app.store().remove_resource(remove).await.unwrap();
    app.refresh(&tokens).await.assert_problem(400, "invalid_target");
    assert_eq!(app.session(&tokens).await.generation.0, 0);
    assert_eq!(app.end_reason(&tokens).await, None);
}

#[tokio::test]
async fn row_11_a_token_that_is_a_moment_old_stays() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh(&first).await.tokens();
    assert_ne!(second.refresh_token, first.refresh_token, "nothing holds back the first refresh");
    app.clock().advance(Span::from_seconds(9));
    let third = app.refresh(&second).await.tokens();
    assert_eq!(third.refresh_token, second.refresh_token);
    assert_ne!(third.access_token, second.access_token);
    assert_eq!(third.session_id, first.session_id);
    app.clock().advance(SECOND);
    let fourth = app.refresh(&third).await.tokens();
    assert_ne!(fourth.refresh_token, third.refresh_token);
}

#[tokio::test]
async fn row_12_the_current_token_is_traded_for_its_successor() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh_later(&first).await;
    let (one, two) = (Parts::of(&first.refresh_token), Parts::of(&second.refresh_token));
    assert_eq!(two, Parts { generation: one.generation + 1, ..one });
    let session = app.session(&second).await;
    assert_eq!(session.generation.0, 1);
    assert_eq!(session.idle_expires_at, app.clock().now() + Span::from_days(14));
    assert_eq!(second.claims()["auth_time"], first.claims()["auth_time"]);
    app.me(&first).await.assert_status(200);
}

#[tokio::test]
async fn row_13_with_a_retry_key_a_lost_reply_is_repeated_however_late() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh_with_retry_key(&first, RETRY_KEY).await.tokens();
    for wait in [Span::ZERO, GRACE, HOUR, Span::from_days(10)] {
        app.clock().advance(wait);
        let again = app.refresh_with_retry_key(&first, RETRY_KEY).await.tokens();
        assert_eq!(again.refresh_token, second.refresh_token);
    }
    app.refresh(&second).await.tokens();
}

#[tokio::test]
async fn row_13_without_the_retry_key_the_second_holder_is_seen_at_once() {
    for key in [Some(OTHER_RETRY_KEY), None] {
        let app = TestApp::start().await;
        let first = app.sign_in("ana").await;
        let second = app.refresh_with_retry_key(&first, RETRY_KEY).await.tokens();
        let collided = match key {
            Some(key) => app.refresh_with_retry_key(&first, key).await,
            None => app.refresh(&first).await,
        };
        collided.assert_problem(401, "invalid_grant");
        app.refresh(&second).await.assert_problem(401, "invalid_grant");
        assert_eq!(app.end_reason(&first).await, Some("reused"));
    }
}

#[tokio::test]
async fn row_14_within_the_grace_period_the_same_successor_comes_again() {
    let app = TestApp::start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh(&first).await.tokens();
    for _ in 0..9 {
        app.clock().advance(SECOND);
        let again = app.refresh(&first).await.tokens();
        assert_eq!(again.refresh_token, second.refresh_token);
        assert_ne!(again.access_token, second.access_token);
    }
    let session = app.session(&first).await;
    assert_eq!((session.generation.0, session.late.length, session.foreign.length), (1, 0, 0));
}

#[tokio::test]
async fn row_14_a_stranger_who_always_follows_is_caught_at_the_sixth_generation() {
    let app = TestApp::start().await;
    let mut owner = app.sign_in("ana").await;
    for follows in 1..=6 {
        app.clock().advance(GRACE + SECOND);
        let before = owner.refresh_token.clone();
        owner = app.refresh(&owner).await.tokens();
        let stranger = app.refresh_request(&before).from(ELSEWHERE).send().await;
        if follows < 6 {
            assert_eq!(stranger.tokens().refresh_token, owner.refresh_token, "{follows}");
            assert_eq!(app.session(&owner).await.foreign.length, follows);
        } else {
            stranger.assert_problem(401, "invalid_grant");
        }
    }
    assert_eq!(app.end_reason(&owner).await, Some("reused"));
    app.refresh(&owner).await.assert_problem(401, "invalid_grant");
}

#[tokio::test]
async fn row_15_lost_replies_are_forgiven_two_generations_in_a_row() {
    let app = TestApp::start().await;
    let mut held = app.sign_in("ana").await;
    for lost in 1..=2 {
        app.clock().advance(HOUR);
        app.refresh(&held).await.tokens(); // lost
        app.clock().advance(HOUR);
        for _ in 0..3 {
            let successor = app.refresh(&held).await.tokens();
            assert_eq!(app.session(&held).await.late.length, lost, "further ones in a generation cost nothing");
            assert_eq!(Parts::of(&successor.refresh_token).generation, lost);
        }
        held = app.refresh(&held).await.tokens();
    }
    assert_eq!(app.audit("session.reply_lost").await.len(), 2);

    app.clock().advance(HOUR);
    app.refresh(&held).await.tokens();
    app.clock().advance(HOUR);
    app.refresh(&held).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.end_reason(&held).await, Some("reused"));
}

#[tokio::test]
async fn row_15_one_reply_that_arrives_ends_the_run() {
    let app = TestApp::start().await;
    let mut held = app.sign_in("ana").await;
    for _ in 0..4 {
        held = app.refresh_later(&held).await;
        app.refresh_later(&held).await; // lost
        held = app.refresh_later(&held).await;
        assert_eq!(app.session(&held).await.late.length, 1);
        held = app.refresh_later(&held).await;
    }
}

#[tokio::test]
async fn row_16_a_reused_token_ends_its_session_and_the_ending_is_published() {
    let app = TestApp::start().await;
    let (first, other) = (app.sign_in("ana").await, app.sign_in("ana").await);
    let second = app.refresh_later(&first).await;
    let third = app.refresh_later(&second).await;
    app.refresh(&first).await.assert_problem(401, "invalid_grant");
    for tokens in [&first, &second, &third] {
        app.refresh(tokens).await.assert_problem(401, "invalid_grant");
        app.me(tokens).await.assert_problem(401, "invalid_token");
    }
    app.assert_goes_on(&other).await;

    let entries = app.store().feed_after(Sequence::ZERO, 10).await.unwrap().entries;
    let sessions = entries.iter().filter(|entry| entry.kind() == Kind::Session).map(|entry| entry.id());
    assert_eq!(sessions.collect::<Vec<_>>(), [first.session_id.as_str()]);
    assert_eq!(app.alarms().await, ["alarm.refresh_token_reused"]);

    let list = app.get("/api/v1/sessions").bearer(&other.access_token).send().await.json();
    let told = list["items"].as_array().unwrap().iter().find(|item| item["id"] == first.session_id).unwrap();
    assert_eq!(told["end"]["reason"], "reused");
    let by = told["end"]["by"].as_str().unwrap();
    assert!(by.contains("generation 0") && by.contains("127.0.0.1"), "names the two that collided: {by}");
}

#[tokio::test]
async fn without_grace_and_forgiveness_every_second_use_is_reuse() {
    let mut setup = Setup::default().grace(Span::ZERO);
    setup.session.forgiveness = 0;
    let app = setup.start().await;
    let first = app.sign_in("ana").await;
    let second = app.refresh(&first).await.tokens();
    let third = app.refresh(&second).await.tokens();
    assert_ne!(third.refresh_token, second.refresh_token, "row 11 is off");
    app.refresh(&second).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.end_reason(&first).await, Some("reused"));
}
