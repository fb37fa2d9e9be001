//! `/api/v1/admin/resources`.

use crate::support::{PASSWORD, Response, TestApp, Tokens, When};
use serde_json::{Value, json};

const ORDERS: &str = "https://orders.example.com/v1?a=b";
const PATH: &str = "resources/https%3A%2F%2Forders.example.com%2Fv1%3Fa%3Db";

async fn add(app: &TestApp, root: &Tokens, body: Value) -> Response {
    app.admin("POST", "resources", root).json(body).send().await
}

#[tokio::test]
async fn a_resource_server_is_registered_and_tokens_can_be_for_it() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    app.add_account("ana").await;
    let scopes = json!([{ "scope": "orders:read" }, { "scope": "orders:admin", "roles": ["ops", "admin"] }]);
    let body =
        json!({ "uri": ORDERS, "scopes": scopes, "lifetime_seconds": 60, "claims": { "tenant": "attribute:tenant" } });
    let expected = json!({
        "uri": ORDERS,
        "scopes": [{ "scope": "orders:admin", "roles": ["admin", "ops"] }, { "scope": "orders:read", "roles": [] }],
        "lifetime_seconds": 60, "claims": { "tenant": "attribute:tenant" }, "created_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(add(&app, &root, body.clone()).await.assert_status(201).json(), expected);
    assert_eq!(app.admin("GET", PATH, &root).send().await.assert_status(200).json(), expected);
    let list = app.admin("GET", "resources", &root).send().await.assert_status(200).json();
    assert_eq!(list, json!({ "items": [expected] }));
    add(&app, &root, body).await.assert_problem(409, "resource_uri_taken");

    let sign_in = async |login: &str| {
        let asked =
            json!({ "login": login, "password": PASSWORD, "audience": ORDERS, "scope": "orders:read orders:admin" });
        app.post("/api/v1/sign-in").json(asked).send().await.tokens()
    };
    let tokens = sign_in("ana").await;
    assert_eq!((tokens.scope.as_str(), tokens.expires_in), ("orders:read", 60));
    assert_eq!(tokens.claims()["aud"], ORDERS);
    assert_eq!(sign_in("root").await.scope, "orders:admin orders:read");
    let told = &app.audit("resource.added").await;
    assert_eq!((told.len(), told[0].detail.as_deref()), (1, Some(ORDERS)));
    assert_eq!(told[0].actor.account, Some(app.account("root").await.id));
}

#[tokio::test]
async fn the_least_is_a_uri() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let added = add(&app, &root, json!({ "uri": "urn:example:orders" })).await.assert_status(201).json();
    let expected = json!({ "uri": "urn:example:orders", "scopes": [], "created_at": "2027-01-15T08:00:00Z" });
    assert_eq!(added, expected);
    add(&app, &root, json!({ "uri": "urn:example:none", "claims": {} })).await.assert_status(201);
    let none = app.admin("GET", "resources/urn:example:none", &root).send().await.json();
    assert_eq!(none["claims"], json!({}), "none, whatever the configuration says");
}

#[tokio::test]
async fn what_can_not_be_registered_is_refused() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let many: Vec<_> = (0..65).map(|n| json!({ "scope": format!("s{n}") })).collect();
    let roles: Vec<_> = (0..33).map(|n| format!("r{n}")).collect();
    let uri = "https://new.example.com";
    for (body, code) in [
        (json!({ "uri": "CANARY" }), "invalid_request"),
        (json!({ "uri": "https://a.example/#CANARY" }), "invalid_request"),
        (json!({ "scopes": [] }), "invalid_request"),
        (json!({ "uri": uri, "scopes": [{ "scope": "CANARY a" }] }), "invalid_scope"),
        (json!({ "uri": uri, "scopes": [{ "scope": "" }] }), "invalid_scope"),
        (json!({ "uri": uri, "scopes": ["a"] }), "invalid_request"),
        (json!({ "uri": uri, "scopes": [{ "scope": "a", "roles": ["CANARY a"] }] }), "invalid_request"),
        (json!({ "uri": uri, "scopes": [{ "scope": "a", "roles": roles }] }), "invalid_request"),
        (json!({ "uri": uri, "scopes": [{ "scope": "a" }, { "scope": "a", "roles": ["b"] }] }), "invalid_request"),
        (json!({ "uri": uri, "scopes": many }), "invalid_request"),
        (json!({ "uri": uri, "lifetime_seconds": 0 }), "invalid_request"),
        (json!({ "uri": uri, "lifetime_seconds": 3_601 }), "invalid_request"),
        (json!({ "uri": uri, "claims": { "sub": "attribute:a" } }), "invalid_request"),
        (json!({ "uri": uri, "claims": { "tenant": "CANARY" } }), "invalid_request"),
        (json!({ "uri": uri, "x": "CANARY" }), "invalid_request"),
    ] {
        let refused = add(&app, &root, body.clone()).await;
        let refused = refused.assert_problem(400, code);
        assert!(!refused.text().contains("CANARY"), "{body}: {}", refused.text());
    }
    assert!(app.audit("resource.added").await.is_empty());
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    for uri in ["urn:c", "urn:a", "urn:b"] {
        add(&app, &root, json!({ "uri": uri })).await.assert_status(201);
    }
    let page = async |query: String| app.admin("GET", &format!("resources{query}"), &root).send().await.json();
    let first = page("?limit=2".to_owned()).await;
    let rest = page(format!("?limit=2&after={}", first["next"].as_str().unwrap())).await;
    let uris = [&first, &rest].into_iter().flat_map(|page| page["items"].as_array().unwrap());
    assert_eq!(uris.map(|item| item["uri"].as_str().unwrap()).collect::<Vec<_>>(), ["urn:a", "urn:b", "urn:c"]);
    assert_eq!(rest.get("next"), None);
}

#[tokio::test]
async fn a_removed_resource_server_is_gone_and_nothing_is_for_it_any_more() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    app.add_account("ana").await;
    add(&app, &root, json!({ "uri": ORDERS, "scopes": [{ "scope": "orders:read" }] })).await.assert_status(201);
    let asked = json!({ "login": "ana", "password": PASSWORD, "audience": ORDERS });
    let tokens = app.post("/api/v1/sign-in").json(asked.clone()).send().await.tokens();
    app.fail_next("remove_resource", When::Before);
    app.admin("DELETE", PATH, &root).send().await.assert_problem(503, "unavailable");
    let removed = app.admin("DELETE", PATH, &root).send().await.assert_status(204);
    assert_eq!(removed.text(), "");
    app.post("/api/v1/sign-in").json(asked).send().await.assert_problem(400, "invalid_target");
    app.refresh_request(&tokens.refresh_token).send().await.assert_problem(400, "invalid_target");
    for method in ["GET", "DELETE"] {
        for path in [PATH, "resources/nonsense", "resources/%ff"] {
            app.admin(method, path, &root).send().await.assert_problem(404, "not_found");
        }
    }
    let told = &app.audit("resource.removed").await;
    assert_eq!((told.len(), told[0].detail.as_deref()), (1, Some(ORDERS)));
}
