//! `grant_type=client_credentials` (RFC 6749 §4.4).

use crate::support::machines::MachineToken;
use crate::support::{ISSUER, Setup, TestApp, When};
use countersign_core::client::{ClientId, ClientStatus};
use countersign_core::revocation::{Entry, Kind, Sequence};
use countersign_core::session::Session;
use countersign_core::store::{Page, RevocationStore as _, SessionFilter, SessionStore as _};
use countersign_core::{Source as _, Span};
use serde_json::json;

const ORDERS: &str = "https://orders.example.com";

async fn with_orders() -> TestApp {
    let app = TestApp::start().await;
    app.add_resource_for(ORDERS, &["orders:read", "orders:admin=admin"], Some(Span::from_seconds(60))).await;
    app
}

async fn sessions_of(app: &TestApp, id: &str) -> Vec<Session> {
    let filter = SessionFilter { client: ClientId::parse(id).ok(), ..SessionFilter::default() };
    app.store().sessions(filter, Page::first()).await.unwrap().items
}

fn sid(token: &MachineToken) -> String {
    token.claims()["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_machine_gets_a_token_for_its_resource_under_its_own_session() {
    let app = with_orders().await;
    let machine = app.add_machine("billing", "orders:read", &[ORDERS]).await;
    let token = app.machine_token(&machine, "&scope=orders:read&resource=https://orders.example.com").await;
    assert_eq!((token.scope.as_str(), token.expires_in), ("orders:read", 60));
    let verified = app.verify(&token.access_token, ORDERS).await.unwrap().into_claims();
    let sessions = sessions_of(&app, "billing").await;
    let now = app.clock().now().timestamp().as_seconds();
    let expected = json!({
        "iss": ISSUER, "sub": "billing", "aud": ORDERS, "client_id": "billing", "iat": now, "exp": now + 60,
        "jti": verified["jti"], "sid": sessions[0].id.to_string(), "scope": "orders:read",
    });
    assert_eq!(verified, expected);
    assert_eq!(verified["jti"].as_str().map(str::len), Some(22));
    assert_eq!((sessions.len(), sessions[0].account), (1, None));
    assert_eq!(app.audit("session.opened").await.len(), 1);
}

#[tokio::test]
async fn the_next_token_is_of_the_same_session_whatever_it_is_for() {
    let app = with_orders().await;
    let machine = app.add_machine("billing", "orders:read feed:read", &[ORDERS]).await;
    let first = app.machine_token(&machine, "&scope=feed:read").await;
    app.clock().advance(Span::from_seconds(3_600));
    let second = app.machine_token(&machine, "&scope=orders:read&resource=https://orders.example.com").await;
    assert_eq!(sid(&first), sid(&second));
    assert_ne!(first.claims()["jti"], second.claims()["jti"]);
    // The mint rule: what ends the session from here on knows of the last token.
    let last = sessions_of(&app, "billing").await[0].last_token_expires_at.timestamp().as_seconds();
    assert!(last >= second.claims()["exp"].as_u64().unwrap());
}

#[tokio::test]
async fn granted_is_what_is_asked_for_allowed_and_served_without_a_role() {
    let app = with_orders().await;
    let machine = app.add_machine("billing", "orders:read orders:admin feed:read", &[ORDERS]).await;
    for (parameters, granted) in [
        ("", ""),
        ("&scope=", ""),
        ("&scope=feed:read", "feed:read"),
        ("&scope=feed:read&resource=http://localhost:8420", "feed:read"),
        ("&scope=orders:read+feed:read", "feed:read"),
        ("&scope=orders:read+orders:admin+feed:read+x&resource=https://orders.example.com", "orders:read"),
    ] {
        assert_eq!(app.machine_token(&machine, parameters).await.scope, granted, "{parameters}");
    }
    let without = app.add_machine("guard", "orders:read", &[]).await;
    let token = app.machine_token(&without, "&scope=feed:read").await;
    assert_eq!((token.scope.as_str(), &token.claims()["aud"]), ("", &json!(ISSUER)));
}

#[tokio::test]
async fn an_account_is_never_granted_what_is_built_in_for_machines() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    let body = json!({ "login": "ana", "password": crate::support::PASSWORD, "scope": "feed:read" });
    assert_eq!(app.post("/api/v1/sign-in").json(body).send().await.tokens().scope, "");
}

#[tokio::test]
async fn a_resource_that_is_unknown_or_not_the_clients_is_no_target() {
    let app = with_orders().await;
    app.add_resource("https://vault.example.com", &["open"]).await;
    let machine = app.add_machine("billing", "orders:read open", &[ORDERS]).await;
    for resource in [
        "resource=https://vault.example.com",
        "resource=https://unknown.example.com",
        "resource=https://orders.example.com/",
        "resource=orders",
        "resource=https://orders.example.com%23part",
        "resource=https://orders.example.com&resource=http://localhost:8420",
    ] {
        let form = format!("grant_type=client_credentials&scope=open&{resource}");
        app.token_request(&machine, &form).send().await.assert_oauth_error(400, "invalid_target");
    }
    assert_eq!(sessions_of(&app, "billing").await.len(), 0);
}

#[tokio::test]
async fn an_ended_session_is_followed_by_another() {
    let app = TestApp::start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let first = app.machine_token(&machine, "").await;
    app.set_client_status("guard", ClientStatus::Disabled).await;
    app.set_client_status("guard", ClientStatus::Active).await;
    let second = app.machine_token(&machine, "").await;
    assert_ne!(sid(&first), sid(&second));
    let sessions = sessions_of(&app, "guard").await;
    let ended: Vec<_> = sessions.iter().filter_map(|session| session.ended.as_ref()).collect();
    assert_eq!((sessions.len(), ended.len(), ended[0].end.reason.code()), (2, 1, "client_disabled"));
}

#[tokio::test]
async fn no_token_outlives_its_session_and_a_session_near_its_end_is_not_used() {
    let mut setup = Setup::default();
    setup.session.absolute = Span::from_seconds(3_600);
    let app = setup.start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let first = app.machine_token(&machine, "").await;
    app.clock().advance(Span::from_seconds(3_200));
    let cut = app.machine_token(&machine, "").await;
    assert_eq!((sid(&cut) == sid(&first), cut.expires_in), (true, 400));
    app.clock().advance(Span::from_seconds(100));
    let next = app.machine_token(&machine, "").await;
    assert_eq!((sid(&next) == sid(&first), next.expires_in), (false, 600));
    app.clock().advance(Span::from_seconds(400));
    assert_eq!(sid(&app.machine_token(&machine, "").await), sid(&next));
}

#[tokio::test]
async fn first_requests_at_once_all_get_a_token_and_an_end_of_the_client_ends_them_all() {
    let app = TestApp::start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        tasks.spawn(app.token_request(&machine, "grant_type=client_credentials&scope=feed:read").send());
    }
    let tokens: Vec<_> = tasks.join_all().await.into_iter().map(crate::support::Response::machine_token).collect();
    assert!(tokens.iter().all(|token| token.scope == "feed:read"));
    app.set_client_status("guard", ClientStatus::Disabled).await;
    assert!(sessions_of(&app, "guard").await.iter().all(|session| session.ended.is_some()));
}

#[tokio::test]
async fn a_client_that_is_disabled_between_the_secret_and_the_session_gets_no_token() {
    let app = TestApp::start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let request = || app.token_request(&machine, "grant_type=client_credentials").send();
    let disabled_after = async |method| {
        let held = app.store().hold_back(method);
        let disabling = held.while_held(app.set_client_status("guard", ClientStatus::Disabled));
        tokio::join!(request(), disabling).0
    };
    disabled_after("client").await.assert_oauth_error(401, "invalid_client");
    app.set_client_status("guard", ClientStatus::Active).await;
    // No session was live when it looked, and opening one asks again.
    disabled_after("machine").await.assert_oauth_error(401, "invalid_client");
}

/// The mint rule: the session was live when it was read with as much written ahead, so its end counts the token in.
#[tokio::test]
async fn a_token_that_an_end_of_its_session_overtakes_is_published_as_refused() {
    let app = TestApp::start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    app.machine_token(&machine, "").await;
    let held = app.store().hold_back("machine");
    let disabling = held.while_held(app.set_client_status("guard", ClientStatus::Disabled));
    let request = app.token_request(&machine, "grant_type=client_credentials").send();
    let (answer, ()) = tokio::join!(request, disabling);
    let claims = answer.machine_token().claims();
    let ended = sessions_of(&app, "guard").await.remove(0);
    assert_eq!((ended.id.to_string().as_str(), ended.ended.is_some()), (claims["sid"].as_str().unwrap(), true));
    assert!(ended.last_token_expires_at.timestamp().as_seconds() >= claims["exp"].as_u64().unwrap());
    let ends = |entry: &Entry| entry.kind() == Kind::Session && claims["sid"] == *entry.id();
    let entries = app.store().feed_after(Sequence::ZERO, 10).await.unwrap().entries;
    assert!(entries.iter().any(ends), "{entries:?}");
}

#[tokio::test]
async fn no_token_leaves_where_storage_did_not_answer() {
    let app = TestApp::start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let request = || app.token_request(&machine, "grant_type=client_credentials").send();
    for method in ["client", "machine", "open_session"] {
        app.fail_next(method, When::After);
        let refused = request().await.assert_oauth_error(503, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), Some("1"));
    }
    // As long as enough was written ahead, nothing is written; then it is again.
    request().await.machine_token();
    app.clock().advance(Span::from_seconds(120));
    app.fail_next("hold_session", When::Before);
    request().await.assert_oauth_error(503, "temporarily_unavailable");
    request().await.machine_token();
}
