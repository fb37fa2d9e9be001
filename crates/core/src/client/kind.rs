//! What a client is, and so which grants it may use and how it may authenticate.

use super::AuthenticationMethod;
use super::redirect_uri::RedirectRule;
use crate::grant::GrantType;

/// What a client is (RFC 6749 §2.1, RFC 8252, RFC 9700 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientKind {
    /// The built-in first-party client.
    FirstParty,
    /// An application on a server, which keeps a secret.
    Web,
    /// An application in a browser, which keeps none.
    Spa,
    /// An application on a device.
    Native,
    /// A program that acts for itself: the client credentials grant (RFC 6749 §4.4), and no account.
    Machine,
    /// An agent that uses tools on behalf of somebody (Model Context Protocol).
    Mcp,
}

/// A kind of client that can't be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of client: expected web, spa, native, machine or mcp")]
pub struct UnknownClientKind;

impl ClientKind {
    /// The kinds that can be registered.
    pub const REGISTERED: [Self; 5] = [Self::Web, Self::Spa, Self::Native, Self::Machine, Self::Mcp];

    /// As storage and the command line spell it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FirstParty => "first_party",
            Self::Web => "web",
            Self::Spa => "spa",
            Self::Native => "native",
            Self::Machine => "machine",
            Self::Mcp => "mcp",
        }
    }

    /// Whether somebody signs in at it.
    #[must_use]
    pub const fn signs_people_in(self) -> bool {
        matches!(self, Self::Web | Self::Spa | Self::Native | Self::Mcp)
    }

    /// Whether it may use this grant.
    #[must_use]
    pub const fn may_use(self, grant: GrantType) -> bool {
        match grant {
            GrantType::AuthorizationCode | GrantType::RefreshToken => self.signs_people_in(),
            GrantType::ClientCredentials => matches!(self, Self::Machine),
        }
    }

    /// How it authenticates unless it is registered otherwise.
    #[must_use]
    pub const fn usual_authentication(self) -> AuthenticationMethod {
        match self {
            Self::Web | Self::Machine => AuthenticationMethod::SecretBasic,
            Self::FirstParty | Self::Spa | Self::Native | Self::Mcp => AuthenticationMethod::None,
        }
    }

    /// Whether it may authenticate so: what runs on somebody's own device keeps no secret, and what could keep one must.
    pub(super) fn may_authenticate_by(self, method: AuthenticationMethod) -> bool {
        match self {
            Self::Web | Self::Machine => method != AuthenticationMethod::None,
            Self::FirstParty | Self::Spa | Self::Native => method == AuthenticationMethod::None,
            Self::Mcp => true,
        }
    }

    pub(super) const fn redirect_rule(self) -> RedirectRule {
        match self {
            Self::Native | Self::Mcp => RedirectRule::Native,
            Self::FirstParty | Self::Web | Self::Spa | Self::Machine => RedirectRule::Web,
        }
    }
}

impl std::str::FromStr for ClientKind {
    type Err = UnknownClientKind;

    /// Reads a kind that can be registered.
    fn from_str(code: &str) -> Result<Self, UnknownClientKind> {
        Self::REGISTERED.into_iter().find(|kind| kind.code() == code).ok_or(UnknownClientKind)
    }
}
