//! What a client can be registered as.

use super::{Client, ClientAuthentication, ClientId, ClientKind, ClientStatus, RotationPolicy};
use crate::limits::{CLIENT_NAME_CHARACTERS_MAX, CLIENT_RESOURCES_MAX, SCOPES_MAX};
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::session::SecretHash;
use crate::time::{Span, Time};
use std::collections::BTreeSet;

/// What an operator says about a client when it is registered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientProfile {
    /// What people call it.
    pub name: Option<String>,
    /// What it may ask for.
    pub scopes: ScopeSet,
    /// The resource servers for which it may have tokens, beside the issuer itself.
    pub resources: BTreeSet<ResourceUri>,
}

/// What can't be registered as a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClient {
    /// The name does not print, or is too long.
    #[error("not a name: expected 1 to {CLIENT_NAME_CHARACTERS_MAX} characters, no control characters")]
    Name,
    /// More scopes than a request may ask for.
    #[error("too many scopes: a client has at most {SCOPES_MAX}")]
    TooManyScopes,
    /// More resource servers than a client may have.
    #[error("too many resource servers: a client has at most {CLIENT_RESOURCES_MAX}")]
    TooManyResources,
}

impl Client {
    /// A machine client: it acts for itself (RFC 6749 §4.4) and authenticates by a secret of this hash.
    ///
    /// # Errors
    /// [`InvalidClient`] tells which part can't be registered.
    pub fn machine(
        id: ClientId,
        profile: ClientProfile,
        secret_hash: SecretHash,
        created_at: Time,
    ) -> Result<Self, InvalidClient> {
        let ClientProfile { name, scopes, resources } = profile;
        let prints = |name: &String| {
            (1..=CLIENT_NAME_CHARACTERS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
        };
        if !name.as_ref().is_none_or(prints) {
            return Err(InvalidClient::Name);
        }
        if scopes.len() > SCOPES_MAX {
            return Err(InvalidClient::TooManyScopes);
        }
        if resources.len() > CLIENT_RESOURCES_MAX {
            return Err(InvalidClient::TooManyResources);
        }
        Ok(Self {
            id,
            name,
            kind: ClientKind::Machine,
            authentication: ClientAuthentication::SecretBasic(secret_hash),
            scopes,
            resources,
            rotation: RotationPolicy::UnlessProven,
            overlap: Span::ZERO,
            status: ClientStatus::Active,
            created_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, ClientProfile, InvalidClient};
    use crate::client::{ClientId, ClientSecret};
    use crate::resource::ResourceUri;
    use crate::session::SecretHash;
    use crate::time::Time;

    fn machine(profile: ClientProfile) -> Result<Client, InvalidClient> {
        Client::machine(ClientId::parse("worker").unwrap(), profile, SecretHash::of(b"secret"), Time::from_millis(0))
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let named = |name: &str| machine(ClientProfile { name: Some(name.to_owned()), ..ClientProfile::default() });
        assert!(named("Größter Arbeiter").is_ok());
        for name in ["", "a\u{1b}b", &"x".repeat(129)] {
            assert_eq!(named(name), Err(InvalidClient::Name), "{name:?}");
        }
        let resources = (0..65).map(|n| ResourceUri::parse(&format!("urn:example:{n}")).unwrap()).collect();
        let many = machine(ClientProfile { resources, ..ClientProfile::default() });
        assert_eq!(many, Err(InvalidClient::TooManyResources));
    }

    #[test]
    fn only_the_secret_that_it_was_registered_with_is_taken_and_a_disabled_client_takes_none() {
        let secret = ClientSecret::from_bytes(&[7; 32]);
        let id = ClientId::parse("worker").unwrap();
        let client = Client::machine(id, ClientProfile::default(), secret.hash(), Time::from_millis(0)).unwrap();
        assert!(Client::is_authenticated(Some(&client), &secret));
        assert!(!Client::is_authenticated(Some(&client), &ClientSecret::from_bytes(&[8; 32])));
        assert!(!Client::is_authenticated(None, &secret));
        let disabled = Client { status: super::ClientStatus::Disabled, ..client };
        assert!(!Client::is_authenticated(Some(&disabled), &secret));
        assert!(!Client::is_authenticated(Some(&Client::first_party()), &secret));
    }
}
