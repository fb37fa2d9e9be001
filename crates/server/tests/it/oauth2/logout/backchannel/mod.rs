//! Clients are told of sessions that end (OpenID Connect Back-Channel Logout).

mod told;
mod tries;

use crate::support::apps::{Application, OAuthTokens};
use crate::support::others::{Answer, Names, Other, policy};
use crate::support::{ISSUER, Setup, TestApp};
use countersign_core::Source as _;
use countersign_core::client::{AuthenticationMethod, ClientKind, LogoutProfile};
use countersign_core::form::decode;
use countersign_core::store::LogoutStore as _;
use countersign_jose::{Algorithm, Expectations, JwkSet, KeySet, Leeway, TokenType, UnverifiedToken, VerifiedToken};
use serde_json::{Value, json};
use std::time::Duration;

// A test that would wait for ever fails after this instead.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

/// A client's server, where it is told.
struct RelyingParty(Other);

impl RelyingParty {
    async fn answering(status: &str) -> Self {
        Self(Other::plain(Answer::of(status, &[], "")).await)
    }

    fn uri(&self) -> String {
        format!("http://127.0.0.1:{}/told?by=us", self.0.port())
    }

    fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.0.port())
    }

    /// Waits until it was asked so often in all, and gives the logout tokens.
    async fn told(&self, times: usize) -> Vec<String> {
        let told = async {
            while self.0.requests().len() < times {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let heard = tokio::time::timeout(TOLD_WITHIN, told).await;
        let requests = self.0.requests();
        assert!(heard.is_ok(), "asked {} times, not {times}", requests.len());
        requests.iter().map(|request| logout_token(request)).collect()
    }
}

/// The one parameter of a logout request (Back-Channel Logout §2.5).
fn logout_token(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /told?by=us HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
    let token = body.strip_prefix("logout_token=").expect("a logout token");
    decode(token.as_bytes()).unwrap()
}

/// What a client checks (§2.6), with the keys that it fetches.
async fn verify(app: &TestApp, token: &str, client: &str) -> Value {
    let jwks = app.get("/.well-known/jwks.json").send().await.assert_status(200).body;
    let keys = KeySet::from_jwks(&JwkSet::parse(&jwks).unwrap()).unwrap();
    let expect = Expectations::new(ISSUER, client, TokenType::named("logout+jwt"), Leeway::seconds(5).unwrap());
    let token = UnverifiedToken::parse(token).unwrap();
    let now = app.clock().now().timestamp();
    let verified: VerifiedToken<Value> = token.verify(&keys, &expect, now).unwrap();
    assert_eq!(verified.algorithm(), Algorithm::Rs256, "that of ID tokens");
    verified.claims().clone()
}

/// A server that may tell these, with waits that are over soon, and `ana`.
async fn setup(parties: &[&RelyingParty]) -> TestApp {
    let allowed: Vec<_> = parties.iter().map(|party| party.authority()).collect();
    let allowed: Vec<_> = allowed.iter().map(String::as_str).collect();
    let app = Setup { outbound: policy(&allowed, Names::answering(&[])), ..Setup::default() }.start().await;
    app.add_account("ana").await;
    app
}

async fn add(app: &TestApp, id: &str, party: &RelyingParty) -> Application {
    let logout = LogoutProfile { backchannel_logout_uri: Some(party.uri()), ..LogoutProfile::default() };
    app.add_application_with(id, ClientKind::Web, AuthenticationMethod::SecretBasic, logout).await
}

/// Tokens of a session of its own at the client.
async fn signed_in(app: &TestApp, client: &Application) -> OAuthTokens {
    let code = app.code("ana", client, "openid").await;
    app.exchange(client, &code).await.oauth_tokens()
}

/// The client gives its session's refresh token back.
async fn gives_back(app: &TestApp, client: &Application, tokens: &OAuthTokens) {
    let form = format!("token={}", tokens.refresh_token);
    app.client_form(client, "/oauth2/revoke", &form).send().await.assert_status(200);
}

/// How many clients have to be told yet.
async fn waiting(app: &TestApp) -> u64 {
    app.store().logouts_waiting().await.unwrap()
}

/// Waits until nobody has to be told any more.
async fn until_nobody_waits(app: &TestApp) {
    let over = async {
        while waiting(app).await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(TOLD_WITHIN, over).await.expect("all were told or given up");
}

fn sid(tokens: &OAuthTokens) -> Value {
    json!(tokens.claims()["sid"])
}
