//! Resource servers (RFC 8707): what may be the audience of a token, and who may have which of its scopes.

use crate::account::{Role, Roles};
use crate::limits::{ACCESS_LIFETIME_MAX, RESOURCE_URI_BYTES_MAX, SCOPES_MAX};
use crate::scope::{MACHINES_ONLY, Scope, ScopeSet};
use crate::time::{Span, Time};
use crate::token::ClaimMapping;
use std::collections::BTreeMap;

/// A resource's URI: absolute, without fragment (RFC 8707 §2). It becomes `aud`, compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceUri(String);

/// A registered resource server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its URI.
    pub uri: ResourceUri,
    /// Its scopes, and for each the roles of which one is needed; none: every account may have it.
    pub scopes: BTreeMap<Scope, Roles>,
    /// How long its access tokens live, where that differs from `tokens.access_lifetime`.
    pub lifetime: Option<Span>,
    /// The custom claims of its access tokens, where they are not those of `tokens.claims`.
    pub claims: Option<ClaimMapping>,
    /// When it was registered.
    pub created_at: Time,
}

/// What can't be registered as a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidResource {
    /// Not an absolute URI without fragment.
    #[error(
        "not a resource: expected an absolute URI without fragment, at most {RESOURCE_URI_BYTES_MAX} bytes, such as https://api.example.com"
    )]
    Uri,
    /// `scope=role,…` with something that is no scope or no role.
    #[error("not a scope definition: expected SCOPE or SCOPE=ROLE,ROLE")]
    Scope,
    /// The same scope again, perhaps for other roles.
    #[error("a scope is defined twice: name all its roles at once")]
    Twice,
    /// More scopes than a resource may have.
    #[error("too many scopes: a resource has at most {SCOPES_MAX}")]
    TooManyScopes,
    /// A lifetime of none, or above an hour.
    #[error("lifetime must be from 1 s to 1 h: revoked tokens must be remembered that long")]
    Lifetime,
}

impl ResourceUri {
    /// Reads a resource's URI.
    ///
    /// # Errors
    /// [`InvalidResource::Uri`] unless it is absolute, without fragment and of sensible length.
    pub fn parse(text: &str) -> Result<Self, InvalidResource> {
        let plain = text.len() <= RESOURCE_URI_BYTES_MAX && is_uri_text(text);
        let absolute = url::Url::parse(text).is_ok_and(|url| url.fragment().is_none());
        if plain && absolute { Ok(Self(text.to_owned())) } else { Err(InvalidResource::Uri) }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Resource {
    /// A resource with the claims of `tokens.claims`, and `scopes` as the command line gives them: `orders:read`, or `orders:admin=admin,ops`.
    ///
    /// # Errors
    /// [`InvalidResource`] tells which part can't be registered.
    pub fn new<'a>(
        uri: ResourceUri,
        scopes: impl IntoIterator<Item = &'a str>,
        lifetime: Option<Span>,
        created_at: Time,
    ) -> Result<Self, InvalidResource> {
        let scopes: Vec<_> = scopes.into_iter().map(definition).collect::<Result<_, _>>()?;
        Self::of(uri, scopes, lifetime, created_at)
    }

    /// A resource with the claims of `tokens.claims` and these scopes, each with the roles of which one is needed.
    ///
    /// # Errors
    /// [`InvalidResource`] tells which part can't be registered.
    pub fn of(
        uri: ResourceUri,
        definitions: impl IntoIterator<Item = (Scope, Roles)>,
        lifetime: Option<Span>,
        created_at: Time,
    ) -> Result<Self, InvalidResource> {
        let mut scopes = BTreeMap::new();
        for (scope, roles) in definitions {
            // Which of the two was meant decides who may have it.
            if scopes.insert(scope, roles).is_some() {
                return Err(InvalidResource::Twice);
            }
        }
        if scopes.len() > SCOPES_MAX {
            return Err(InvalidResource::TooManyScopes);
        }
        if lifetime.is_some_and(|lifetime| lifetime < Span::from_seconds(1) || lifetime > ACCESS_LIFETIME_MAX) {
            return Err(InvalidResource::Lifetime);
        }
        Ok(Self { uri, scopes, lifetime, claims: None, created_at })
    }

    /// What an account with `roles` gets of what it `asked` for; the rest is dropped (RFC 6749 §3.3).
    #[must_use]
    pub fn grant(&self, asked: &ScopeSet, roles: &Roles) -> ScopeSet {
        asked.filter(|scope| self.permits(scope, roles))
    }

    /// Whether an account with `roles` may have `scope` here.
    #[must_use]
    pub fn permits(&self, scope: &Scope, roles: &Roles) -> bool {
        let needed = self.scopes.get(scope);
        needed.is_some_and(|needed| needed.is_empty() || needed.iter().any(|role| roles.contains(role)))
    }

    /// Whether a machine may have `scope` here: it has no roles, so a scope that needs one is not for it.
    #[must_use]
    pub fn serves_machines(&self, scope: &Scope) -> bool {
        self.scopes.get(scope).is_some_and(Roles::is_empty)
    }
}

/// Whether the issuer itself serves `scope` to machines, whatever is registered: [`MACHINES_ONLY`] are built in.
#[must_use]
pub fn issuer_serves_machines(scope: &Scope) -> bool {
    MACHINES_ONLY.contains(&scope.as_str())
}

/// Whether it is made of what a URI is made of (RFC 3986 §2): a URL parser takes more, and would mend it, while here it is
/// compared as it stands.
fn is_uri_text(text: &str) -> bool {
    let escape = |part: &str| part.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%[]".contains(&byte);
    // Brackets are for the address in `https://[::1]/` alone.
    let host_end = text.find("://[").and_then(|at| text[at..].find(']').map(|end| at + end + 1)).unwrap_or(0);
    text.bytes().all(known) && text.split('%').skip(1).all(escape) && !text[host_end..].contains(['[', ']'])
}

fn definition(text: &str) -> Result<(Scope, Roles), InvalidResource> {
    let (scope, roles) = text.split_once('=').map_or((text, None), |(scope, roles)| (scope, Some(roles)));
    let scope = Scope::parse(scope).map_err(|_| InvalidResource::Scope)?;
    let roles = roles.map(|roles| roles.split(',').map(Role::parse).collect::<Result<Vec<_>, _>>());
    let roles = roles.transpose().map_err(|_| InvalidResource::Scope)?.unwrap_or_default();
    Ok((scope, Roles::of(roles).map_err(|_| InvalidResource::Scope)?))
}

#[cfg(test)]
mod tests {
    use super::{InvalidResource, Resource, ResourceUri};
    use crate::account::Roles;
    use crate::scope::ScopeSet;
    use crate::time::{Span, Time};

    fn orders() -> Resource {
        let uri = ResourceUri::parse("https://orders.example.com").unwrap();
        Resource::new(uri, ["orders:read", "orders:admin=admin,ops"], None, Time::from_millis(0)).unwrap()
    }

    #[test]
    fn granted_is_what_was_asked_for_and_the_roles_allow() {
        let asked = ScopeSet::parse("orders:read orders:admin orders:unknown").unwrap();
        let granted = |roles: &str| orders().grant(&asked, &Roles::parse(roles).unwrap()).to_string();
        assert_eq!(granted(""), "orders:read");
        assert_eq!(granted("ops"), "orders:admin orders:read");
        assert_eq!(orders().grant(&ScopeSet::default(), &Roles::parse("admin").unwrap()).to_string(), "");
    }

    #[test]
    fn what_can_not_be_an_audience_is_refused() {
        let unwise =
            ["urn:{", "https://a.example/\"", "https://a.example/%", "https://a.example/%1g", "https://a.example/[]"];
        for text in
            ["orders", "/orders", "https://a.example/#part", "https://a.example/ x", ""].into_iter().chain(unwise)
        {
            assert_eq!(ResourceUri::parse(text), Err(InvalidResource::Uri), "{text}");
        }
        for text in ["https://[::1]:8443/a", "https://a.example/%C3%A9?a=b&c=(d)", "urn:example:a'b"] {
            assert!(ResourceUri::parse(text).is_ok(), "{text}");
        }
        let uri = || ResourceUri::parse("urn:example:orders").unwrap();
        let now = Time::from_millis(0);
        assert_eq!(Resource::new(uri(), ["a="], None, now), Err(InvalidResource::Scope));
        assert_eq!(Resource::new(uri(), ["a", "b", "a=admin"], None, now), Err(InvalidResource::Twice));
        let long = Some(Span::from_seconds(3_601));
        assert_eq!(Resource::new(uri(), ["a"], long, now), Err(InvalidResource::Lifetime));
    }
}
