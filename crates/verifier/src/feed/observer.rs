//! Looking on: what the background sees of the feed, for tools that show it.

use std::{fmt, sync::Arc};

use countersign_revocation::SignedObject;

/// Something that happened to the feed.
#[derive(Debug)]
#[non_exhaustive]
pub enum FeedEvent<'a> {
    /// An object came, its signature held, and the follower said so much about it (`advanced`, `nothing` and so on).
    Object {
        /// The object.
        object: &'a SignedObject,
        /// What became of it.
        applied: &'static str,
    },
    /// An object came that is not to be believed; its code.
    Refused(&'static str),
    /// The connection ended, or none came about; why.
    Interrupted(String),
}

/// Somebody who looks on. Called where the feed is followed: it must not block.
#[derive(Clone)]
pub(crate) struct Observer(Arc<dyn Fn(&FeedEvent<'_>) + Send + Sync>);

impl Observer {
    pub(crate) fn new(look: impl Fn(&FeedEvent<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(look))
    }

    pub(crate) fn tell(&self, event: &FeedEvent<'_>) {
        (self.0)(event);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
