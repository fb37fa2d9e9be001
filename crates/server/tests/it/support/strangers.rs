//! Clients that no operator registered, as they come: with a document at a host of their own, or registering themselves.

use super::app::{Setup, TestApp};
use super::apps::{OAuthTokens, VERIFIER};
use super::browsers::Asked;
use super::certificates::Authority;
use super::client::{Request, Response};
use super::machines::FORM;
use super::others::{Answer, Names, Other, policy, tls};
use countersign_core::Span;
use countersign_server::outbound::{ExtraRoots, OutboundPolicy};
use countersign_server::{Bucket, ThrottlePolicy};
use serde_json::{Value, json};
use std::time::Duration;
use url::form_urlencoded::Serializer;

/// Where such a client listens: any port, as the system gave it.
pub(crate) const LOOPBACK: &str = "http://127.0.0.1:51004/callback";
const HOST: &str = "client.example";

/// A client whose document is at a host of its own.
pub(crate) struct Stranger {
    pub(crate) host: Other,
    pub(crate) url: String,
}

impl Stranger {
    /// With a document that is good, and a server that may reach it.
    pub(crate) async fn meet(setup: Setup) -> (TestApp, Self) {
        Self::meet_within(setup, Duration::from_secs(10)).await
    }

    /// The server waits so long.
    pub(crate) async fn meet_within(setup: Setup, deadline: Duration) -> (TestApp, Self) {
        let authority = Authority::new();
        let host = Other::over_tls(Answer::Silence, tls(&authority, HOST)).await;
        let at = format!("{HOST}:{}", host.port());
        let this = Self { url: format!("https://{at}/client.json"), host };
        this.says(&json!({}));
        let roots = ExtraRoots::parse(authority.certificate.pem().as_bytes()).unwrap();
        let outbound = policy(&[&at], Names::answering(&[&["127.0.0.1"]]));
        let app = Setup { outbound: OutboundPolicy { roots, deadline, ..outbound }, ..setup }.start().await;
        (app, this)
    }

    /// The usual document with these changes; `null` takes a member out.
    pub(crate) fn document(&self, changes: &Value) -> String {
        let mut document = json!({
            "client_id": self.url,
            "client_name": "Some Agent",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "logo_uri": format!("https://{HOST}:{}/logo.png", self.host.port()),
            "token_endpoint_auth_method": "none",
        });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(document.as_object_mut().unwrap().remove(name)),
                value => document[name] = value.clone(),
            }
        }
        document.to_string()
    }

    pub(crate) fn says(&self, changes: &Value) {
        self.says_for(changes, &[]);
    }

    pub(crate) fn says_for(&self, changes: &Value, headers: &[(&str, &str)]) {
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.host.answers(Answer::of("200 OK", &headers, &self.document(changes)));
    }

    pub(crate) fn asks(&self) -> Asked {
        asked(&self.url)
    }

    /// How often its document was asked for.
    pub(crate) fn fetched(&self) -> usize {
        let requests = self.host.requests();
        assert!(requests.iter().all(|request| request.starts_with("GET /client.json ")), "{requests:?}");
        requests.len()
    }
}

/// An authorization request of a client on somebody's device.
pub(crate) fn asked(client: &str) -> Asked {
    Asked::new().with("client_id", client).with("redirect_uri", LOOPBACK)
}

/// Nothing is limited.
pub(crate) fn unlimited() -> Setup {
    let off = Bucket { burst: 0, every: Span::from_seconds(1) };
    Setup { throttle: ThrottlePolicy { account: off, address: off, network: off }, ..Setup::default() }
}

impl TestApp {
    /// A public client's token request.
    pub(crate) fn public_request(&self, client: &str, fields: &[(&str, &str)]) -> Request {
        let fields = fields.iter().copied().chain([("client_id", client)]);
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post("/oauth2/token").header("content-type", FORM).body(form)
    }

    pub(crate) async fn public_exchange(&self, client: &str, answer: &Response) -> OAuthTokens {
        let code = answer.redirected(LOOPBACK).remove("code").expect("a code");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", LOOPBACK),
            ("code_verifier", VERIFIER),
        ];
        self.public_request(client, &fields).send().await.oauth_tokens()
    }

    pub(crate) async fn public_refresh(&self, client: &str, tokens: &OAuthTokens) -> Response {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token.as_str())];
        self.public_request(client, &fields).send().await
    }

    pub(crate) async fn public_revoke(&self, client: &str, tokens: &OAuthTokens) {
        let fields = [("token", tokens.refresh_token.as_str()), ("client_id", client)];
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post("/oauth2/revoke").header("content-type", FORM).body(form).send().await.assert_status(200);
    }

    /// Registers itself with these changes to what clients usually say.
    pub(crate) fn registration(&self, changes: &Value) -> Request {
        let mut metadata = json!({
            "client_name": "Some Agent",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(metadata.as_object_mut().unwrap().remove(name)),
                value => metadata[name] = value.clone(),
            }
        }
        self.post("/oauth2/register").json(metadata)
    }

    /// Registers itself, and the id that it is given.
    pub(crate) async fn registered(&self) -> String {
        let answer = self.registration(&json!({})).send().await.assert_status(201);
        answer.json()["client_id"].as_str().unwrap().to_owned()
    }
}
