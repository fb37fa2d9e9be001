//! What a route asks for beyond a token that holds.

use crate::{error::VerifyError, staleness::StalePolicy, token::VerifiedToken};

/// What a route asks for: scopes, roles, and what happens while revocations are known too late.
///
/// ```
/// use countersign_verifier::{Needs, StalePolicy};
///
/// let transfer = Needs::any_token().scope("transfers:write").stale(StalePolicy::Refuse);
/// assert_eq!(transfer.scopes(), ["transfers:write"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    scopes: Vec<String>,
    roles: Vec<String>,
    stale: Option<StalePolicy>,
}

impl Needs {
    /// A token that holds, whatever it allows.
    #[must_use]
    pub fn any_token() -> Self {
        Self::default()
    }

    /// And this scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// And this role.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// What happens on this route while revocations are known too late, whatever the verifier does elsewhere.
    #[must_use]
    pub const fn stale(mut self, policy: StalePolicy) -> Self {
        self.stale = Some(policy);
        self
    }

    /// The scopes, all of which the token must have.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    pub(crate) const fn stale_policy(&self) -> Option<StalePolicy> {
        self.stale
    }

    pub(crate) fn check<C>(&self, token: &VerifiedToken<C>) -> Result<(), VerifyError> {
        self.scopes.iter().try_for_each(|scope| token.check_scope(scope))?;
        self.roles.iter().try_for_each(|role| token.check_role(role))
    }
}
