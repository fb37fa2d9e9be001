//! What a client can be registered as.

use super::{
    AuthenticationMethod, Client, ClientAuthentication, ClientId, ClientKind, ClientLogout, ClientOrigin, ClientStatus,
    InvalidRedirectUri, LogoutProfile, RedirectUri, RotationPolicy,
};
use crate::limits::{CLIENT_NAME_CHARACTERS_MAX, CLIENT_RESOURCES_MAX, OVERLAP_MAX, REDIRECT_URIS_MAX, SCOPES_MAX};
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
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
    /// Where authorization responses may go, as they were typed.
    pub redirect_uris: Vec<String>,
    /// [`Client::overlap`].
    pub overlap: Span,
    /// What it hears of sign-outs, as it was typed.
    pub logout: LogoutProfile,
    /// Whether its authorization requests are taken only if they were pushed.
    pub requires_pushed_requests: bool,
}

/// A client to be registered.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its id.
    pub id: ClientId,
    /// What it is.
    pub kind: ClientKind,
    /// What it may.
    pub profile: ClientProfile,
    /// How it authenticates.
    pub authentication: ClientAuthentication,
    /// When.
    pub created_at: Time,
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
    /// More redirect URIs than a client may have.
    #[error("too many redirect URIs: a client has at most {REDIRECT_URIS_MAX}")]
    TooManyRedirectUris,
    /// One of them can't be registered.
    #[error("redirect URI {number}: {why}")]
    RedirectUri {
        /// Which of them, from 1.
        number: usize,
        /// Why not.
        why: InvalidRedirectUri,
    },
    /// Somebody signs in at it, and there is nowhere to come back to.
    #[error("a client of kind `{}` needs a redirect URI", kind.code())]
    NoRedirectUri {
        /// What it is.
        kind: ClientKind,
    },
    /// Nobody signs in at it, so nobody comes back.
    #[error("a client of kind `{}` has no redirect URI: nobody signs in at it", kind.code())]
    NoUseForRedirectUris {
        /// What it is.
        kind: ClientKind,
    },
    /// More than an hour.
    #[error("overlap is too long: at most {} minutes", OVERLAP_MAX.as_seconds() / 60)]
    Overlap,
    /// Its refresh tokens stay as they are, or it has none.
    #[error("overlap is for clients whose refresh tokens rotate: spa, native and mcp without a secret")]
    NoUseForOverlap,
    /// One of the post-logout redirect URIs can't be registered.
    #[error("post-logout redirect URI {number}: {why}")]
    PostLogoutRedirectUri {
        /// Which of them, from 1.
        number: usize,
        /// Why not.
        why: InvalidRedirectUri,
    },
    /// The back-channel logout URI can't be registered.
    #[error("back-channel logout URI, which is as redirect URIs are: {why}")]
    BackchannelLogoutUri {
        /// Why not.
        why: InvalidRedirectUri,
    },
    /// It wants `sid` in logout tokens, and there is nowhere to send one.
    #[error("`backchannel_logout_session_required` needs a back-channel logout URI")]
    NoBackchannelLogoutUri,
    /// Nobody signs in at it, so nobody signs out.
    #[error("a client of kind `{}` has nothing to do with sign-outs: nobody signs in at it", kind.code())]
    NoUseForLogout {
        /// What it is.
        kind: ClientKind,
    },
    /// Nobody signs in at it, so it makes no authorization requests.
    #[error("a client of kind `{}` has no authorization requests to push: nobody signs in at it", kind.code())]
    NoUseForPushedRequests {
        /// What it is.
        kind: ClientKind,
    },
    /// It authenticates by an assertion, and nothing could check one.
    #[error("a client that authenticates by `private_key_jwt` needs the public keys that check its assertions")]
    NoKeys,
    /// It does not authenticate by an assertion.
    #[error("keys are for clients that authenticate by `private_key_jwt`, not by `{}`", method.code())]
    NoUseForKeys {
        /// How it was to authenticate.
        method: AuthenticationMethod,
    },
    /// What runs on somebody's own device keeps no secret, and what could keep one must.
    #[error(
        "a client of kind `{}` does not authenticate by `{}`: it would be `{}`", kind.code(), method.code(),
        kind.usual_authentication().code()
    )]
    Authentication {
        /// What it is.
        kind: ClientKind,
        /// How it was to authenticate.
        method: AuthenticationMethod,
    },
}

impl Client {
    /// The client that is to be registered.
    ///
    /// # Errors
    /// [`InvalidClient`] tells which part can't be registered.
    pub fn register(registration: Registration) -> Result<Self, InvalidClient> {
        let Registration { id, kind, profile, authentication, created_at } = registration;
        let ClientProfile { name, scopes, resources, redirect_uris, overlap, logout, requires_pushed_requests } =
            profile;
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
        let method = authentication.method();
        if !kind.may_authenticate_by(method) {
            return Err(InvalidClient::Authentication { kind, method });
        }
        if requires_pushed_requests && !kind.signs_people_in() {
            return Err(InvalidClient::NoUseForPushedRequests { kind });
        }
        Ok(Self {
            id,
            name,
            kind,
            origin: ClientOrigin::Operator,
            requires_pushed_requests,
            redirect_uris: to_come_back_to(kind, &redirect_uris)?,
            logout: ClientLogout::register(kind, &logout)?,
            // A session of a public client may be bound to a key: then it proves more than rotation would.
            rotation: RotationPolicy::UnlessProven,
            overlap: overlapping(overlap, method)?,
            authentication,
            scopes,
            resources,
            status: ClientStatus::Active,
            created_at,
        })
    }
}

fn overlapping(overlap: Span, method: AuthenticationMethod) -> Result<Span, InvalidClient> {
    if overlap > OVERLAP_MAX {
        return Err(InvalidClient::Overlap);
    }
    if !overlap.is_zero() && method != AuthenticationMethod::None {
        return Err(InvalidClient::NoUseForOverlap);
    }
    Ok(overlap)
}

fn to_come_back_to(kind: ClientKind, typed: &[String]) -> Result<BTreeSet<RedirectUri>, InvalidClient> {
    if typed.len() > REDIRECT_URIS_MAX {
        return Err(InvalidClient::TooManyRedirectUris);
    }
    match (kind.signs_people_in(), typed.is_empty()) {
        (true, true) => return Err(InvalidClient::NoRedirectUri { kind }),
        (false, false) => return Err(InvalidClient::NoUseForRedirectUris { kind }),
        (true, false) | (false, true) => {}
    }
    let read = |(number, uri): (usize, &String)| {
        let read = RedirectUri::to_register(uri, kind.redirect_rule());
        read.map_err(|why| InvalidClient::RedirectUri { number, why })
    };
    (1..).zip(typed).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::{Client, ClientProfile, InvalidClient, Registration};
    use crate::client::{AuthenticationMethod, ClientAuthentication, ClientId, ClientKind, ClientProof, ClientSecret};
    use crate::resource::ResourceUri;
    use crate::session::SecretHash;
    use crate::time::{Span, Time};

    fn registration(kind: ClientKind, profile: ClientProfile) -> Registration {
        let authentication = match kind.usual_authentication() {
            AuthenticationMethod::None => ClientAuthentication::Public,
            _ => ClientAuthentication::SecretBasic(SecretHash::of(b"secret")),
        };
        let (id, created_at) = (ClientId::parse("worker").unwrap(), Time::from_millis(0));
        Registration { id, kind, profile, authentication, created_at }
    }

    fn machine(profile: ClientProfile) -> Result<Client, InvalidClient> {
        Client::register(registration(ClientKind::Machine, profile))
    }

    fn redirecting(uri: &str) -> ClientProfile {
        ClientProfile { redirect_uris: vec![uri.to_owned()], ..ClientProfile::default() }
    }

    #[test]
    fn whoever_signs_people_in_needs_somewhere_to_come_back_to() {
        let register = |kind, profile| Client::register(registration(kind, profile));
        for kind in [ClientKind::Web, ClientKind::Spa, ClientKind::Native, ClientKind::Mcp] {
            assert!(register(kind, redirecting("https://app.example/cb")).is_ok());
            assert_eq!(register(kind, ClientProfile::default()), Err(InvalidClient::NoRedirectUri { kind }));
        }
        let kind = ClientKind::Machine;
        let useless = register(kind, redirecting("https://app.example/cb"));
        assert_eq!(useless, Err(InvalidClient::NoUseForRedirectUris { kind }));
        let app = "com.example.app:/cb";
        assert!(register(ClientKind::Native, redirecting(app)).is_ok());
        assert!(matches!(register(ClientKind::Web, redirecting(app)), Err(InvalidClient::RedirectUri { .. })));
        let pushing = ClientProfile { requires_pushed_requests: true, ..ClientProfile::default() };
        assert_eq!(register(kind, pushing), Err(InvalidClient::NoUseForPushedRequests { kind }));
    }

    #[test]
    fn what_keeps_no_secret_has_none_and_what_keeps_one_uses_it() {
        for kind in [ClientKind::Web, ClientKind::Spa, ClientKind::Native, ClientKind::Machine] {
            let usual = registration(kind, ClientProfile::default());
            let other = match usual.authentication {
                ClientAuthentication::Public => ClientAuthentication::SecretBasic(SecretHash::of(b"secret")),
                _ => ClientAuthentication::Public,
            };
            let method = other.method();
            let refused = Client::register(Registration { authentication: other, ..usual });
            assert_eq!(refused, Err(InvalidClient::Authentication { kind, method }));
        }
    }

    #[test]
    fn overlap_is_for_those_whose_tokens_rotate_and_at_most_an_hour() {
        let of = |kind, seconds| {
            let redirect_uris =
                if kind == ClientKind::Machine { vec![] } else { vec!["https://app.example/cb".into()] };
            let overlap = Span::from_seconds(seconds);
            Client::register(registration(kind, ClientProfile { redirect_uris, overlap, ..ClientProfile::default() }))
        };
        assert_eq!(of(ClientKind::Native, 3_600).unwrap().overlap, Span::from_seconds(3_600));
        assert_eq!(of(ClientKind::Native, 3_601), Err(InvalidClient::Overlap));
        for kind in [ClientKind::Web, ClientKind::Machine] {
            assert_eq!(of(kind, 60), Err(InvalidClient::NoUseForOverlap));
            assert!(of(kind, 0).is_ok());
        }
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
        let authentication = ClientAuthentication::SecretBasic(secret.hash());
        let registration = registration(ClientKind::Machine, ClientProfile::default());
        let client = Client::register(Registration { authentication, ..registration }).unwrap();
        let basic = |secret: &ClientSecret| ClientProof::SecretBasic(secret.clone());
        assert!(Client::is_authenticated(Some(&client), &basic(&secret)));
        assert!(!Client::is_authenticated(Some(&client), &basic(&ClientSecret::from_bytes(&[8; 32]))));
        assert!(!Client::is_authenticated(Some(&client), &ClientProof::SecretPost(secret.clone())));
        assert!(!Client::is_authenticated(Some(&client), &ClientProof::Nothing));
        assert!(!Client::is_authenticated(None, &basic(&secret)));
        assert!(!Client::is_authenticated(None, &ClientProof::Nothing));
        let disabled = Client { status: super::ClientStatus::Disabled, ..client };
        assert!(!Client::is_authenticated(Some(&disabled), &basic(&secret)));
        let public = Client { authentication: ClientAuthentication::Public, ..Client::first_party() };
        assert!(!Client::is_authenticated(Some(&public), &basic(&secret)));
        assert!(Client::is_authenticated(Some(&public), &ClientProof::Nothing));
        let disabled = Client { status: super::ClientStatus::Disabled, ..public };
        assert!(!Client::is_authenticated(Some(&disabled), &ClientProof::Nothing));
    }
}
