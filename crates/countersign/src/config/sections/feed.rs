//! `[feed]`

use crate::config::{
    declare::{Fallback::Is, section},
    shapes::{DurationIn, MILLISECOND, SECOND, Words},
};
use std::time::Duration;

/// Who may read the revocation feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedAccess {
    /// Clients with a token of scope `feed:read`.
    Client,
    /// Everybody.
    Public,
}

section! {
    /// The revocation feed, which verifiers follow.
    feed: Feed {
        /// Who may read it: clients with a token of scope `feed:read`, or everybody. The ids in it are random, but the
        /// names of clients that are disabled are told.
        access: FeedAccess =
            Is("client"), Words::of(&[("client", FeedAccess::Client), ("public", FeedAccess::Public)]);
        /// How often verifiers are told that nothing is missing. One that hears nothing for its `max_staleness` (10 s)
        /// says that it is stale.
        head_every: Duration =
            Is("1s"), DurationIn::new(MILLISECOND.saturating_mul(100), SECOND.saturating_mul(5));
    }
}
