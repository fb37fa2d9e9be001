//! Password, cookie and code are in no log, no audit event and no database; nor is the state of a request.

use crate::support::browsers::{Asked, CALLBACK};
use crate::support::logs::Recording;
use crate::support::secrets::Secrets;
use crate::support::{PASSWORD, TestApp};
use countersign_core::grant::BrowserSecret;
use countersign_server::telemetry::LogFormat;

const WRONG: &str = "eleven toads in a cold cellar";
const STATE: &str = "K4nari3nv0gel-of-state";

#[tokio::test]
async fn nothing_secret_of_a_sign_in_is_written_down() {
    let recording = Recording::begin(LogFormat::Json);
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_app().await;
    let mut secrets = Secrets::default();
    for text in [PASSWORD, WRONG, STATE] {
        secrets.add("text", text);
    }
    let asked = Asked::new().with("state", STATE);
    let mut browser = app.browser();
    let page = browser.ask(&asked).await;
    browser.sign_in(&page, "ana", WRONG).await.assert_page(401, "wrong");
    let mut codes = vec![browser.grant(&asked, "ana").await, browser.ask(&asked).await];
    browser.ask(&asked.clone().with("redirect_uri", "https://evil.example")).await.assert_page(400, "malformed");
    browser.ask(&asked.clone().with("response_type", "token")).await.assert_refused("unsupported_response_type");
    let cookie = browser.cookie.clone().unwrap();
    // Of the cookie the session's id is no secret.
    secrets.add("cookie", &cookie[28..]);
    for answer in codes.drain(..) {
        secrets.add("code", &answer.redirected(CALLBACK)["code"]);
    }
    let session = BrowserSecret::parse(&cookie).unwrap().session().to_string();
    let log = recording.text();
    assert!(log.contains(&session) && log.contains("/oauth2/authorize") && log.contains("/consent"), "{log}");
    assert_eq!(secrets.found_in(log.as_bytes()), None);
    let audit = format!("{:?}", app.audit("").await);
    assert!(audit.contains("code.issued") && audit.contains("consent.given"));
    assert_eq!(secrets.found_in(audit.as_bytes()), None);
    let database = app.stop().await.copy_database().0;
    assert_eq!(secrets.found_in(&database), None);
    assert!(secrets.found_in(cookie.as_bytes()).is_some(), "what is searched for would be found");
}
