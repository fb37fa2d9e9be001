//! A single-page application at an origin of which the server was told nothing but a redirect URI: what a real browser lets
//! its scripts do.

use super::{Chromium, World, send_form};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use countersign_core::Draw;
use countersign_core::audit::Actor;
use countersign_core::client::{ClientId, ClientKind, ClientProfile};
use countersign_core::ops::{ClientRegistered, RegisterClient};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Serves the application's one page, whatever the query; gives its URL.
async fn serve_page(serving: &mut JoinSet<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/cb", listener.local_addr().unwrap());
    let routes = Router::new().route("/cb", get(async || Html("<!doctype html><title>app</title>")));
    serving.spawn(countersign_server::serve(listener, routes, std::future::pending()));
    url
}

/// As `countersign client add app --kind spa --redirect-uri CALLBACK` does.
async fn register(world: &World, callback: &str) {
    let profile = ClientProfile { redirect_uris: vec![callback.to_owned()], ..ClientProfile::default() };
    let (id, kind) = (ClientId::parse("app").unwrap(), ClientKind::Spa);
    let register = RegisterClient { id, kind, profile, authentication: None, keys: None };
    let registered = register.run(Actor::named("test"), &*world.store, &Draw::from(&*world.clock)).await.unwrap();
    assert!(matches!(registered, Ok(ClientRegistered::Registered(..))), "{registered:?}");
}

#[tokio::test]
async fn an_application_of_another_origin_signs_people_in_with_nothing_but_its_registration() {
    let mut chromium = Chromium::start().await;
    let world = World::start(&mut chromium, "cookie").await;
    let mut serving = JoinSet::new();
    let callback = serve_page(&mut serving).await;
    register(&world, &callback).await;
    send_form(&mut chromium.tab(&world.profile, &world.url, "").await, "sign-up").await;

    let (issuer, _) = world.url.split_once("/?").unwrap();
    let app = format!("const issuer = {issuer:?}, callback = {callback:?};\n{}", include_str!("elsewhere.js"));
    let mut tab = chromium.tab(&world.profile, &callback, &app).await;
    tab.until("document.title === 'app'").await;
    assert_eq!(tab.value("push()").await, json!({ "status": 201, "expires_in": 60 }));
    tab.value("void (location = sessionStorage.request)").await;
    tab.until("document.querySelector('#password') !== null").await;
    tab.value("{ login.value = 'ana'; password.value = 'four geese in a tin boat'; }").await;
    tab.click("form[action='/sign-in'] button").await;
    tab.until("document.querySelector('button[value=allow]') !== null").await;
    tab.click("button[value=allow]").await;
    tab.until("document.title === 'app' && location.search.includes('code=')").await;
    let got = tab.value("exchange()").await;
    assert_eq!(got, json!({ "token_type": "Bearer", "user": "ana", "refreshed": 200, "revoked": 200, "after": 401 }));

    // What was refused can be read, its headers too; an unknown header is no hindrance.
    let refused = json!({ "status": 400, "error": "invalid_dpop_proof" });
    assert_eq!(tab.value("withProof()").await, refused);
    assert_eq!(tab.value("challenge()").await, "Bearer");
    for closed in ["/api/v1/me", "/oauth2/authorize", "/oauth2/introspect", "/healthz"] {
        assert_eq!(tab.value(&format!("isClosed({closed:?})")).await, true, "{closed}");
    }
}
