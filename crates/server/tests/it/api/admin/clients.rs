//! `/api/v1/admin/clients`.

use crate::support::machines::Machine;
use crate::support::{Response, TestApp, Tokens, When};
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::client::ClientId;
use countersign_core::resource::ResourceUri;
use countersign_core::store::{RemoveResource, ResourceStore as _};
use countersign_core::{Source as _, Span};
use serde_json::{Value, json};

const ORDERS: &str = "https://orders.example.com";

async fn register(app: &TestApp, root: &Tokens, body: Value) -> Response {
    app.admin("POST", "clients", root).json(body).send().await
}

async fn secret_of(app: &TestApp, root: &Tokens, id: &str) -> Machine {
    let body = json!({ "client_id": id, "kind": "machine", "scopes": ["feed:read"] });
    let shown = register(app, root, body).await.assert_status(201).json();
    Machine { id: id.to_owned(), secret: shown["client_secret"].as_str().unwrap().to_owned() }
}

/// That an event names the administrator, the address and the client.
fn assert_told(event: &AuditEvent, app_account: countersign_core::AccountId, client: &str) {
    assert_eq!(event.actor.account, Some(app_account));
    assert_eq!(event.actor.address.map(|address| address.to_string()).as_deref(), Some("127.0.0.1"));
    assert_eq!(event.client.as_ref().map(ClientId::as_str), Some(client));
}

#[tokio::test]
async fn a_registered_client_is_shown_its_secret_once() {
    let app = TestApp::start().await;
    app.add_resource(ORDERS, &["orders:read"]).await;
    let root = app.administrator().await;
    let body = json!({
        "client_id": "billing", "kind": "machine", "name": "Billing", "scopes": ["orders:read", "feed:read"],
        "resources": [ORDERS],
    });
    let shown = register(&app, &root, body).await.assert_status(201);
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let secret = shown.json()["client_secret"].as_str().unwrap().to_owned();
    assert_eq!(shown.json(), json!({ "client_id": "billing", "client_secret": secret }));
    let machine = Machine { id: "billing".to_owned(), secret };
    assert_eq!(app.machine_token(&machine, "&scope=feed:read").await.scope, "feed:read");

    let expected = json!({
        "client_id": "billing", "name": "Billing", "kind": "machine",
        "token_endpoint_auth_method": "client_secret_basic", "scopes": ["feed:read", "orders:read"],
        "resources": [ORDERS], "redirect_uris": [], "post_logout_redirect_uris": [],
        "require_pushed_authorization_requests": false, "status": "active", "created_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(app.admin("GET", "clients/billing", &root).send().await.assert_status(200).json(), expected);
    let list = app.admin("GET", "clients", &root).send().await.assert_status(200).json();
    assert_eq!(list, json!({ "items": [expected] }));
    let account = app.account("root").await.id;
    assert_told(&app.audit("client.registered").await[0], account, "billing");
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    for id in ["c", "a", "b"] {
        app.add_machine(id, "", &[]).await;
    }
    let page = async |query: String| app.admin("GET", &format!("clients{query}"), &root).send().await.json();
    let first = page("?limit=2".to_owned()).await;
    let rest = page(format!("?limit=2&after={}", first["next"].as_str().unwrap())).await;
    let ids: Vec<_> = [&first, &rest].into_iter().flat_map(|page| page["items"].as_array().unwrap()).collect();
    assert_eq!(ids.iter().map(|item| item["client_id"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(rest.get("next"), None);
    for query in ["limit=0", "limit=101", "after=!", "x=1"] {
        let refused = app.admin("GET", &format!("clients?{query}"), &root).send().await;
        refused.assert_problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn what_can_not_be_registered_is_refused() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    app.add_machine("guard", "", &[]).await;
    let many: Vec<_> = (0..65).map(|n| format!("s{n}")).collect();
    let cases = [
        (json!({ "client_id": "guard", "kind": "machine" }), 409, "client_id_taken"),
        (json!({ "client_id": "countersign", "kind": "machine" }), 409, "client_id_taken"),
        (json!({ "client_id": "new", "kind": "machine", "resources": [ORDERS] }), 400, "invalid_target"),
        (json!({ "client_id": "new", "kind": "machine", "resources": ["CANARY"] }), 400, "invalid_target"),
        (json!({ "client_id": "new", "kind": "machine", "scopes": ["CANARY a"] }), 400, "invalid_scope"),
        (json!({ "client_id": "new", "kind": "machine", "scopes": many }), 400, "invalid_request"),
        (json!({ "client_id": "new", "kind": "machine", "name": "CANARY\n" }), 400, "invalid_request"),
        (json!({ "client_id": "CANARY a", "kind": "machine" }), 400, "invalid_request"),
        (json!({ "client_id": "new", "kind": "web" }), 400, "invalid_request"),
        (
            json!({ "client_id": "new", "kind": "web", "redirect_uris": ["http://CANARY.example"] }),
            400,
            "invalid_request",
        ),
        (
            json!({ "client_id": "new", "kind": "machine", "redirect_uris": ["https://a.example"] }),
            400,
            "invalid_request",
        ),
        (
            json!({ "client_id": "new", "kind": "machine", "token_endpoint_auth_method": "CANARY" }),
            400,
            "invalid_request",
        ),
        (
            json!({ "client_id": "new", "kind": "machine", "token_endpoint_auth_method": "none" }),
            400,
            "invalid_request",
        ),
        (json!({ "client_id": "new", "kind": "machine", "jwks": { "keys": ["CANARY"] } }), 400, "invalid_request"),
        (json!({ "client_id": "new", "kind": "CANARY" }), 400, "invalid_request"),
        (json!({ "client_id": "new" }), 400, "invalid_request"),
        (json!({ "kind": "machine" }), 400, "invalid_request"),
        (json!({ "client_id": "new", "kind": "machine", "client_secret": "CANARY" }), 400, "invalid_request"),
    ];
    for (body, status, code) in cases {
        let refused = register(&app, &root, body).await.assert_problem(status, code);
        assert!(!refused.text().contains("CANARY"), "{}", refused.text());
    }
    let web = register(&app, &root, json!({ "client_id": "new", "kind": "web" })).await;
    assert!(web.text().contains("needs a redirect URI"), "{}", web.text());
    assert_eq!(app.audit("client.registered").await.len(), 1);
}

#[tokio::test]
async fn a_client_at_which_people_sign_in_is_registered_with_where_they_come_back_to() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let uris = ["http://127.0.0.1/cb", "https://app.example/cb"];
    let body = json!({ "client_id": "app", "kind": "native", "redirect_uris": uris });
    let shown = register(&app, &root, body).await.assert_status(201).json();
    assert_eq!(shown, json!({ "client_id": "app" }), "a public client has no secret");
    let client = app.admin("GET", "clients/app", &root).send().await.assert_status(200).json();
    assert_eq!(client["redirect_uris"], json!(uris));
    assert_eq!(client["token_endpoint_auth_method"], "none");
}

#[tokio::test]
async fn a_client_is_registered_with_what_it_hears_of_sign_outs() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let body = |more: &[(&str, Value)]| {
        let mut body = json!({ "client_id": "app", "kind": "web", "redirect_uris": ["https://app.example/cb"] });
        more.iter().for_each(|(name, value)| body[*name] = value.clone());
        body
    };
    let (post, back) = ("post_logout_redirect_uris", "backchannel_logout_uri");
    for (more, why) in [
        (&[(post, json!(["https://app.example/a", "http://CANARY.example"]))][..], "post-logout redirect URI 2: "),
        (&[(back, json!("http://CANARY.example"))], "back-channel logout URI, which is as redirect URIs are: "),
        (&[("backchannel_logout_session_required", json!(true))], "needs a back-channel logout URI"),
        (&[(back, json!("https://a.example")), ("kind", json!("machine")), ("redirect_uris", json!([]))], "sign-outs"),
    ] {
        let refused = register(&app, &root, body(more)).await.assert_problem(400, "invalid_request").text();
        assert!(refused.contains(why) && !refused.contains("CANARY"), "{refused}");
    }
    let required = ("backchannel_logout_session_required", json!(true));
    let more = [(post, json!(["https://app.example/bye"])), (back, json!("http://localhost:3000/told")), required];
    register(&app, &root, body(&more)).await.assert_status(201);
    let client = app.admin("GET", "clients/app", &root).send().await.assert_status(200).json();
    for (name, value) in more {
        assert_eq!(client[name], value);
    }
}

#[tokio::test]
async fn a_replaced_secret_is_refused_and_its_tokens_live_on() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let before = secret_of(&app, &root, "guard").await;
    let token = app.machine_token(&before, "").await;
    let shown = app.admin("POST", "clients/guard/rotate-secret", &root).send().await.assert_status(200).json();
    let after = Machine { secret: shown["client_secret"].as_str().unwrap().to_owned(), ..before.clone() };
    assert_eq!(shown, json!({ "client_id": "guard", "client_secret": after.secret }));
    let refused = app.token_request(&before, "grant_type=client_credentials").send().await;
    refused.assert_oauth_error(401, "invalid_client");
    assert_eq!(app.machine_token(&after, "").await.claims()["sid"], token.claims()["sid"]);
    // Of two at once, one wins.
    let held = app.store().hold_back("client");
    let (lost, ()) = tokio::join!(
        app.admin("POST", "clients/guard/rotate-secret", &root).send(),
        held.while_held(async {
            app.admin("POST", "clients/guard/rotate-secret", &root).send().await.assert_status(200);
        })
    );
    lost.assert_problem(409, "changed");
    assert_told(&app.audit("client.secret_replaced").await[0], app.account("root").await.id, "guard");
}

#[tokio::test]
async fn disabling_ends_sessions_and_enabling_says_until_when_tokens_are_refused() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    // Tokens lived longer once: nothing says so any more but the key that signed them.
    app.add_resource_for(ORDERS, &["orders:read"], Some(Span::from_seconds(1_800))).await;
    app.admin("POST", "keys/rotate", &root).json(json!({ "now": true })).send().await.assert_status(200);
    let audit = AuditEvent::new(app.clock().now(), "resource.removed", Actor::named("test"));
    app.store().remove_resource(RemoveResource { uri: ResourceUri::parse(ORDERS).unwrap(), audit }).await.unwrap();
    let machine = secret_of(&app, &root, "guard").await;
    app.machine_token(&machine, "").await;
    let until = "2027-01-15T08:31:30Z"; // now, 30 min, 90 s
    let set = |verb: &str| app.admin("POST", &format!("clients/guard/{verb}"), &root).send();
    let disabled = set("disable").await.assert_status(200).json();
    let expected = json!({ "client_id": "guard", "status": "disabled", "sessions_ended": 1, "refused_until": until });
    assert_eq!(disabled, expected);
    let again = set("disable").await.assert_status(200).json();
    assert_eq!((&again["status"], &again["sessions_ended"]), (&json!("disabled"), &json!(0)));
    let refused = app.token_request(&machine, "grant_type=client_credentials").send().await;
    refused.assert_oauth_error(401, "invalid_client");

    let enabled = set("enable").await.assert_status(200).json();
    let expected = json!({ "client_id": "guard", "status": "active", "sessions_ended": 0, "refused_until": until });
    assert_eq!(enabled, expected);
    app.machine_token(&machine, "").await;
    let shown = app.admin("GET", "clients/guard", &root).send().await.json();
    assert_eq!((&shown["status"], &shown["refused_until"]), (&json!("active"), &json!(until)));
    let account = app.account("root").await.id;
    for what in ["client.disabled", "client.enabled"] {
        let events = app.audit(what).await;
        assert_eq!(events.len(), 1, "{what}");
        assert_told(&events[0], account, "guard");
    }
}

#[tokio::test]
async fn a_removed_client_is_gone_and_its_sessions_with_it() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let machine = secret_of(&app, &root, "https://app.example/id").await;
    app.machine_token(&machine, "").await;
    let path = "clients/https%3A%2F%2Fapp.example%2Fid";
    app.fail_next("remove_client", When::Before);
    app.admin("DELETE", path, &root).send().await.assert_problem(503, "unavailable");
    let removed = app.admin("DELETE", path, &root).send().await.assert_status(204);
    assert_eq!(removed.text(), "");
    let refused = app.token_request(&machine, "grant_type=client_credentials").send().await;
    refused.assert_oauth_error(401, "invalid_client");
    for (method, verb) in
        [("GET", ""), ("DELETE", ""), ("POST", "/disable"), ("POST", "/enable"), ("POST", "/rotate-secret")]
    {
        let gone = app.admin(method, &format!("{path}{verb}"), &root).send().await;
        gone.assert_problem(404, "not_found");
    }
    let again = json!({ "client_id": "https://app.example/id", "kind": "machine" });
    let again = register(&app, &root, again).await.assert_status(201).json();
    assert!(again["refused_until"].is_string(), "{again}");
}
