//! ID tokens that are shown, logout tokens and the state of a request are in no log, no audit event and no database.

use super::{BYE, query};
use crate::support::Setup;
use crate::support::logs::Recording;
use crate::support::others::{Answer, Names, Other, policy};
use crate::support::secrets::Secrets;
use countersign_core::client::{AuthenticationMethod, ClientKind, LogoutProfile};
use countersign_core::form::decode;
use countersign_server::telemetry::LogFormat;

const STATE: &str = "K4nari3nv0gel-of-state";

#[tokio::test]
async fn nothing_secret_of_a_sign_out_is_written_down() {
    let recording = Recording::begin(LogFormat::Json);
    let party = Other::plain(Answer::of("500 Internal Server Error", &[], "What-a-client-answered")).await;
    let there = format!("127.0.0.1:{}", party.port());
    let app = Setup { outbound: policy(&[&there], Names::answering(&[])), ..Setup::default() }.start().await;
    app.add_account("ana").await;
    let logout = LogoutProfile {
        post_logout_redirect_uris: vec![BYE.to_owned()],
        backchannel_logout_uri: Some(format!("http://{there}/told?key=the-key-of-the-client-in-its-uri")),
        ..LogoutProfile::default()
    };
    let shop = app.add_application_with("shop", ClientKind::Web, AuthenticationMethod::SecretBasic, logout).await;
    let mut browser = app.browser();
    let tokens = app.tokens_through(&mut browser, &shop, "ana", "openid").await;
    let hint = tokens.id_token.clone().unwrap();
    let refused = query(&[("id_token_hint", &hint[1..]), ("state", STATE)]);
    browser.send(app.get(&format!("/oauth2/logout?{refused}"))).await.assert_page(400, "malformed");
    let asked = query(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE), ("state", STATE)]);
    let settled = app.store().called("settle_logout", 1);
    let (_, answer) = tokio::join!(settled, browser.send(app.get(&format!("/oauth2/logout?{asked}"))));
    assert_eq!(answer.status, 303);
    let request = party.requests().remove(0);
    let logout_token = decode(request.split_once("logout_token=").unwrap().1.as_bytes()).unwrap();
    let mut secrets = Secrets::default();
    for (what, text) in [("hint", hint.as_str()), ("logout token", &logout_token), ("state", STATE)] {
        secrets.add(what, text);
    }
    secrets.add("answer", "What-a-client-answered");
    let log = recording.text();
    assert!(log.contains("signed out at the logout endpoint") && log.contains("tried again"), "{log}");
    assert_eq!(secrets.found_in(log.as_bytes()), None);
    assert!(!log.contains("the-key-of-the-client-in-its-uri"), "a URI may carry a key of the client's");
    let audit = format!("{:?}", app.audit("").await);
    assert!(audit.contains("session.logged_out"));
    assert_eq!(secrets.found_in(audit.as_bytes()), None);
    let database = app.stop().await.copy_database().0;
    assert_eq!(secrets.found_in(&database), None);
    assert!(secrets.found_in(asked.as_bytes()).is_some(), "what is searched for would be found");
}
