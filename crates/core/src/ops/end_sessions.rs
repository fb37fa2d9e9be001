//! Ending one's own other sessions from within one.

use crate::audit::AuditEvent;
use crate::draw::Draw;
use crate::ids::{AccountId, SessionId};
use crate::ops::Origin;
use crate::session::{End, EndReason};
use crate::store::{EndSessions, EndedSessions, Store, StoreError, Which};

/// Sessions that their owner ends.
#[derive(Debug)]
pub struct EndOwnSessions {
    /// The owner.
    pub account: AccountId,
    /// From within which session.
    pub current: SessionId,
    /// Which of the others.
    pub others: Others,
    /// Where it came from.
    pub origin: Origin,
}

/// Which sessions their owner ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// This one; nothing happens if it is somebody else's.
    One(SessionId),
    /// All but the current one.
    All,
}

impl EndOwnSessions {
    /// Ends them.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(&self, store: &dyn Store, draw: &Draw) -> Result<EndedSessions, StoreError> {
        let which = match self.others {
            Others::One(session) => Which::OneOf(self.account, session),
            Others::All => Which::OfAccountExcept(self.account, self.current),
        };
        let audit = AuditEvent::new(draw.now, "session.ended_by_owner", self.origin.actor()).of_account(self.account);
        let by = format!("session {}, request {} from {}", self.current, self.origin.request, self.origin.address);
        let end = End::by(EndReason::SignedOutElsewhere, by);
        store.end_sessions(EndSessions { which, end, audit: Some(audit), now: draw.now }).await
    }
}
