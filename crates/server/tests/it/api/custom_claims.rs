//! Custom claims of access tokens: from an account's attributes, anew in each token.

use crate::support::{ISSUER, PASSWORD, Setup, TestApp, Tokens};
use countersign_core::ops::InvalidAttribute;
use countersign_server::telemetry::LogFormat;
use serde_json::{Value, json};

const ORDERS: &str = "https://orders.example.com";
const CRM: &str = "https://crm.example.com";
const UNIT: &str = "https://example.com/unit";

async fn app() -> TestApp {
    let app = Setup::default().claims(&["tenant=attribute:tenant", &format!("{UNIT}=attribute:unit")]).start().await;
    app.add_account("ana").await;
    app
}

async fn sign_in_at(app: &TestApp, audience: &str) -> Tokens {
    let body = json!({ "login": "ana", "password": PASSWORD, "audience": audience });
    app.post("/api/v1/sign-in").json(body).send().await.tokens()
}

fn members(tokens: &Tokens) -> Vec<String> {
    tokens.claims().as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn an_attribute_is_a_claim_of_every_new_token_and_an_absent_one_is_none() {
    let app = app().await;
    let before = app.sign_in("ana").await;
    assert!(before.claims().get("tenant").is_none() && before.claims().get(UNIT).is_none());
    app.set_attribute("ana", "tenant", "acme \"west\"").await.unwrap();
    app.set_attribute("ana", "floor", "3").await.unwrap();

    let tokens = app.sign_in("ana").await;
    assert_eq!(tokens.claims()["tenant"], "acme \"west\"");
    assert_eq!(members(&tokens).len(), members(&before).len() + 1, "{:?}", members(&tokens));
    app.me(&tokens).await.assert_status(200);
    app.add_resource(ORDERS, &[]).await;
    let at_orders = sign_in_at(&app, ORDERS).await;
    let verified = app.verify(&at_orders.access_token, ORDERS).await.unwrap().into_claims();
    assert_eq!(verified["tenant"], "acme \"west\"");
}

#[tokio::test]
async fn a_refresh_and_a_password_change_carry_the_newest_value() {
    let app = app().await;
    app.set_attribute("ana", "tenant", "acme").await.unwrap();
    let first = app.sign_in("ana").await;
    app.set_attribute("ana", "tenant", "globex").await.unwrap();
    app.set_attribute("ana", "unit", "7").await.unwrap();
    // The token that is out says what was so; nobody was signed out by the change.
    assert_eq!(first.claims()["tenant"], "acme");
    app.me(&first).await.assert_status(200);

    let second = app.refresh_later(&first).await;
    assert_eq!((&second.claims()["tenant"], &second.claims()[UNIT]), (&json!("globex"), &json!("7")));
    app.set_attribute("ana", "tenant", "").await.unwrap();
    let third = app.refresh_later(&second).await;
    assert_eq!((third.claims().get("tenant"), &third.claims()[UNIT]), (None, &json!("7")));
    let changed = app.change_password(&third, "eleven ducks below the old mill").await.tokens();
    assert_eq!((changed.claims().get("tenant"), &changed.claims()[UNIT]), (None, &json!("7")));
}

#[tokio::test]
async fn a_resource_server_may_have_claims_of_its_own_or_none() {
    let app = app().await;
    app.set_attribute("ana", "tenant", "acme").await.unwrap();
    app.set_attribute("ana", "customer", "c-17").await.unwrap();
    app.add_resource_with_claims(CRM, &["customer=attribute:customer"]).await;
    app.add_resource_with_claims(ORDERS, &[]).await;
    let at_crm = sign_in_at(&app, CRM).await;
    assert_eq!((&at_crm.claims()["customer"], at_crm.claims().get("tenant")), (&json!("c-17"), None));
    let refreshed = app.refresh_later(&at_crm).await;
    assert_eq!((&refreshed.claims()["customer"], refreshed.claims().get("tenant")), (&json!("c-17"), None));
    let at_orders = sign_in_at(&app, ORDERS).await;
    assert_eq!((at_orders.claims().get("customer"), at_orders.claims().get("tenant")), (None, None));
    let at_issuer = sign_in_at(&app, ISSUER).await;
    assert_eq!((at_issuer.claims().get("customer"), &at_issuer.claims()["tenant"]), (None, &json!("acme")));
}

#[tokio::test]
async fn a_machines_token_carries_none() {
    let app = app().await;
    // Not even those of an account that is called as the machine is.
    app.add_account("billing").await;
    app.set_attribute("billing", "tenant", "acme").await.unwrap();
    app.add_resource_with_claims(CRM, &["tenant=attribute:tenant"]).await;
    let machine = app.add_machine("billing", "feed:read", &[CRM]).await;
    for form in ["", "&resource=https://crm.example.com"] {
        let token = app.machine_token(&machine, form).await;
        assert_eq!(token.claims().get("tenant"), None, "{form}");
    }
}

#[tokio::test]
async fn without_custom_claims_a_token_is_what_it_was() {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.set_attribute("ana", "tenant", "acme").await.unwrap();
    let tokens = app.sign_in("ana").await;
    let expected = ["aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "scope", "sid", "sub"];
    assert_eq!(members(&tokens), expected);
    assert!(tokens.access_token.len() <= 640, "{}", tokens.access_token.len());
}

#[tokio::test]
async fn an_attribute_that_would_be_too_long_a_claim_is_refused_when_it_is_set() {
    let app = app().await;
    // 600 quotation marks are 1,200 bytes of JSON.
    let quotes = "\"".repeat(600);
    let refused = app.set_attribute("ana", "tenant", &quotes).await.unwrap_err();
    assert!(matches!(&refused, InvalidAttribute::Claims { audience, .. } if audience == ISSUER), "{refused}");
    app.set_attribute("ana", "floor", &quotes).await.unwrap();
    app.add_resource_with_claims(CRM, &["a=attribute:note", "b=attribute:note"]).await;
    let refused = app.set_attribute("ana", "note", &"\"".repeat(260)).await.unwrap_err();
    assert!(matches!(&refused, InvalidAttribute::Claims { audience, .. } if audience == CRM), "{refused}");
    app.set_attribute("ana", "note", "short").await.unwrap();
    assert_eq!(sign_in_at(&app, CRM).await.claims()["b"], "short");
}

#[tokio::test]
async fn claims_that_are_too_long_at_issue_are_all_left_out_and_the_log_says_so() {
    let log = crate::support::logs::Recording::begin(LogFormat::Json);
    let app = app().await;
    app.set_attribute("ana", "note", &"\"".repeat(400)).await.unwrap();
    app.set_attribute("ana", "tenant", "acme").await.unwrap();
    // Registered after the attribute was set: now it is too long, twice over.
    app.add_resource_with_claims(CRM, &["a=attribute:note", "b=attribute:note", "tenant=attribute:tenant"]).await;
    let tokens = sign_in_at(&app, CRM).await;
    for claim in ["a", "b", "tenant"] {
        assert_eq!(tokens.claims().get(claim), None, "half of them would be worse than none");
    }
    let written = log.text();
    let warnings = written.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let warnings: Vec<_> = warnings.filter(|line| line["level"] == "WARN").map(|line| line.to_string()).collect();
    let id = app.account("ana").await.id.to_string();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for named in [&id, CRM, "1631 bytes", "issued without its custom claims"] {
        assert!(warnings[0].contains(named), "{named} is not in {warnings:?}");
    }
    // What is too long already may shrink, step by step.
    app.set_attribute("ana", "note", &"\"".repeat(300)).await.unwrap();
    app.set_attribute("ana", "note", &"\"".repeat(301)).await.unwrap_err();
    app.set_attribute("ana", "note", "short").await.unwrap();
    assert_eq!(app.refresh_later(&tokens).await.claims()["tenant"], "acme");
}
