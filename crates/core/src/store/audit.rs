//! The audit log. Most events ride inside the changes that they tell of.

use crate::audit::{AuditEvent, AuditFilter};
use crate::store::{Page, Paged, StoreFuture};
use crate::time::Time;

/// What tells and reads events.
pub trait AuditStore: Send + Sync {
    /// Tells one event of its own.
    fn record(&self, event: AuditEvent) -> StoreFuture<'_, ()>;

    /// Tells an alarm, unless one with the same name and detail was told after `unless_since`. Reads before it writes:
    /// what anybody can provoke must not cost a commit each time.
    fn raise_alarm(&self, alarm: RaiseAlarm) -> StoreFuture<'_, ()>;

    /// Events, in the order in which they were told or the other way around.
    fn audit(&self, filter: AuditFilter, page: Page) -> StoreFuture<'_, Paged<AuditEvent>>;

    /// Forgets events before this time; how many there were.
    fn forget_audit(&self, before: Time) -> StoreFuture<'_, u64>;
}

/// An alarm to be told.
#[derive(Debug, Clone)]
pub struct RaiseAlarm {
    /// The event.
    pub event: AuditEvent,
    /// Nothing is told if the same was told after this.
    pub unless_since: Option<Time>,
}
