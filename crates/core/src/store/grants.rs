//! Grants: authorization codes and consents.

use crate::audit::AuditEvent;
use crate::client::ClientId;
use crate::grant::{AuthorizedCode, Consent};
use crate::ids::{AccountId, SessionId};
use crate::resource::ResourceUri;
use crate::session::SecretHash;
use crate::store::{OpenSession, StoreFuture};

/// What the authorization endpoint and the exchange of codes need of a store.
pub trait GrantStore: Send + Sync {
    /// Keeps a code until it is swept, [`CODE_REMEMBERED`](crate::limits::CODE_REMEMBERED) after it expired.
    fn save_code(&self, hash: SecretHash, code: AuthorizedCode, audit: AuditEvent) -> StoreFuture<'_, ()>;

    /// What the code of this hash stands for.
    fn code(&self, hash: SecretHash) -> StoreFuture<'_, Option<AuthorizedCode>>;

    /// Redeems a code that nobody redeemed yet, and opens its session as [`open_session`] does: one commit.
    ///
    /// [`open_session`]: crate::store::SessionStore::open_session
    fn redeem_code(&self, redeem: RedeemCode) -> StoreFuture<'_, Redemption>;

    /// What somebody let a client have at a resource server.
    fn consent(
        &self,
        account: AccountId,
        client: &ClientId,
        audience: &ResourceUri,
    ) -> StoreFuture<'_, Option<Consent>>;

    /// Keeps a consent in the place of the one before.
    fn save_consent(&self, consent: Consent, audit: AuditEvent) -> StoreFuture<'_, ()>;
}

/// A code to be redeemed.
#[derive(Debug, Clone)]
pub struct RedeemCode {
    /// Which.
    pub hash: SecretHash,
    /// The session that it makes.
    pub open: OpenSession,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// Its session is open.
    First,
    /// It had been redeemed for this session before: whoever holds it holds what was stolen.
    Again(SessionId),
    /// The session could not be opened, and the code is as it was: [`Opened::Refused`](crate::store::Opened::Refused)
    /// says why. Or there is no such code.
    Refused,
}
