//! Codes that are stolen, swapped, replayed, or asked for without a challenge.

use crate::support::apps::{Application, CALLBACK, exchange_form};
use crate::support::browsers::{Asked, Browser, CHALLENGE};
use crate::support::client::part;
use crate::support::machines::FORM;
use crate::support::{Response, Setup, TestApp};
use countersign_core::client::ClientKind;
use countersign_core::revocation::{Kind, Sequence};
use countersign_core::store::RevocationStore as _;

use serde_json::json;

const KINDS: [ClientKind; 4] = [ClientKind::Web, ClientKind::Spa, ClientKind::Native, ClientKind::Mcp];
/// What mallory's own flow at the client begins with, and its challenge.
const VERIFIER: &str = "mallory-mallory-mallory-mallory-mallory-mallory-";
const OTHER_CHALLENGE: &str = "n0rHhJXpRDLKauH9kAemxjkq0HrwVnuy7WWx86mpERA";

async fn setup() -> (TestApp, Application) {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    app.add_account("mallory").await;
    let shop = app.add_application("shop", ClientKind::Web).await;
    (app, shop)
}

fn asked(client: &str) -> Asked {
    Asked::new().with("client_id", client).with("redirect_uri", CALLBACK)
}

async fn code(browser: &mut Browser<'_>, asked: &Asked, login: &str) -> String {
    browser.grant(asked, login).await.redirected(CALLBACK).remove("code").unwrap()
}

/// RFC 9700 §4.5: mallory has ana's code, and gives it to the honest client as the answer to a request of their own. The
/// client authenticates, and is fooled; the challenge is not.
#[tokio::test]
async fn a_code_that_is_injected_into_another_flow_is_refused() {
    let (app, shop) = setup().await;
    let stolen = code(&mut app.browser(), &asked("shop"), "ana").await;
    let own = asked("shop").with("code_challenge", OTHER_CHALLENGE).with("nonce", "n-mallory");
    let own = code(&mut app.browser(), &own, "mallory").await;
    let with = |code: &str| exchange_form(code).replace(crate::support::apps::VERIFIER, VERIFIER);
    app.client_request(&shop, &with(&stolen)).send().await.assert_oauth_error(400, "invalid_grant");
    // The flow that it was made for still gets what it asked for, with its own nonce.
    let tokens = app.exchange(&shop, &stolen).await.oauth_tokens();
    assert_eq!(part(tokens.id_token.as_ref().unwrap(), 1)["nonce"], "n-1");
    let tokens = app.client_request(&shop, &with(&own)).send().await.oauth_tokens();
    assert_eq!(part(tokens.id_token.as_ref().unwrap(), 1)["nonce"], "n-mallory");
}

/// RFC 9700 §4.8: whoever can change the request takes the challenge out, or weakens it, and hopes for a code that needs
/// no verifier.
#[tokio::test]
async fn no_kind_of_client_gets_a_code_without_a_challenge() {
    let (app, _) = setup().await;
    let mut browser = app.browser();
    for kind in KINDS {
        let client = app.add_application(&format!("{kind:?}"), kind).await;
        let good = asked(&client.id);
        let given = code(&mut browser, &good.clone().with("prompt", "login"), "ana").await;
        for stripped in [
            good.clone().with("code_challenge", ""),
            good.clone().with("code_challenge", "").with("code_challenge_method", ""),
            good.clone().with("code_challenge_method", ""),
            good.clone().with("code_challenge_method", "plain"),
        ] {
            let told = browser.ask(&stripped).await.redirected(CALLBACK);
            assert_eq!(told.get("error").map(String::as_str), Some("invalid_request"), "{kind:?}");
            assert!(!told.contains_key("code"));
        }
        // And a code that has a challenge needs its verifier, of a client with a secret too.
        let bare = exchange_form(&given).replace(&format!("&code_verifier={}", crate::support::apps::VERIFIER), "");
        for form in [bare.clone(), format!("{bare}&code_verifier="), format!("{bare}&code_verifier={CHALLENGE}")] {
            app.client_request(&client, &form).send().await.assert_oauth_error(400, "invalid_grant");
        }
        app.exchange(&client, &given).await.oauth_tokens();
    }
}

/// RFC 9700 §4.4: a client of two servers takes one's answer for the other's. Each answer says whose it is, and it is what
/// the metadata says.
#[tokio::test]
async fn whose_answer_it_is_is_in_every_answer() {
    let mut seen = Vec::new();
    for issuer in ["http://localhost:8420", "https://evil.example/tenant"] {
        let mut setup = Setup::default();
        setup.token.issuer = issuer.to_owned();
        let app = setup.start().await;
        app.add_app().await;
        let metadata = app.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
        assert_eq!(metadata["issuer"], issuer);
        let iss = |answer: &Response| {
            let location = answer.header("location").unwrap().to_owned();
            let query = url::Url::parse(&location).unwrap();
            query
                .query_pairs()
                .filter(|(name, _)| name == "iss")
                .map(|(_, value)| value.into_owned())
                .collect::<Vec<_>>()
        };
        for asked in [Asked::new().with("prompt", "none"), Asked::new().with("response_type", "token")] {
            let refused = app.get(&format!("/oauth2/authorize?{}", asked.query())).send().await.assert_status(303);
            assert_eq!(iss(&refused), [issuer]);
            let posted = asked.with("response_mode", "form_post").query();
            let page = app.get(&format!("/oauth2/authorize?{posted}")).send().await.assert_status(200);
            assert_eq!(page.form(crate::support::browsers::CALLBACK).fields["iss"], issuer);
        }
        seen.push(app);
    }
    // What was lured to the other server is worth nothing there: it knows no such code.
    let client = seen[1].add_application("shop", ClientKind::Spa).await;
    let lured = seen[0].add_application("shop", ClientKind::Spa).await;
    let code = seen[0].code("ana", &lured, "openid").await;
    seen[1].exchange(&client, &code).await.assert_oauth_error(400, "invalid_grant");
}

/// RFC 6749 §10.5: whoever redeems a code a second time shows that two hold it. Everything that it made is taken back.
#[tokio::test]
async fn a_replayed_code_ends_every_token_that_it_made() {
    let (app, shop) = setup().await;
    let guard = app.add_machine("guard", "feed:read", &[]).await;
    let code = code(&mut app.browser(), &asked("shop"), "ana").await;
    let first = app.exchange(&shop, &code).await.oauth_tokens();
    let second = app.client_refresh(&shop, &first.refresh_token, "").await.oauth_tokens();
    let active = async |token: &str| {
        let asked = app.post("/oauth2/introspect").header("authorization", &guard.basic()).header("content-type", FORM);
        asked.body(format!("token={token}")).send().await.assert_status(200).json()["active"].clone()
    };
    for token in [&first.access_token, &second.access_token] {
        app.get("/oauth2/userinfo").bearer(token).send().await.assert_status(200);
        assert_eq!(active(token).await, json!(true));
    }
    app.exchange(&shop, &code).await.assert_oauth_error(400, "invalid_grant");
    for token in [&first.access_token, &second.access_token] {
        app.get("/oauth2/userinfo").bearer(token).send().await.assert_status(401);
        assert_eq!(active(token).await, json!(false));
    }
    app.client_refresh(&shop, &second.refresh_token, "").await.assert_oauth_error(400, "invalid_grant");
    assert_eq!(app.audit("alarm.authorization_code_reused").await.len(), 1);
    // Resource servers far away are told too: one entry for the session.
    let entries = app.store().feed_after(Sequence::ZERO, 10).await.unwrap().entries;
    let told: Vec<_> = entries.iter().filter(|entry| entry.kind() == Kind::Session).map(|entry| entry.id()).collect();
    assert_eq!(json!(told), json!([first.claims()["sid"]]));
}
