//! The deployment itself: its issuer, its storage epoch, whether it can write.

use crate::session::StorageEpoch;
use crate::store::{StoreFuture, Swap, WriterFigures};
use crate::time::Time;
use countersign_revocation::Epoch;

/// What starting, stopping and sweeping need of a store.
pub trait DeploymentStore: Send + Sync {
    /// The deployment as founded; `None` in a new database.
    fn deployment(&self) -> StoreFuture<'_, Option<Deployment>>;

    /// Founds the deployment, unless it is founded: of two first starts at once, one wins.
    fn found(&self, issuer: &str, epoch: Epoch, now: Time) -> StoreFuture<'_, Founded>;

    /// Replaces the issuer if it is still `from`.
    fn change_issuer(&self, from: &str, to: &str) -> StoreFuture<'_, Swap>;

    /// Writes something durable and forgets it: whether storage can write.
    fn probe(&self) -> StoreFuture<'_, ()>;

    /// Forgets ended sessions whose absolute expiry has passed, and live ones likewise: they are over and publish
    /// nothing. What had one as its parent has none then. And authorization codes whose second use nobody needs to see,
    /// pushed requests that are over, and clients that no operator registered or disabled, which nobody used within
    /// [`CLIENT_UNUSED_KEPT`], or [`CLIENT_USED_KEPT`] after their last session was over, with the consents for them.
    ///
    /// [`CLIENT_UNUSED_KEPT`]: crate::limits::CLIENT_UNUSED_KEPT
    /// [`CLIENT_USED_KEPT`]: crate::limits::CLIENT_USED_KEPT
    fn sweep(&self, now: Time) -> StoreFuture<'_, Swept>;

    /// How its writer keeps up; `None` where a store has no writer of its own. It waits for nothing.
    fn figures(&self) -> Option<WriterFigures> {
        None
    }
}

/// What a deployment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `iss` of its tokens.
    pub issuer: String,
    /// Its storage epoch.
    pub epoch: StorageEpoch,
    /// When it was founded.
    pub founded_at: Time,
}

/// What became of a founding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Founded {
    /// It is founded.
    Founded,
    /// It was before.
    Already,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Sessions.
    pub sessions: u64,
    /// Authorization codes.
    pub codes: u64,
    /// Clients that no operator registered.
    pub clients: u64,
    /// Pushed requests.
    pub pushed_requests: u64,
}
