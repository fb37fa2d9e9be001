//! Fresh or stale, and what is done then.

/// What happens to a token that holds while what is known of revocations is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StalePolicy {
    /// It is accepted as a plain JWT and marked as not fresh.
    #[default]
    Accept,
    /// The issuer is asked (RFC 7662), as the client that the builder was given. Where that cannot be done, as in
    /// [`Verifier::verify`](crate::Verifier::verify) which asks nobody, it is refused as with [`Refuse`](Self::Refuse).
    Introspect,
    /// 503 with `Retry-After`.
    Refuse,
}

/// How much is known of revocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Everything, as of at most the longest staleness ago.
    Fresh,
    /// The issuer was asked about this very token.
    Introspected,
    /// Not enough, or not recently enough.
    Stale,
    /// Nothing: the issuer has no feed.
    NoFeed,
}

impl Freshness {
    /// Whether a revocation would have been known.
    #[must_use]
    pub const fn is_fresh(self) -> bool {
        matches!(self, Self::Fresh | Self::Introspected)
    }
}
