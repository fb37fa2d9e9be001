//! What tokens are asked for: a registered resource server, or the issuer itself, which needs no registration.

use crate::client::Client;
use crate::ops::Policies;
use crate::resource::{Resource, ResourceUri, issuer_serves_machines};
use crate::scope::ScopeSet;
use crate::store::{ResourceStore, StoreError};

/// A resource server that tokens can be for.
pub(crate) struct Target {
    pub(crate) audience: ResourceUri,
    /// `None` where nothing is registered under the audience: then it is the issuer itself.
    pub(crate) resource: Option<Resource>,
    is_issuer: bool,
}

impl Target {
    /// What was asked for, the issuer itself where nothing was; `None` if no such resource server is registered.
    pub(crate) async fn find(
        asked: Option<&ResourceUri>,
        store: &dyn ResourceStore,
        policies: &Policies,
    ) -> Result<Option<Self>, StoreError> {
        let Some(audience) = Self::audience(asked, policies) else { return Ok(None) };
        let resource = store.resource(&audience).await?;
        Ok(Self::found(audience, resource, policies))
    }

    /// The audience that is meant.
    pub(crate) fn audience(asked: Option<&ResourceUri>, policies: &Policies) -> Option<ResourceUri> {
        asked.cloned().or_else(|| ResourceUri::parse(&policies.token.issuer).ok())
    }

    /// What was found under an audience.
    pub(crate) fn found(audience: ResourceUri, resource: Option<Resource>, policies: &Policies) -> Option<Self> {
        let is_issuer = audience.as_str() == policies.token.issuer;
        (resource.is_some() || is_issuer).then_some(Self { audience, resource, is_issuer })
    }

    /// Whether `client` may have tokens for it. One that no operator knows may for all that are registered: who decides is
    /// whoever is asked, and the roles that they have.
    pub(crate) fn is_allowed_to(&self, client: &Client) -> bool {
        self.is_issuer || client.origin.is_its_own_word() || client.resources.contains(&self.audience)
    }

    /// What a machine gets of what it `asked` for: what is allowed to it and served to machines; the rest is dropped
    /// (RFC 6749 §3.3).
    pub(crate) fn grant_to_machine(&self, asked: &ScopeSet, client: &Client) -> ScopeSet {
        asked.filter(|scope| {
            let served = self.resource.as_ref().is_some_and(|resource| resource.serves_machines(scope));
            let built_in = self.is_issuer && issuer_serves_machines(scope);
            client.scopes.contains(scope.as_str()) && (served || built_in)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Target;
    use crate::client::{Client, ClientAuthentication, ClientId, ClientKind, ClientProfile, Registration};
    use crate::resource::{Resource, ResourceUri};
    use crate::scope::ScopeSet;
    use crate::session::SecretHash;
    use crate::time::Time;

    const ALLOWED: &str = "orders:read orders:admin feed:read orders:unserved";

    fn target(uri: &str, is_issuer: bool) -> Target {
        let audience = ResourceUri::parse(uri).unwrap();
        let scopes = ["orders:read", "orders:admin=admin", "orders:write"];
        let resource = Resource::new(audience.clone(), scopes, None, Time::from_millis(0)).unwrap();
        Target { audience, resource: (!is_issuer).then_some(resource), is_issuer }
    }

    fn client() -> Client {
        let resources = [ResourceUri::parse("https://orders.example.com").unwrap()].into();
        let profile =
            ClientProfile { scopes: ScopeSet::parse(ALLOWED).unwrap(), resources, ..ClientProfile::default() };
        let (id, kind, created_at) = (ClientId::parse("worker").unwrap(), ClientKind::Machine, Time::from_millis(0));
        let authentication = ClientAuthentication::SecretBasic(SecretHash::of(b"secret"));
        Client::register(Registration { id, kind, profile, authentication, created_at }).unwrap()
    }

    #[test]
    fn granted_is_what_is_asked_for_allowed_and_served_without_a_role() {
        let orders = target("https://orders.example.com", false);
        let granted = |asked: &str| orders.grant_to_machine(&ScopeSet::parse(asked).unwrap(), &client()).to_string();
        assert_eq!(granted(&format!("{ALLOWED} orders:write")), "orders:read");
        assert_eq!(granted("orders:write"), "");
        assert_eq!(granted(""), "");
    }

    #[test]
    fn the_feed_is_read_at_the_issuer_alone() {
        let issuer = target("https://issuer.example", true);
        let asked = ScopeSet::parse(ALLOWED).unwrap();
        assert_eq!(issuer.grant_to_machine(&asked, &client()).to_string(), "feed:read");
        let without = Client { scopes: ScopeSet::default(), ..client() };
        assert_eq!(issuer.grant_to_machine(&asked, &without).to_string(), "");
    }

    #[test]
    fn a_client_has_tokens_for_its_own_resources_and_the_issuer() {
        let allowed = |uri, is_issuer| target(uri, is_issuer).is_allowed_to(&client());
        assert!(allowed("https://orders.example.com", false));
        assert!(allowed("https://issuer.example", true));
        assert!(!allowed("https://vault.example.com", false));
    }
}
