//! Grants: authorization codes and consents.

use crate::audit::AuditEvent;
use crate::client::ClientId;
use crate::grant::{AuthorizedCode, Consent, PushedRequest};
use crate::ids::{AccountId, SessionId};
use crate::resource::ResourceUri;
use crate::session::SecretHash;
use crate::store::{OpenSession, StoreFuture};
use crate::time::Time;

/// What the authorization endpoint and the exchange of codes need of a store.
pub trait GrantStore: Send + Sync {
    /// Keeps a code until it is swept, [`CODE_REMEMBERED`](crate::limits::CODE_REMEMBERED) after it expired. The pushed
    /// request that it comes of is forgotten in the same commit; where that is gone, nothing is kept.
    fn save_code(&self, save: SaveCode) -> StoreFuture<'_, CodeSaved>;

    /// What the code of this hash stands for.
    fn code(&self, hash: SecretHash) -> StoreFuture<'_, Option<AuthorizedCode>>;

    /// Redeems a code that nobody redeemed yet, and opens its session as [`open_session`] does: one commit.
    ///
    /// [`open_session`]: crate::store::SessionStore::open_session
    fn redeem_code(&self, redeem: RedeemCode) -> StoreFuture<'_, Redemption>;

    /// Keeps a request of a client until it is used up or over, unless the client has too many. What of the client is
    /// over is forgotten.
    fn push_request(&self, push: PushRequest) -> StoreFuture<'_, RequestPushed>;

    /// The pushed request of this hash, over or not.
    fn pushed_request(&self, hash: SecretHash) -> StoreFuture<'_, Option<PushedRequest>>;

    /// A browser came with a pushed request: from now on it is good until then. Nothing, if one came before, or if it is
    /// gone.
    fn begin_pushed_request(&self, hash: SecretHash, expires_at: Time) -> StoreFuture<'_, ()>;

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

/// A code to be kept.
#[derive(Debug, Clone)]
pub struct SaveCode {
    /// Under this hash.
    pub hash: SecretHash,
    /// What it stands for.
    pub code: AuthorizedCode,
    /// The pushed request that it comes of: one code each.
    pub spends: Option<SecretHash>,
    /// Told in the same commit.
    pub audit: AuditEvent,
}

/// What became of a code to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSaved {
    /// It is good.
    Saved,
    /// The pushed request is gone: another code came of it. Nothing was written.
    Spent,
}

/// A request to be pushed.
#[derive(Debug, Clone)]
pub struct PushRequest {
    /// Under this hash.
    pub hash: SecretHash,
    /// What is asked for.
    pub request: PushedRequest,
    /// How many of the client may be good at once.
    pub live_max: u32,
    /// When.
    pub now: Time,
}

/// What became of a request to be pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPushed {
    /// It is there.
    Pushed,
    /// The client has as many as it may have, until the first of them is over. Nothing was written.
    TooMany {
        /// When that is.
        until: Time,
    },
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
