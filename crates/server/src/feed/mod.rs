//! The revocation feed: what storage numbered, signed and handed to whoever follows it (docs/feed-protocol.md).
//!
//! The store numbers entries in the commit that causes them. [`publish`] reads them as they come, and signs; [`Hub`]
//! holds the log in memory and hands objects out; `routes::revocations` speaks HTTP. Nothing here is on the way of a
//! sign-in or a refresh.

mod hub;
mod log;
#[cfg(test)]
mod model;
mod publish;
mod readers;
mod reports;
mod snapshots;
mod tails;

pub(crate) use hub::{FeedFigures, Hub, Object, Subscription};
pub(crate) use publish::{catch_up, judge, publish};
pub(crate) use readers::Authority;
pub(crate) use reports::Progress;

use countersign_core::Span;

/// How the feed is served.
#[derive(Debug, Clone, Copy)]
pub struct FeedPolicy {
    /// Who may read it.
    pub access: FeedAccess,
    /// How often verifiers are told that nothing is missing.
    pub head_every: Span,
}

/// Who may read the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedAccess {
    /// Clients with a token of scope `feed:read`.
    Client,
    /// Everybody: ids in it are random, but the names of clients are told.
    Public,
}

impl Default for FeedPolicy {
    fn default() -> Self {
        Self { access: FeedAccess::Client, head_every: Span::from_seconds(1) }
    }
}
