//! A token that holds, for handlers.

use std::{
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicU64},
};

use countersign_jose::Timestamp;

use crate::{
    challenge::{Refusal, Scheme, Why},
    claims::{Common, Registered},
    ended::Following,
    error::VerifyError,
    require::Needs,
    staleness::{Freshness, StalePolicy},
    state::State,
    terms::Terms,
};

/// What is kept of a token that was verified, shared by all requests that bring it.
pub(crate) struct Entry<C> {
    pub(crate) common: Common,
    pub(crate) claims: C,
    /// Of the key set that it was verified with.
    pub(crate) generation: u64,
    /// When it has expired, leeway included, in milliseconds since 1970.
    pub(crate) dead_at_ms: u64,
    /// The version of the set of what is revoked at which it was last looked up and not found.
    pub(crate) looked_up_at: AtomicU64,
    pub(crate) state: Arc<State>,
    /// What whoever is refused with it is told.
    pub(crate) terms: Arc<Terms>,
}

/// Signature, claims, revocation and, where it is bound to a key, the proof held when the request came.
///
/// ```
/// use countersign_verifier::{Refusal, VerifiedToken};
///
/// fn may_read(token: &VerifiedToken) -> Result<(), Refusal> {
///     token.require_scope("orders:read")?;
///     token.require_role("clerk")
/// }
/// ```
pub struct VerifiedToken<C = Registered> {
    entry: Arc<Entry<C>>,
    freshness: Freshness,
    /// What [`revoked`](Self::revoked) watches; made when somebody asks, and shared with clones made after that.
    following: OnceLock<Arc<Following>>,
}

impl<C> VerifiedToken<C> {
    pub(crate) const fn new(entry: Arc<Entry<C>>, freshness: Freshness) -> Self {
        Self { entry, freshness, following: OnceLock::new() }
    }

    /// `sub`: the account, or the client of a machine token.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.common().subject.as_deref()
    }

    /// `sid`: the session. Every token of a Countersign issuer has one.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.common().session.as_deref()
    }

    /// `jti`: this token.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.common().id.as_deref()
    }

    /// `client_id`.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.common().client_id.as_deref()
    }

    /// `scope`, word for word.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.common().scopes
    }

    /// `roles`.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.common().roles
    }

    /// `exp`.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.common().expires_at
    }

    /// The claims, in the type that was asked for.
    #[must_use]
    pub fn claims(&self) -> &C {
        &self.entry.claims
    }

    /// The `kid` of the key that signed.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.common().key_id
    }

    /// The thumbprint of the key that the token is bound to. Then a proof of that key came with it.
    #[must_use]
    pub fn bound_to(&self) -> Option<&str> {
        self.common().jkt.as_deref()
    }

    /// Whether a revocation would have been known when the request came. False under
    /// [`StalePolicy::Accept`](crate::StalePolicy::Accept) while the feed is late, and for issuers without a feed.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.freshness.is_fresh()
    }

    /// How much was known of revocations when the request came.
    #[must_use]
    pub const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// What is asked for beyond a token that holds, all at once. It asks nobody: with a policy other than
    /// [`StalePolicy::Accept`] a token that is not fresh is refused with 503.
    ///
    /// # Errors
    /// [`Refusal`], whose answer names all of the scopes that are needed, so that clients can ask for them.
    pub fn require(&self, needs: &Needs) -> Result<(), Refusal> {
        let is_late = !self.is_fresh() && needs.stale_policy().is_some_and(|policy| policy != StalePolicy::Accept);
        let checked = if is_late { Err(VerifyError::Stale) } else { needs.check(self) };
        checked.map_err(|error| self.refusal(error, needs))
    }

    /// # Errors
    /// [`Refusal`] with 403 if the token does not have that scope.
    pub fn require_scope(&self, scope: &str) -> Result<(), Refusal> {
        self.check_scope(scope).map_err(|error| self.refusal(error, &Needs::any_token().scope(scope)))
    }

    /// # Errors
    /// [`Refusal`] with 403 if the token does not have that role.
    pub fn require_role(&self, role: &str) -> Result<(), Refusal> {
        self.check_role(role).map_err(|error| self.refusal(error, &Needs::any_token()))
    }

    pub(crate) fn check_scope(&self, scope: &str) -> Result<(), VerifyError> {
        if holds(&self.common().scopes, scope) { Ok(()) } else { Err(VerifyError::InsufficientScope) }
    }

    pub(crate) fn check_role(&self, role: &str) -> Result<(), VerifyError> {
        if holds(&self.common().roles, role) { Ok(()) } else { Err(VerifyError::InsufficientRole) }
    }

    fn refusal(&self, error: VerifyError, needs: &Needs) -> Refusal {
        // What is bound came with a proof, or it would not be here.
        let scheme = if self.bound_to().is_some() { Scheme::Dpop } else { Scheme::Bearer };
        Refusal::new(Why::Token(error), scheme, needs, self.entry.terms.clone())
    }

    pub(crate) fn common(&self) -> &Common {
        &self.entry.common
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        &self.entry.state
    }

    pub(crate) fn following(&self) -> &Arc<Following> {
        self.following.get_or_init(|| Arc::new(Following::new(self.common())))
    }
}

fn holds(list: &[String], wanted: &str) -> bool {
    list.iter().any(|one| one == wanted)
}

/// A clone is the same token: a successor handed to one counts for the other.
impl<C> Clone for VerifiedToken<C> {
    fn clone(&self) -> Self {
        Self { entry: self.entry.clone(), freshness: self.freshness, following: self.following().clone().into() }
    }
}

/// Prints no claim: they may be personal.
impl<C> fmt::Debug for VerifiedToken<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("key_id", &self.common().key_id)
            .field("expires_at", &self.common().expires_at)
            .field("freshness", &self.freshness)
            .finish_non_exhaustive()
    }
}
