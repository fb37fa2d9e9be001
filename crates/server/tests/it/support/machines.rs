//! What machine clients and their administrators do, as verbs.

use super::app::TestApp;
use super::client::{Request, Response};
use super::users::PASSWORD;
use super::{Tokens, client};
use countersign_core::audit::Actor;
use countersign_core::client::{Client, ClientId, ClientKind, ClientProfile, ClientStatus};
use countersign_core::ops::{ChangeClientStatus, ClientChange, ClientRegistered, RegisterClient, RemoveClient};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_core::store::ClientStore as _;
use countersign_jose::base64url;
use serde_json::Value;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A machine and the secret that it was shown.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Machine {
    pub(crate) fn basic(&self) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let encode = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        basic(&self.id.bytes().map(encode).collect::<String>(), &self.secret)
    }
}

/// `Authorization: Basic` of an id and a secret that need no encoding of their own.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    let pair = base64url::encode(format!("{id}:{secret}").as_bytes());
    let padding = "=".repeat((4 - pair.len() % 4) % 4);
    format!("Basic {}{padding}", pair.replace('-', "+").replace('_', "/"))
}

impl TestApp {
    /// Registers a machine client, as an operator does; its resources must be there.
    pub(crate) async fn add_machine(&self, id: &str, scopes: &str, resources: &[&str]) -> Machine {
        let profile = ClientProfile {
            name: None,
            scopes: ScopeSet::parse(scopes).unwrap(),
            resources: resources.iter().map(|uri| ResourceUri::parse(uri).unwrap()).collect(),
            ..ClientProfile::default()
        };
        let (id, kind) = (ClientId::parse(id).unwrap(), ClientKind::Machine);
        let register = RegisterClient { id, kind, profile, authentication: None, keys: None };
        let registered = register.run(Actor::named("test"), self.store(), &self.draw()).await.unwrap().unwrap();
        let ClientRegistered::Registered(client, secret) = registered else { panic!("{registered:?}") };
        Machine { id: client.id.to_string(), secret: secret.unwrap().expose().to_owned() }
    }

    pub(crate) async fn client(&self, id: &str) -> Option<Client> {
        self.store().client(&ClientId::parse(id).unwrap()).await.unwrap()
    }

    pub(crate) async fn set_client_status(&self, id: &str, status: ClientStatus) {
        let (client, policies, draw) = (self.client(id).await.unwrap(), self.policies(), self.draw());
        let change = ChangeClientStatus(status);
        let changed = change.run(&client, Actor::named("test"), self.store(), &policies, &draw).await.unwrap();
        assert!(matches!(changed, ClientChange::Changed(_)));
    }

    pub(crate) async fn remove_client(&self, id: &str) {
        let (client, policies, draw) = (self.client(id).await.unwrap(), self.policies(), self.draw());
        RemoveClient.run(&client, Actor::named("test"), self.store(), &policies, &draw).await.unwrap();
    }

    /// A token request with whatever body, as this machine.
    pub(crate) fn token_request(&self, machine: &Machine, form: &str) -> Request {
        let request = self.post("/oauth2/token").header("authorization", &machine.basic());
        request.header("content-type", FORM).body(form)
    }

    /// Asks for a token with further parameters, and must get one.
    pub(crate) async fn machine_token(&self, machine: &Machine, parameters: &str) -> MachineToken {
        let form = format!("grant_type=client_credentials{parameters}");
        self.token_request(machine, &form).send().await.machine_token()
    }

    /// An administrator who has just signed in.
    pub(crate) async fn administrator(&self) -> Tokens {
        self.add_account("root").await;
        self.add_role("root", "admin").await;
        self.try_sign_in("root", PASSWORD).await.tokens()
    }

    /// A request to `/api/v1/admin`, with these tokens.
    pub(crate) fn admin(&self, method: &str, path: &str, tokens: &Tokens) -> Request {
        self.request(method, &format!("/api/v1/admin/{path}")).bearer(&tokens.access_token)
    }
}

/// The answer to a token request of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MachineToken {
    pub(crate) access_token: String,
    pub(crate) expires_in: u64,
    pub(crate) scope: String,
}

impl MachineToken {
    pub(crate) fn claims(&self) -> Value {
        client::part(&self.access_token, 1)
    }
}

impl Response {
    /// A whole answer of RFC 6749 §5.1, without a refresh token, that nobody may keep.
    #[track_caller]
    pub(crate) fn machine_token(self) -> MachineToken {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.set_cookies().is_empty());
        let body = self.json();
        assert_eq!((&body["token_type"], body.as_object().unwrap().len()), (&Value::from("Bearer"), 4), "{body}");
        MachineToken {
            access_token: body["access_token"].as_str().unwrap().to_owned(),
            expires_in: body["expires_in"].as_u64().unwrap(),
            scope: body["scope"].as_str().unwrap().to_owned(),
        }
    }

    /// An error under `/oauth2` where an access token is what is asked for (RFC 6750 §3).
    #[track_caller]
    pub(crate) fn assert_oauth_challenge(self, status: u16, code: &str, challenge: &str) -> Self {
        assert_eq!((self.status, self.header("content-type")), (status, Some("application/json")), "{}", self.text());
        assert_eq!((&self.json()["error"], self.header("www-authenticate")), (&Value::from(code), Some(challenge)));
        self
    }

    /// A whole error of RFC 6749 §5.2 that nobody may keep.
    #[track_caller]
    pub(crate) fn assert_oauth_error(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.header("content-type")), (status, Some("application/json")), "{}", self.text());
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let body = self.json();
        assert_eq!(body["error"], code, "{body}");
        assert!(body["error_description"].as_str().is_some_and(str::is_ascii), "{body}");
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{body}");
        let challenge = (status == 401).then_some(r#"Basic realm="countersign", charset="UTF-8""#);
        assert_eq!(self.header("www-authenticate"), challenge);
        self
    }
}
