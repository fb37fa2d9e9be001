//! Why a JSON text is refused.

/// A JSON text that is refused. It holds nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Longer than allowed.
    #[error("JSON text is longer than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// An object with more members than allowed.
    #[error("JSON object has more than {limit} members")]
    TooManyMembers {
        /// Members allowed.
        limit: usize,
    },
    /// Nested deeper than allowed.
    #[error("JSON text is nested deeper than {limit}")]
    TooDeep {
        /// Nesting allowed.
        limit: usize,
    },
    /// One name twice in one object, spelled with or without escapes.
    #[error("JSON object has a member twice")]
    DuplicateMember,
    /// Not UTF-8.
    #[error("JSON text is not UTF-8")]
    Utf8,
    /// Not JSON, or something after the value.
    #[error("not JSON at byte {offset}")]
    Syntax {
        /// Where, counted in bytes from zero.
        offset: usize,
    },
    /// A value that is not an object where one is needed.
    #[error("not a JSON object")]
    NotAnObject,
}

impl JsonError {
    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::TooManyMembers { .. } => "too_large",
            Self::DuplicateMember => "duplicate_member",
            Self::TooDeep { .. } | Self::Utf8 | Self::Syntax { .. } | Self::NotAnObject => "malformed",
        }
    }

    /// In words, for errors that carry a fixed text.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "JSON text is too long",
            Self::TooManyMembers { .. } => "JSON object has too many members",
            Self::TooDeep { .. } => "JSON text is nested too deep",
            Self::DuplicateMember => "JSON object has a member twice",
            Self::Utf8 => "JSON text is not UTF-8",
            Self::Syntax { .. } => "not JSON",
            Self::NotAnObject => "not a JSON object",
        }
    }
}
