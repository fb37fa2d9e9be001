//! Clients whose id is the URL of a document (OAuth Client ID Metadata Document): first contact, what is refused, what is
//! kept and for how long, and that a URL reaches nothing that it should not.

use crate::support::apps::VERIFIER;
use crate::support::machines::FORM;
use crate::support::others::{Answer, Names, Other, policy};
use crate::support::strangers::{LOOPBACK, Stranger, asked, unlimited};
use crate::support::{ISSUER, PASSWORD, Response, Setup, TestApp};
use countersign_core::client::ClientStatus;
use countersign_core::{Source as _, Span};
use countersign_jose::{Algorithm, JwkSet, Signer, SigningKey};
use countersign_server::{Bucket, DocumentPolicy, ThrottlePolicy};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const REFUSED: &str = "the document at `client_id`";

#[tokio::test]
async fn an_agent_that_nobody_knows_gets_tokens_for_a_resource_server() {
    let (app, agent) = Stranger::meet(Setup::default()).await;
    app.add_account("ana").await;
    app.add_resource("https://tools.example/mcp", &["tools:use", "tools:admin=admin"]).await;
    let asks = agent.asks().with("resource", "https://tools.example/mcp");
    let asks = asks.with("scope", "openid offline_access tools:use tools:admin feed:read");
    let mut browser = app.browser();
    let page = browser.ask(&asks).await.assert_page(200, "Some Agent");
    let host = agent.url.split('/').nth(2).unwrap();
    assert!(page.text().contains(&format!("the word of {host}.")), "{}", page.text());
    assert!(app.client(&agent.url).await.is_none(), "nothing is kept before somebody agrees");
    let consent = browser.sign_in(&page, "ana", PASSWORD).await.assert_page(200, "Allow Some Agent?");
    for shown in [&format!("the word of {host}."), "on this device (127.0.0.1:51004)", "tools:use"] {
        assert!(consent.text().contains(shown), "no `{shown}`: {}", consent.text());
    }
    assert!(!consent.text().contains("tools:admin") && !consent.text().contains("logo"), "{}", consent.text());
    let answer = browser.allow(&consent).await;
    let tokens = app.public_exchange(&agent.url, &answer).await;
    let claims = tokens.claims();
    assert_eq!((&claims["client_id"], &claims["aud"]), (&json!(agent.url), &json!("https://tools.example/mcp")));
    assert_eq!(claims["scope"], "offline_access openid tools:use");
    app.public_refresh(&agent.url, &tokens).await.oauth_tokens();
    // Once agreed, nobody is asked again, and the document was asked for once, its logo never.
    browser.ask(&asks).await.redirected(LOOPBACK);
    assert_eq!(agent.fetched(), 1);
    let told = app.audit("client.first_used").await;
    assert_eq!(told.iter().map(|event| event.client.as_ref().unwrap().as_str()).collect::<Vec<_>>(), [agent.url]);
}

#[tokio::test]
async fn a_document_that_is_not_the_clients_own_and_good_is_refused_on_a_page() {
    let (app, agent) = Stranger::meet(unlimited()).await;
    let own = |changes: Value| Answer::json(&agent.document(&changes));
    for (answer, why) in [
        (own(json!({ "client_id": "https://other.example/client.json" })), "`client_id` is not the URL"),
        (own(json!({ "client_id": format!("{}/", agent.url) })), "`client_id` is not the URL"),
        (own(json!({ "client_id": null })), "`client_id` is not the URL"),
        (own(json!({ "redirect_uris": null })), "`redirect_uris` is missing"),
        (own(json!({ "redirect_uris": ["http://client.example/cb"] })), "redirect URI 1"),
        (own(json!({ "client_secret": "s" })), "has no secret"),
        (own(json!({ "token_endpoint_auth_method": "client_secret_basic" })), "has no secret"),
        (own(json!({ "token_endpoint_auth_method": "tls_client_auth" })), "must be `none` or `private_key_jwt`"),
        (own(json!({ "token_endpoint_auth_method": "private_key_jwt" })), "needs public keys"),
        (own(json!({ "grant_types": ["implicit"] })), "`grant_types` must have"),
        (own(json!({ "scope": "feed:read" })), "people can not give"),
        (Answer::json("[]"), "expected one JSON object"),
        (Answer::json("not json"), "expected one JSON object"),
        (Answer::json("{\"client_id\":1,\"client_id\":2}"), "expected one JSON object"),
        (Answer::of("200 OK", &[("content-type", "text/html")], &agent.document(&json!({}))), "application/json"),
        (Answer::of("200 OK", &[], &agent.document(&json!({}))), "application/json"),
        (Answer::of("404 Not Found", &[], ""), "status 404"),
        (Answer::of("206 Partial", &[("content-type", "application/json")], "{}"), "status 206"),
    ] {
        agent.host.answers(answer.clone());
        let page = app.browser().ask(&agent.asks()).await;
        let page = page.assert_page(400, REFUSED);
        let text = page.text().replace("&#39;", "'");
        assert!(text.contains(why), "{answer:?}: no `{why}` in {text}");
        app.clock().advance(Span::from_seconds(10));
    }
    agent.says(&json!({}));
    app.browser().ask(&agent.asks()).await.assert_page(200, "Some Agent");
    let other = agent.asks().with("redirect_uri", "http://127.0.0.1:51004/elsewhere");
    app.browser().ask(&other).await.assert_page(400, "not registered");
}

#[tokio::test]
async fn a_url_reaches_nothing_on_this_machine_or_its_network() {
    let inside = Other::plain(Answer::json("{}")).await;
    let names = Names::answering(&[&["127.0.0.1"]]);
    let app = Setup { outbound: policy(&[], names.clone()), ..unlimited() }.start().await;
    let port = inside.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "0.0.0.0",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "inside.example",
    ] {
        let page = app.browser().ask(&asked(&format!("https://{host}:{port}/client.json"))).await;
        page.assert_page(400, "could not be fetched");
    }
    // These are no ids of documents, so nobody is even looked up.
    let looked_up = names.asked();
    for url in [
        format!("http://inside.example:{port}/client.json"),
        format!("https://inside.example:{port}/"),
        format!("https://inside.example:{port}/a/../client.json"),
        format!("https://user@inside.example:{port}/client.json"),
        format!("https://inside.example:{port}/client.json#x"),
        format!("https://2130706433:{port}/client.json"),
        format!("file://inside.example:{port}/client.json"),
    ] {
        app.browser().ask(&asked(&url)).await.assert_page(400, "names no application");
        let form = [("grant_type", "authorization_code"), ("code", "csc_x")];
        app.public_request(&url, &form).send().await.assert_oauth_error(401, "invalid_client");
    }
    assert_eq!((inside.connections(), names.asked()), (0, looked_up));
}

#[tokio::test]
async fn a_redirect_and_a_name_that_changes_its_mind_reach_nothing_either() {
    let inside = Other::plain(Answer::json("{}")).await;
    let (app, agent) = Stranger::meet(unlimited()).await;
    for target in [format!("https://127.0.0.1:{}/", inside.port()), format!("http://localhost:{}/", inside.port())] {
        agent.host.answers(Answer::of("302 Found", &[("location", &target)], ""));
        app.browser().ask(&agent.asks()).await.assert_page(400, "redirects elsewhere");
        app.clock().advance(Span::from_seconds(10));
    }
    // Public when it is checked, this machine when it would be asked again.
    let names = Names::answering(&[&["2001:4860:4860::8888"], &["127.0.0.1"]]);
    let app = Setup { outbound: policy(&[], names.clone()), ..unlimited() }.start().await;
    let url = format!("https://rebound.example:{}/client.json", inside.port());
    for _ in 0..2 {
        app.browser().ask(&asked(&url)).await.assert_page(400, "could not be fetched");
        app.clock().advance(Span::from_seconds(10));
    }
    assert_eq!((names.asked(), inside.connections()), (2, 0));
}

#[tokio::test]
async fn what_is_endless_or_slow_is_refused_in_bounded_time() {
    let (app, agent) = Stranger::meet_within(unlimited(), Duration::from_secs(3)).await;
    app.browser().ask(&agent.asks()).await.assert_page(200, "Some Agent");
    // From here on it must be asked for again.
    app.clock().advance(Span::from_days(2));
    for (answer, why) in [
        (Answer::EndlessBody, "is too large"),
        (Answer::EndlessHead, "could not be fetched"),
        (Answer::NoBody, "could not be fetched"),
        (Answer::Silence, "could not be fetched"),
    ] {
        agent.host.answers(answer);
        app.browser().ask(&agent.asks()).await.assert_page(400, why);
        app.clock().advance(Span::from_seconds(10));
    }
    let large = json!({ "client_uri": "x".repeat(40_000) });
    agent.says(&large);
    app.browser().ask(&agent.asks()).await.assert_page(400, "is too large");
}

#[tokio::test]
async fn a_document_is_kept_for_as_long_as_http_says() {
    let (app, agent) = Stranger::meet(unlimited()).await;
    let ask = async |after: u64| {
        app.clock().advance(Span::from_seconds(after));
        app.browser().ask(&agent.asks()).await.assert_page(200, "Some Agent");
        agent.fetched()
    };
    agent.says_for(&json!({}), &[("cache-control", "max-age=300"), ("etag", "\"1\"")]);
    assert_eq!(ask(0).await, 1);
    assert_eq!(ask(299).await, 1);
    // Then it is asked whether it changed.
    agent.host.answers(Answer::Raw("HTTP/1.1 304 Not Modified\r\ncache-control: max-age=500\r\n\r\n".to_owned()));
    assert_eq!(ask(1).await, 2);
    assert!(agent.host.requests()[1].contains("if-none-match: \"1\"\r\n"));
    assert_eq!(ask(499).await, 2);
    // A minute at the least, or a sign-in would ask for it at each of its steps; a day at the most.
    agent.says_for(&json!({}), &[("cache-control", "no-store")]);
    assert_eq!(ask(1).await, 3);
    assert_eq!(ask(59).await, 3);
    agent.says_for(&json!({}), &[("cache-control", "max-age=31536000")]);
    assert_eq!(ask(1).await, 4);
    assert_eq!(ask(86_399).await, 4);
    assert_eq!(ask(1).await, 5);
}

#[tokio::test]
async fn many_who_ask_at_once_cause_one_fetch() {
    let (app, agent) = Stranger::meet(Setup::default()).await;
    let asks = (0..8).map(|_| async { app.browser().ask(&agent.asks()).await.assert_page(200, "Some Agent") });
    futures_util::future::join_all(asks).await;
    assert_eq!(agent.fetched(), 1);
}

#[tokio::test]
async fn nobody_makes_the_server_ask_others_without_end() {
    let every = Span::from_seconds(30);
    let throttle = ThrottlePolicy { address: Bucket { burst: 3, every }, ..ThrottlePolicy::default() };
    let (app, agent) = Stranger::meet(Setup { throttle, ..Setup::default() }).await;
    let url = |number: usize| format!("{}?{number}", agent.url);
    let from = |address: [u8; 4], number| {
        let query = asked(&url(number)).query();
        app.get(&format!("/oauth2/authorize?{query}")).from(address).send()
    };
    for number in 0..3 {
        from([127, 0, 0, 1], number).await.assert_page(400, "not the URL of the document");
    }
    let refused = from([127, 0, 0, 1], 3).await.assert_page(429, "Too many attempts");
    assert_eq!(refused.header("retry-after"), Some("30"));
    // Another address may ask, until that host has had enough of us.
    for number in 4..21 {
        let address = [127, 0, 1, u8::try_from(number).unwrap()];
        from(address, number).await.assert_page(400, "not the URL of the document");
    }
    from([127, 0, 2, 1], 21).await.assert_page(429, "Too many attempts");
    assert_eq!(agent.host.connections(), 20);
}

#[tokio::test]
async fn a_document_that_changes_counts_from_then_on_and_sessions_go_on_without_it() {
    let (app, agent) = Stranger::meet(unlimited()).await;
    app.add_account("ana").await;
    let answer = app.browser().grant(&agent.asks(), "ana").await;
    let tokens = app.public_exchange(&agent.url, &answer).await;
    agent.says(&json!({ "redirect_uris": ["https://client.example/new"], "client_name": "Renamed" }));
    app.clock().advance(Span::from_seconds(600));
    app.browser().ask(&agent.asks()).await.assert_page(400, "not registered");
    let moved = agent.asks().with("redirect_uri", "https://client.example/new");
    app.browser().ask(&moved).await.assert_page(200, "Renamed");
    // Its host is not to be had: what was known is good for a day.
    agent.host.answers(Answer::of("503 Service Unavailable", &[], ""));
    app.clock().advance(Span::from_seconds(80_000));
    app.browser().ask(&moved).await.assert_page(200, "Renamed");
    app.clock().advance(Span::from_seconds(6_400));
    app.browser().ask(&moved).await.assert_page(400, "status 503");
    // It says that it is gone: no one new signs in there, and who is signed in stays so, without a fetch.
    agent.host.answers(Answer::of("410 Gone", &[], ""));
    app.clock().advance(Span::from_seconds(10));
    app.browser().ask(&moved).await.assert_page(400, "status 410");
    let fetched = agent.fetched();
    let tokens = app.public_refresh(&agent.url, &tokens).await.oauth_tokens();
    assert_eq!(agent.fetched(), fetched);
    // Until an operator says otherwise.
    app.set_client_status(&agent.url, ClientStatus::Disabled).await;
    app.public_refresh(&agent.url, &tokens).await.assert_oauth_error(401, "invalid_client");
    agent.says(&json!({}));
    app.clock().advance(Span::from_seconds(10));
    app.browser().ask(&agent.asks()).await.assert_page(400, "names no application");
    assert_eq!(agent.fetched(), fetched, "nothing is fetched for a client that is disabled");
}

#[tokio::test]
async fn what_an_operator_registered_under_a_url_is_not_fetched() {
    let (app, agent) = Stranger::meet(Setup::default()).await;
    let (kind, name) = (countersign_core::client::ClientKind::Native, Some("Known here"));
    app.add_client(&agent.url, kind, name, &["http://127.0.0.1/callback"], "", &[]).await;
    let page = app.browser().ask(&agent.asks()).await.assert_page(200, "Known here");
    assert!(!page.text().contains("Nobody here has checked"), "{}", page.text());
    assert_eq!(agent.host.connections(), 0);
}

#[tokio::test]
async fn without_documents_a_url_is_an_id_like_any_other() {
    let (app, agent) = Stranger::meet(Setup { documents: DocumentPolicy::Off, ..Setup::default() }).await;
    app.browser().ask(&agent.asks()).await.assert_page(400, "names no application");
    assert_eq!(agent.host.connections(), 0);
    let metadata = app.get("/.well-known/oauth-authorization-server").send().await.json();
    assert_eq!(metadata["client_id_metadata_document_supported"], false);
    let metadata = TestApp::start().await.get("/.well-known/openid-configuration").send().await.json();
    assert_eq!(metadata["client_id_metadata_document_supported"], true);
}

fn key() -> (Signer, Value) {
    let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
    let jwks = JwkSet { keys: vec![key.verifying_key().to_jwk().unwrap()] };
    (Signer::new(key, "JWT"), serde_json::to_value(jwks).unwrap())
}

/// A token request with a code, signed by the client itself.
async fn exchange(app: &TestApp, agent: &Stranger, code: &str, signer: &Signer, jti: &str) -> Response {
    let now = app.clock().now().timestamp().as_seconds();
    let claims = json!({ "iss": agent.url, "sub": agent.url, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti });
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &signer.sign(&claims).unwrap()),
    ];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    app.post("/oauth2/token").header("content-type", FORM).body(form).send().await
}

#[tokio::test]
async fn a_client_may_sign_with_keys_of_its_document_and_change_them() {
    let (app, agent) = Stranger::meet(unlimited()).await;
    app.add_account("ana").await;
    let ((first, jwks), (second, new_jwks)) = (key(), key());
    let method = "private_key_jwt";
    let hour = [("cache-control", "max-age=3600")];
    agent.says_for(&json!({ "token_endpoint_auth_method": method, "jwks": jwks }), &hour);
    let mut browser = app.browser();
    let code = browser.grant(&agent.asks(), "ana").await.redirected(LOOPBACK).remove("code").unwrap();
    let bare = app.public_request(&agent.url, &[("grant_type", "authorization_code"), ("code", &code)]);
    bare.send().await.assert_oauth_error(401, "invalid_client");
    exchange(&app, &agent, &code, &second, "1").await.assert_oauth_error(401, "invalid_client");
    exchange(&app, &agent, &code, &first, "2").await.oauth_tokens();
    // The document has another key by now, and is not looked at again within a minute.
    agent.says_for(&json!({ "token_endpoint_auth_method": method, "jwks": new_jwks }), &hour);
    let code = browser.ask(&agent.asks()).await.redirected(LOOPBACK).remove("code").unwrap();
    app.clock().advance(Span::from_seconds(59));
    exchange(&app, &agent, &code, &second, "3").await.assert_oauth_error(401, "invalid_client");
    assert_eq!(agent.fetched(), 1);
    app.clock().advance(Span::from_seconds(1));
    let code = browser.ask(&agent.asks()).await.redirected(LOOPBACK).remove("code").unwrap();
    exchange(&app, &agent, &code, &second, "4").await.oauth_tokens();
    assert_eq!(agent.fetched(), 2);
    exchange(&app, &agent, &code, &first, "5").await.assert_oauth_error(401, "invalid_client");
}

#[tokio::test]
async fn keys_may_be_at_an_address_of_their_own_if_that_may_be_reached() {
    let inside = Other::plain(Answer::json("{\"keys\":[]}")).await;
    let (app, agent) = Stranger::meet(unlimited()).await;
    app.add_account("ana").await;
    let (signer, jwks) = key();
    let naming = |uri: String| {
        let document = agent.document(&json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": uri }));
        let bytes = Answer::bytes_of_json;
        agent.host.answers(Answer::ByTarget(vec![
            ("/client.json", bytes(&document)),
            ("/keys", bytes(&jwks.to_string())),
            ("/none", bytes("{\"keys\":[]}")),
        ]));
    };
    let own = agent.url.trim_end_matches("/client.json");
    for (uri, why) in [
        (format!("https://127.0.0.1:{}/keys", inside.port()), "could not be fetched"),
        (format!("http://localhost:{}/keys", inside.port()), "could not be fetched"),
        (format!("{own}/none"), "needs public keys"),
        ("keys".to_owned(), "could not be fetched"),
    ] {
        naming(uri);
        app.browser().ask(&agent.asks()).await.assert_page(400, why);
        app.clock().advance(Span::from_seconds(10));
    }
    assert_eq!(inside.connections(), 0);
    naming(format!("{own}/keys"));
    let code = app.browser().grant(&agent.asks(), "ana").await.redirected(LOOPBACK).remove("code").unwrap();
    exchange(&app, &agent, &code, &signer, "1").await.oauth_tokens();
}
