//! Administering clients: registering, replacing a secret, disabling, enabling, removing.

use crate::audit::{Actor, AuditEvent};
use crate::client::{
    AuthenticationMethod, Client, ClientAuthentication, ClientId, ClientKind, ClientProfile, ClientSecret,
    ClientStatus, InvalidClient, Registration,
};
use crate::draw::Draw;
use crate::ops::Policies;
use crate::resource::ResourceUri;
use crate::revocation::Revocation;
use crate::session::{End, EndReason};
use crate::store::{
    ChangeClientStatus as Change, ClientChanged as Outcome, ClientEnding, EndedSessions, Registered,
    RemoveClient as Remove, ReplaceClientSecret as Replace, StatusChange, Store, StoreError, Swap,
};
use crate::time::Span;
use countersign_jose::JwkSet;

/// A client to be registered.
#[derive(Debug)]
pub struct RegisterClient {
    /// Its id.
    pub id: ClientId,
    /// What it is.
    pub kind: ClientKind,
    /// What it may.
    pub profile: ClientProfile,
    /// How it authenticates; none: as its kind usually does.
    pub authentication: Option<AuthenticationMethod>,
    /// The keys of a client that authenticates by assertion (`private_key_jwt`).
    pub keys: Option<JwkSet>,
}

/// What became of it.
#[derive(Debug)]
pub enum ClientRegistered {
    /// It is there. Its secret, if it has one, is not kept: this is the only time to show it.
    Registered(Box<Client>, Option<ClientSecret>),
    /// Another client has that id.
    IdTaken,
    /// No resource server is registered under this URI.
    UnknownResource(ResourceUri),
}

/// A client's secret to be replaced by the draw's. Its tokens live on: whoever stole the old one may still hold some.
#[derive(Debug, Clone, Copy)]
pub struct ReplaceClientSecret;

/// What became of it.
#[derive(Debug)]
pub enum SecretReplaced {
    /// By this one, which is not kept: this is the only time to show it.
    Replaced(ClientSecret),
    /// The client has no secret.
    Public,
    /// The client changed meanwhile: read it and try again.
    Lost,
}

/// Whether a client may be used from now on. Disabling ends its sessions, and every verifier refuses its tokens.
#[derive(Debug, Clone, Copy)]
pub struct ChangeClientStatus(pub ClientStatus);

/// A client to be removed. Its sessions end, and every verifier refuses its tokens.
#[derive(Debug, Clone, Copy)]
pub struct RemoveClient;

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientChange {
    /// It is made; so much ended with it.
    Changed(EndedSessions),
    /// It was so already.
    Unchanged,
    /// The client changed meanwhile: read it and try again.
    Lost,
}

impl RegisterClient {
    /// Registers the client with the draw's secret.
    ///
    /// # Errors
    /// [`InvalidClient`] in the outer result's `Ok`; [`StoreError`] where storage failed.
    pub async fn run(
        self,
        actor: Actor,
        store: &dyn Store,
        draw: &Draw,
    ) -> Result<Result<ClientRegistered, InvalidClient>, StoreError> {
        let (authentication, secret) = match self.authentication(draw) {
            Ok(authentication) => authentication,
            Err(invalid) => return Ok(Err(invalid)),
        };
        let Self { id, kind, profile, .. } = self;
        if kind == ClientKind::FirstParty {
            return Ok(Ok(ClientRegistered::IdTaken));
        }
        let client = match Client::register(Registration { id, kind, profile, authentication, created_at: draw.now }) {
            Ok(client) => client,
            Err(invalid) => return Ok(Err(invalid)),
        };
        for uri in &client.resources {
            // A typing mistake would otherwise show at the first token request, as `invalid_target`.
            if store.resource(uri).await?.is_none() {
                return Ok(Ok(ClientRegistered::UnknownResource(uri.clone())));
            }
        }
        let audit = event(&client, "client.registered", actor, draw).told(format!("scope: {}", client.scopes));
        Ok(Ok(match store.register_client(client.clone(), audit).await? {
            Registered::Registered => ClientRegistered::Registered(Box::new(client), secret),
            Registered::IdTaken => ClientRegistered::IdTaken,
        }))
    }

    /// Whether the client gets a secret.
    #[must_use]
    pub fn makes_secret(&self) -> bool {
        matches!(self.method(), AuthenticationMethod::SecretBasic | AuthenticationMethod::SecretPost)
    }

    fn method(&self) -> AuthenticationMethod {
        self.authentication.unwrap_or_else(|| match self.keys {
            Some(_) => AuthenticationMethod::PrivateKeyJwt,
            None => self.kind.usual_authentication(),
        })
    }

    /// How the client will authenticate, and the secret for it, where that is by one.
    fn authentication(&self, draw: &Draw) -> Result<(ClientAuthentication, Option<ClientSecret>), InvalidClient> {
        let method = self.method();
        match (method, &self.keys) {
            (AuthenticationMethod::PrivateKeyJwt, Some(keys)) if !keys.keys.is_empty() => {
                Ok((ClientAuthentication::PrivateKeyJwt(keys.clone()), None))
            }
            (AuthenticationMethod::PrivateKeyJwt, _) => Err(InvalidClient::NoKeys),
            (_, Some(_)) => Err(InvalidClient::NoUseForKeys { method }),
            (AuthenticationMethod::None, None) => Ok((ClientAuthentication::Public, None)),
            (AuthenticationMethod::SecretBasic, None) => {
                let secret = draw.client_secret();
                Ok((ClientAuthentication::SecretBasic(secret.hash()), Some(secret)))
            }
            (AuthenticationMethod::SecretPost, None) => {
                let secret = draw.client_secret();
                Ok((ClientAuthentication::SecretPost(secret.hash()), Some(secret)))
            }
        }
    }
}

impl ReplaceClientSecret {
    /// Replaces the secret; the one before is refused from then on.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(
        self,
        client: &Client,
        actor: Actor,
        store: &dyn Store,
        draw: &Draw,
    ) -> Result<SecretReplaced, StoreError> {
        let Some(from) = client.authentication.secret_hash() else { return Ok(SecretReplaced::Public) };
        let secret = draw.client_secret();
        let audit = event(client, "client.secret_replaced", actor, draw);
        let replace = Replace { client: client.id.clone(), from, to: secret.hash(), audit };
        Ok(match store.replace_client_secret(replace).await? {
            Swap::Won => SecretReplaced::Replaced(secret),
            Swap::Lost => SecretReplaced::Lost,
        })
    }
}

impl ChangeClientStatus {
    /// Disables or enables the client.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(
        self,
        client: &Client,
        actor: Actor,
        store: &dyn Store,
        policies: &Policies,
        draw: &Draw,
    ) -> Result<ClientChange, StoreError> {
        if client.status == self.0 {
            return Ok(ClientChange::Unchanged);
        }
        let (what, to) = match self.0 {
            ClientStatus::Active => ("client.enabled", StatusChange::Enable),
            ClientStatus::Disabled => {
                let ending = ending(client, EndReason::ClientDisabled, store, policies, draw).await?;
                ("client.disabled", StatusChange::Disable(ending))
            }
        };
        let audit = event(client, what, actor, draw);
        let change = Change { client: client.id.clone(), to, audit, now: draw.now };
        Ok(outcome(store.change_client_status(change).await?))
    }
}

impl RemoveClient {
    /// Removes the client.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(
        self,
        client: &Client,
        actor: Actor,
        store: &dyn Store,
        policies: &Policies,
        draw: &Draw,
    ) -> Result<ClientChange, StoreError> {
        let ending = ending(client, EndReason::ClientRemoved, store, policies, draw).await?;
        let audit = event(client, "client.removed", actor, draw);
        let remove = Remove { client: client.id.clone(), ending, audit, now: draw.now };
        Ok(outcome(store.remove_client(remove).await?))
    }
}

/// The high-water mark of token lifetimes: no token that is alive lives longer. The settings and resources say how long
/// tokens are made to live now; the keys remember what was once longer and was lowered since.
///
/// # Errors
/// [`StoreError`] where storage failed.
pub async fn longest_token_lifetime(store: &dyn Store, policies: &Policies) -> Result<Span, StoreError> {
    let resources = store.longest_lifetime().await?.unwrap_or(Span::ZERO);
    let signed = store.key_ring().await?.keys.iter().map(|key| key.token_lifetime).max().unwrap_or(Span::ZERO);
    Ok(policies.token.access_lifetime.max(resources).max(signed))
}

async fn ending(
    client: &Client,
    reason: EndReason,
    store: &dyn Store,
    policies: &Policies,
    draw: &Draw,
) -> Result<ClientEnding, StoreError> {
    let lifetime = longest_token_lifetime(store, policies).await?;
    let revocation = Revocation::of_client(client.id.clone(), lifetime, draw.now);
    Ok(ClientEnding { end: End::of(reason), revocation })
}

fn event(client: &Client, what: &str, actor: Actor, draw: &Draw) -> AuditEvent {
    AuditEvent::new(draw.now, what, actor).at_client(client.id.clone())
}

const fn outcome(changed: Outcome) -> ClientChange {
    match changed {
        Outcome::Changed(ended) => ClientChange::Changed(ended),
        Outcome::Lost => ClientChange::Lost,
    }
}
