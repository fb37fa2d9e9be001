//! Who says what a client is.

/// Who says what a client is: whose word its name and redirect URIs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClientOrigin {
    /// An operator, who registered it.
    #[default]
    Operator,
    /// Itself, when it registered (RFC 7591).
    Registration,
    /// The document at its id (OAuth Client ID Metadata Document).
    Document,
}

/// Text that names no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not where a client comes from: expected operator, registration or document")]
pub struct UnknownClientOrigin;

impl ClientOrigin {
    const ALL: [Self; 3] = [Self::Operator, Self::Registration, Self::Document];

    /// As storage and the API spell it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Registration => "registration",
            Self::Document => "document",
        }
    }

    /// Whether nobody here vouches for it.
    #[must_use]
    pub const fn is_its_own_word(self) -> bool {
        !matches!(self, Self::Operator)
    }
}

impl std::str::FromStr for ClientOrigin {
    type Err = UnknownClientOrigin;

    fn from_str(code: &str) -> Result<Self, UnknownClientOrigin> {
        Self::ALL.into_iter().find(|origin| origin.code() == code).ok_or(UnknownClientOrigin)
    }
}
