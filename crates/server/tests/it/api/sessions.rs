//! `/api/v1/sessions`.

use crate::support::{ACCESS_COOKIE, ISSUER, REFRESH_COOKIE, SECOND, TestApp, Tokens};
use serde_json::{Value, json};

async fn list(app: &TestApp, tokens: &Tokens, query: &str) -> Value {
    let path = format!("/api/v1/sessions{query}");
    app.get(&path).bearer(&tokens.access_token).send().await.assert_status(200).json()
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_list_tells_each_session_of_ones_own_and_how_it_ended() {
    let app = TestApp::start().await;
    app.sign_in("ben").await;
    let first = app.sign_in("ana").await;
    app.clock().advance(SECOND);
    let body = json!({ "login": "ana", "password": crate::support::PASSWORD });
    let second =
        app.post("/api/v1/sign-in").header("user-agent", "Firefox on the desk").json(body).send().await.tokens();
    app.clock().advance(SECOND);
    let second = app.refresh(&second).await.tokens();
    app.sign_out(&first).await.assert_status(204);

    let list = list(&app, &second, "").await;
    assert_eq!(ids(&list), [&second.session_id, &first.session_id], "the newest first");
    assert_eq!(list.get("next"), None);
    let [current, ended] = [&list["items"][0], &list["items"][1]];
    let expected = json!({
        "id": second.session_id, "client_id": "countersign", "label": current["label"], "address": "127.0.0.1",
        "created_at": "2027-01-15T08:00:01Z", "last_used_at": "2027-01-15T08:00:02Z",
        "expires_at": "2027-01-29T08:00:02Z", "current": true,
    });
    assert_eq!(current, &expected);
    assert!(current["label"].as_str().unwrap().contains("Firefox"), "{current}");
    assert_eq!((&ended["current"], &ended["ended_at"]), (&json!(false), &json!("2027-01-15T08:00:02Z")));
    assert_eq!((&ended["end"]["reason"], &ended["end"]["at"]), (&json!("signed_out"), &ended["ended_at"]));
    assert!(ended["end"]["by"].as_str().unwrap().contains("127.0.0.1"));
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    let app = TestApp::start().await;
    let tokens = app.sign_in("ana").await;
    for _ in 0..4 {
        app.clock().advance(SECOND);
        app.open_sessions("ana", 1).await;
    }
    let whole = list(&app, &tokens, "").await;
    let mut found = Vec::new();
    let mut query = "?limit=2".to_owned();
    for expected in [2, 2, 1] {
        let page = list(&app, &tokens, &query).await;
        assert_eq!(ids(&page).len(), expected);
        found.extend(ids(&page).into_iter().map(str::to_owned));
        query = page["next"].as_str().map_or_else(String::new, |next| format!("?limit=2&after={next}"));
    }
    assert_eq!((found.iter().map(String::as_str).collect::<Vec<_>>(), query.as_str()), (ids(&whole), ""));
    for query in ["?limit=0", "?limit=101", "?limit=-1", "?limit=x", "?limit=1&limit=2", "?after=nonsense", "?other=1"]
    {
        let refused = app.get(&format!("/api/v1/sessions{query}")).bearer(&tokens.access_token).send().await;
        refused.assert_problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn one_session_is_ended_by_its_id() {
    let app = TestApp::start().await;
    let (current, other) = (app.sign_in("ana").await, app.sign_in("ana").await);
    let end = |id: &str| app.request("DELETE", &format!("/api/v1/sessions/{id}")).bearer(&current.access_token).send();
    for _ in 0..2 {
        let ended = end(&other.session_id).await.assert_status(204);
        assert!(ended.set_cookies().is_empty());
    }
    app.me(&other).await.assert_problem(401, "invalid_token");
    app.refresh(&other).await.assert_problem(401, "invalid_grant");
    assert_eq!(app.end_reason(&other).await, Some("signed_out_elsewhere"));

    let own = end(&current.session_id).await.assert_status(204);
    assert_eq!(
        (own.set_cookie(ACCESS_COOKIE).value, own.set_cookie(REFRESH_COOKIE).value),
        (String::new(), String::new())
    );
    app.me(&current).await.assert_problem(401, "invalid_token");
}

#[tokio::test]
async fn somebody_elses_session_is_not_found() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.sign_in("ana").await, app.sign_in("ben").await);
    for id in [ben.session_id.as_str(), "AAAAAAAAAAAAAAAAAAAAAA", "nonsense", "%00", "..", "%2e%2e%2fme"] {
        let refused = app.request("DELETE", &format!("/api/v1/sessions/{id}")).bearer(&ana.access_token).send().await;
        refused.assert_problem(404, "not_found");
    }
    app.me(&ben).await.assert_status(200);
    assert_eq!(ids(&list(&app, &ana, "").await), [&ana.session_id]);
}

#[tokio::test]
async fn all_others_are_ended_at_once() {
    let app = TestApp::start().await;
    let (current, one, two) = (app.sign_in("ana").await, app.sign_in("ana").await, app.sign_in("ana").await);
    let stranger = app.sign_in("ben").await;
    app.request("DELETE", "/api/v1/sessions").bearer(&current.access_token).send().await.assert_status(204);
    for tokens in [&one, &two] {
        app.me(tokens).await.assert_problem(401, "invalid_token");
    }
    for tokens in [&current, &stranger] {
        app.me(tokens).await.assert_status(200);
        app.refresh(tokens).await.tokens();
    }
}

#[tokio::test]
async fn by_cookie_a_session_is_ended_from_the_same_site_only() {
    let app = TestApp::start().await;
    let access = app.sign_in_with_cookies("ana").await.set_cookie(ACCESS_COOKIE).value;
    let end = || app.request("DELETE", "/api/v1/sessions").cookie(ACCESS_COOKIE, &access);
    end().send().await.assert_problem(403, "cross_site");
    end().origin(ISSUER).send().await.assert_status(204);
}
