//! Client metadata (RFC 7591 §2) as strangers write it: what is read of it, what becomes of it, why it is refused.

use super::{
    Client, ClientAuthentication, ClientId, ClientKind, ClientOrigin, ClientProfile, DocumentUrl, InvalidClient,
    Registration,
};
use crate::grant::GrantType;
use crate::scope::{MACHINES_ONLY, ScopeSet};
use crate::time::Time;
use countersign_jose::JwkSet;
use countersign_jose::json::{self, Limits};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What a client says of itself. Members that are not here mean nothing to this server and are ignored (RFC 7591 §2),
/// `logo_uri` and other addresses above all: nothing of them is ever loaded.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct ClientMetadata {
    client_id: Option<String>,
    client_secret: Option<serde_json::Value>,
    client_secret_expires_at: Option<serde_json::Value>,
    client_name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    scope: Option<String>,
    application_type: Option<String>,
    jwks: Option<serde_json::Value>,
    jwks_uri: Option<String>,
}

/// Metadata that makes no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMetadata {
    /// No JSON object within the limits, or a member has another type.
    #[error("not client metadata: expected one JSON object whose members have the types of RFC 7591 section 2")]
    Malformed,
    /// The document is about another client.
    #[error("`client_id` is not the URL of the document, character by character")]
    ClientId,
    /// Nowhere to come back to.
    #[error("`redirect_uris` is missing or empty")]
    NoRedirectUris,
    /// What it is called, where it comes back to, or how much of it there is.
    #[error(transparent)]
    Client(#[from] InvalidClient),
    /// What anybody can read is no secret.
    #[error("a client that describes itself has no secret: `client_secret` and its methods are not for it")]
    Secret,
    /// A way to authenticate that is not for such clients.
    #[error("`token_endpoint_auth_method` must be {expected}")]
    Method {
        /// Which are.
        expected: &'static str,
    },
    /// It does not use the authorization code grant.
    #[error("`grant_types` must have `authorization_code`")]
    GrantTypes,
    /// It wants another answer than a code.
    #[error("`response_types` must have `code`")]
    ResponseTypes,
    /// It is neither of the two.
    #[error("`application_type` must be `native` or `web`")]
    ApplicationType,
    /// No list of scopes, or one that only machines have.
    #[error("`scope` is no list of scopes, or names one that people can not give")]
    Scope,
    /// It would authenticate by keys, and has none; or both ways to name them.
    #[error("`private_key_jwt` needs public keys: `jwks` or `jwks_uri`, and not both")]
    Keys,
}

const LIMITS: Limits = Limits { bytes_max: 64 * 1024, depth_max: 16, members_max: 64 };

impl ClientMetadata {
    /// Reads metadata.
    ///
    /// # Errors
    /// [`InvalidMetadata::Malformed`].
    pub fn parse(json: &[u8]) -> Result<Self, InvalidMetadata> {
        // serde would read an array into a struct too.
        let is_object = json.trim_ascii_start().first() == Some(&b'{');
        if !is_object || json::check(json, LIMITS).is_err() {
            return Err(InvalidMetadata::Malformed);
        }
        serde_json::from_slice(json).map_err(|_| InvalidMetadata::Malformed)
    }

    /// Where the keys of a document are, if not in it.
    #[must_use]
    pub fn jwks_uri(&self) -> Option<&str> {
        self.jwks_uri.as_deref()
    }

    /// The client that registers itself (RFC 7591 §3): public, so that there is no secret to keep.
    ///
    /// # Errors
    /// [`InvalidMetadata`] says what is wrong with it.
    pub fn registered(self, id: ClientId, now: Time) -> Result<Client, InvalidMetadata> {
        if !matches!(self.token_endpoint_auth_method.as_deref(), None | Some("none")) {
            return Err(InvalidMetadata::Method { expected: "`none`, or left out" });
        }
        self.client(id, ClientOrigin::Registration, ClientAuthentication::Public, now)
    }

    /// The client that the document at `url` describes; `fetched` are the keys at its `jwks_uri`, if it has one.
    ///
    /// # Errors
    /// [`InvalidMetadata`] says what is wrong with it.
    pub fn described(self, url: &DocumentUrl, fetched: Option<JwkSet>, now: Time) -> Result<Client, InvalidMetadata> {
        if self.client_id.as_deref() != Some(url.as_str()) {
            return Err(InvalidMetadata::ClientId);
        }
        if self.client_secret.is_some() || self.client_secret_expires_at.is_some() {
            return Err(InvalidMetadata::Secret);
        }
        let authentication = match self.token_endpoint_auth_method.as_deref() {
            // RFC 7591 §2 would mean `client_secret_basic`, which nobody could use here.
            None | Some("none") => ClientAuthentication::Public,
            Some("private_key_jwt") => ClientAuthentication::PrivateKeyJwt(self.keys(fetched)?),
            Some("client_secret_basic" | "client_secret_post" | "client_secret_jwt") => {
                return Err(InvalidMetadata::Secret);
            }
            Some(_) => return Err(InvalidMetadata::Method { expected: "`none` or `private_key_jwt`" }),
        };
        self.client(url.client().clone(), ClientOrigin::Document, authentication, now)
    }

    fn keys(&self, fetched: Option<JwkSet>) -> Result<JwkSet, InvalidMetadata> {
        let keys = match (&self.jwks, &self.jwks_uri) {
            (Some(jwks), None) => JwkSet::parse(jwks.to_string().as_bytes()).ok(),
            (None, Some(_)) => fetched,
            _ => None,
        };
        keys.filter(|keys| !keys.keys.is_empty()).ok_or(InvalidMetadata::Keys)
    }

    fn client(
        self,
        id: ClientId,
        origin: ClientOrigin,
        authentication: ClientAuthentication,
        created_at: Time,
    ) -> Result<Client, InvalidMetadata> {
        let names =
            |list: &Option<Vec<String>>, name: &str| list.as_ref().is_none_or(|list| list.iter().any(|n| n == name));
        if !names(&self.grant_types, GrantType::AuthorizationCode.code()) {
            return Err(InvalidMetadata::GrantTypes);
        }
        if !names(&self.response_types, "code") {
            return Err(InvalidMetadata::ResponseTypes);
        }
        let kind = kind(self.application_type.as_deref(), &authentication)?;
        let scopes = ScopeSet::parse(self.scope.as_deref().unwrap_or_default()).map_err(|_| InvalidMetadata::Scope)?;
        if scopes.iter().any(|scope| MACHINES_ONLY.contains(&scope)) {
            return Err(InvalidMetadata::Scope);
        }
        let redirect_uris =
            self.redirect_uris.filter(|uris| !uris.is_empty()).ok_or(InvalidMetadata::NoRedirectUris)?;
        let name = self.client_name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        if name.as_ref().is_some_and(|name| name.contains(turns_letters_around)) {
            return Err(InvalidClient::Name.into());
        }
        let profile =
            ClientProfile { name, scopes, resources: BTreeSet::new(), redirect_uris, ..ClientProfile::default() };
        let client = Client::register(Registration { id, kind, profile, authentication, created_at })?;
        Ok(Client { origin, ..client })
    }
}

/// Whether a character makes others appear in another order or on another line: a name with it could rewrite the page that
/// people are asked on (Unicode UAX #9 §2).
const fn turns_letters_around(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// What is left out is what an agent is: on somebody's device, or wherever it likes.
fn kind(application_type: Option<&str>, authentication: &ClientAuthentication) -> Result<ClientKind, InvalidMetadata> {
    match application_type {
        None | Some("native") => Ok(ClientKind::Mcp),
        Some("web") if *authentication == ClientAuthentication::Public => Ok(ClientKind::Spa),
        Some("web") => Ok(ClientKind::Web),
        Some(_) => Err(InvalidMetadata::ApplicationType),
    }
}

impl InvalidMetadata {
    /// Whether it is `invalid_redirect_uri` rather than `invalid_client_metadata` (RFC 7591 §3.2.2).
    #[must_use]
    pub const fn is_about_redirect_uris(&self) -> bool {
        matches!(
            self,
            Self::NoRedirectUris
                | Self::Client(
                    InvalidClient::RedirectUri { .. }
                        | InvalidClient::NoRedirectUri { .. }
                        | InvalidClient::TooManyRedirectUris
                )
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientMetadata, InvalidMetadata};
    use crate::client::{Client, ClientAuthentication, ClientId, ClientKind, ClientOrigin, DocumentUrl};
    use crate::time::Time;
    use countersign_jose::{Algorithm, JwkSet, SigningKey};
    use serde_json::{Value, json};

    const URL: &str = "https://client.example/client.json";

    fn with(base: &Value, changes: &Value) -> Vec<u8> {
        let mut metadata = base.clone();
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(metadata.as_object_mut().unwrap().remove(name)),
                value => metadata[name] = value.clone(),
            }
        }
        metadata.to_string().into_bytes()
    }

    fn described(changes: &Value) -> Result<Client, InvalidMetadata> {
        let base = json!({ "client_id": URL, "redirect_uris": ["http://127.0.0.1/cb"], "client_name": "Agent" });
        let url = DocumentUrl::of(&ClientId::parse(URL).unwrap()).unwrap();
        ClientMetadata::parse(&with(&base, changes))?.described(&url, None, Time::from_millis(7))
    }

    fn registered(changes: &Value) -> Result<Client, InvalidMetadata> {
        let base = json!({ "redirect_uris": ["http://127.0.0.1/cb"] });
        let id = ClientId::parse("dyn_1").unwrap();
        ClientMetadata::parse(&with(&base, changes))?.registered(id, Time::from_millis(7))
    }

    #[test]
    fn a_document_makes_a_public_client_of_what_it_says() {
        let client = described(&json!({ "logo_uri": "https://169.254.169.254/", "scope": "a b", "x": [1] })).unwrap();
        assert_eq!((client.id.as_str(), client.name.as_deref()), (URL, Some("Agent")));
        assert_eq!((client.origin, client.kind), (ClientOrigin::Document, ClientKind::Mcp));
        assert_eq!(client.authentication, ClientAuthentication::Public);
        assert_eq!(client.scopes.to_string(), "a b");
        let web = described(&json!({ "application_type": "web", "redirect_uris": ["https://client.example/cb"] }));
        assert_eq!(web.unwrap().kind, ClientKind::Spa);
    }

    #[test]
    fn a_document_may_name_keys_and_no_secret() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap().verifying_key().to_jwk().unwrap();
        let jwks = serde_json::to_value(JwkSet { keys: vec![key] }).unwrap();
        let method = "private_key_jwt";
        let client = described(&json!({ "token_endpoint_auth_method": method, "jwks": jwks })).unwrap();
        assert!(matches!(client.authentication, ClientAuthentication::PrivateKeyJwt(keys) if keys.keys.len() == 1));
        let oct =
            json!({ "keys": [{ "kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "alg": "HS256" }] });
        for (changes, why) in [
            (json!({ "token_endpoint_auth_method": method }), InvalidMetadata::Keys),
            (json!({ "token_endpoint_auth_method": method, "jwks": { "keys": [] } }), InvalidMetadata::Keys),
            (json!({ "token_endpoint_auth_method": method, "jwks": oct }), InvalidMetadata::Keys),
            (json!({ "token_endpoint_auth_method": method, "jwks": jwks, "jwks_uri": URL }), InvalidMetadata::Keys),
            (json!({ "token_endpoint_auth_method": method, "jwks_uri": URL }), InvalidMetadata::Keys),
            (json!({ "token_endpoint_auth_method": "client_secret_post" }), InvalidMetadata::Secret),
            (json!({ "client_secret": "s" }), InvalidMetadata::Secret),
            (json!({ "client_secret_expires_at": 0 }), InvalidMetadata::Secret),
        ] {
            assert_eq!(described(&changes), Err(why), "{changes}");
        }
    }

    #[test]
    fn what_makes_no_client_says_why() {
        for (changes, why) in [
            (json!({ "client_id": "https://client.example/client.json/" }), InvalidMetadata::ClientId),
            (json!({ "client_id": null }), InvalidMetadata::ClientId),
            (json!({ "redirect_uris": null }), InvalidMetadata::NoRedirectUris),
            (json!({ "redirect_uris": [] }), InvalidMetadata::NoRedirectUris),
            (json!({ "redirect_uris": "http://127.0.0.1/cb" }), InvalidMetadata::Malformed),
            (json!({ "grant_types": ["client_credentials"] }), InvalidMetadata::GrantTypes),
            (json!({ "response_types": ["token"] }), InvalidMetadata::ResponseTypes),
            (json!({ "application_type": "desktop" }), InvalidMetadata::ApplicationType),
            (json!({ "scope": "a\"b" }), InvalidMetadata::Scope),
            (json!({ "scope": "openid feed:read" }), InvalidMetadata::Scope),
            (json!({ "scope": "clients:register" }), InvalidMetadata::Scope),
        ] {
            assert_eq!(described(&changes), Err(why), "{changes}");
        }
        for uri in ["http://client.example/cb", "https://*.example/cb", "javascript:alert(1)", "https://a.example/#b"] {
            let why = described(&json!({ "redirect_uris": [uri] })).unwrap_err();
            assert!(why.is_about_redirect_uris(), "{uri}: {why}");
        }
        for name in ["a\u{7}", "a\u{202e}b", "\u{2066}a", "a\u{2029}b", &"x".repeat(129)] {
            let why = described(&json!({ "client_name": name })).unwrap_err();
            assert!(!why.is_about_redirect_uris(), "{name:?}: {why}");
        }
        assert_eq!(described(&json!({ "client_name": " \u{3000}" })).unwrap().name, None);
        for text in ["", "[]", "null", "{\"client_id\":1,\"client_id\":2}", "{} {}", "[[[[[[[[[[[[[[[[[["] {
            assert_eq!(ClientMetadata::parse(text.as_bytes()), Err(InvalidMetadata::Malformed), "{text}");
        }
    }

    #[test]
    fn whoever_registers_itself_is_public_and_what_it_could_do_besides_is_left_out() {
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        let grants = json!(["authorization_code", "refresh_token", device]);
        let client = registered(&json!({ "grant_types": grants, "response_types": ["code"], "jwks": {} })).unwrap();
        assert_eq!((client.origin, client.kind), (ClientOrigin::Registration, ClientKind::Mcp));
        assert!(registered(&json!({ "token_endpoint_auth_method": "none" })).is_ok());
        for method in ["client_secret_basic", "client_secret_post", "private_key_jwt", "", "None"] {
            let refused = registered(&json!({ "token_endpoint_auth_method": method }));
            assert!(matches!(refused, Err(InvalidMetadata::Method { .. })), "{method}");
        }
    }
}
