//! What is kept on disk: metadata, key sets and the feed's signed objects, so that a restart does not need the issuer.
//!
//! Objects are verified again when they are read back, so the folder needs no trust for them; key sets and metadata do,
//! as the issuer's certificate is not there to vouch for them: files are 0600.

mod load;
mod saver;

pub(crate) use load::{Kept, load};
pub(crate) use saver::Saver;

/// One file of the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum File {
    Metadata,
    Keys,
    FeedKeys,
    /// Of epochs that have ended: a first line that says until when it matters, then objects, one a line.
    Older,
    /// The parts of the newest snapshot, one a line.
    Snapshot,
    /// The batches since, one a line. The last line may be cut off.
    Tail,
    Head,
}

impl File {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata.json",
            Self::Keys => "jwks.json",
            Self::FeedKeys => "feed-jwks.json",
            Self::Older => "feed-older",
            Self::Snapshot => "feed-snapshot",
            Self::Tail => "feed-tail",
            Self::Head => "feed-head",
        }
    }
}
