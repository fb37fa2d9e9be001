//! Why sessions end. "Why was I signed out" always has an answer.

use crate::time::Time;

/// What ends a session, before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub reason: EndReason,
    /// By what: who pressed the button, or which two requests collided. Never a secret.
    pub by: Option<String>,
}

/// How a session ended, as storage holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Why, and by what.
    pub end: End,
    /// When.
    pub at: Time,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// Why a session ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EndReason {
            $($(#[$doc])* $name,)*
        }

        impl EndReason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The reason as storage and the API spell it.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

reasons! {
    /// Its owner signed out.
    SignedOut = "signed_out",
    /// Its owner signed out everywhere, or ended it from another session.
    SignedOutElsewhere = "signed_out_elsewhere",
    /// The password was changed.
    PasswordChanged = "password_changed",
    /// A role was taken away.
    RoleTaken = "role_taken",
    /// The account was disabled.
    AccountDisabled = "account_disabled",
    /// The account was removed.
    AccountRemoved = "account_removed",
    /// The client was disabled.
    ClientDisabled = "client_disabled",
    /// The client was removed.
    ClientRemoved = "client_removed",
    /// A refresh token was used again (row 16): somebody else may hold it.
    Reused = "reused",
    /// Its refresh token came from another client (row 5).
    ForeignClient = "foreign_client",
    /// The authorization code that made it came again: somebody else may hold it.
    CodeReused = "code_reused",
    /// Its client gave its refresh token back (RFC 7009).
    TokenRevoked = "token_revoked",
    /// Not refreshed for too long.
    IdleExpired = "idle_expired",
    /// Old enough, however busy.
    AbsoluteExpired = "absolute_expired",
    /// Its account opened more than 100.
    TooMany = "too_many",
    /// An administrator ended it.
    Administrator = "administrator",
    /// The server took another issuer.
    IssuerChanged = "issuer_changed",
    /// The MAC key of its refresh tokens was distrusted and its sessions ended with it.
    MacKeyRevoked = "mac_key_revoked",
    /// An older copy of the data was restored, in which it was live.
    Restored = "restored",
}

impl EndReason {
    /// Whether the client at which the session was is told of its end (OpenID Connect Back-Channel Logout §2.5). Not what
    /// it did itself; not what only became old, since its own session has an age of its own; and not in the name of an
    /// issuer that it does not know.
    #[must_use]
    pub const fn is_told(self) -> bool {
        !matches!(self, Self::TokenRevoked | Self::IdleExpired | Self::AbsoluteExpired | Self::IssuerChanged)
    }
}

impl End {
    /// An ending for `reason`, by nothing in particular.
    #[must_use]
    pub const fn of(reason: EndReason) -> Self {
        Self { reason, by: None }
    }

    /// An ending for `reason` that names what brought it about.
    #[must_use]
    pub fn by(reason: EndReason, by: impl Into<String>) -> Self {
        Self { reason, by: Some(by.into()) }
    }
}

impl std::str::FromStr for EndReason {
    type Err = UnknownEndReason;

    fn from_str(code: &str) -> Result<Self, UnknownEndReason> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code).ok_or(UnknownEndReason)
    }
}

/// Storage holds a reason that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown reason for a session's end")]
pub struct UnknownEndReason;
