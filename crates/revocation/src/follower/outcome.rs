//! What becomes of an object.

use crate::Position;

/// What became of an object that was given to a follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the follower may need a tail or a snapshot, which only its caller can fetch"]
pub enum Applied {
    /// The follower holds more than before, or knows to a later time that it holds everything.
    Advanced,
    /// Nothing new: known already, a part of a snapshot of which others are missing, or a head behind what is held (see
    /// [`Follower::issuer_behind`](crate::Follower::issuer_behind)).
    Nothing,
    /// Entries are missing: fetch those after this position, then go on.
    NeedTail {
        /// The last position that is held without a gap.
        after: Position,
    },
    /// Only a snapshot leads on.
    NeedSnapshot {
        /// Why.
        why: Why,
    },
    /// The object is not to be followed. Nothing of it was used.
    Refused {
        /// Why.
        why: Refusal,
    },
}

/// Why a snapshot is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// None was joined yet.
    NothingHeld,
    /// A new epoch has begun.
    NewEpoch,
    /// The digest of what is held is not the issuer's: something was lost or changed on the way, here or there.
    DigestDiffers,
}

/// Why an object is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is of another issuer.
    WrongIssuer,
    /// It is of an epoch that has ended.
    OlderEpoch,
    /// All parts of a snapshot are there, and their entries do not make up what `live` says.
    LiveDiffers,
}

impl Applied {
    /// A stable name for this outcome.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Advanced => "advanced",
            Self::Nothing => "nothing",
            Self::NeedTail { .. } => "need_tail",
            Self::NeedSnapshot { why } => why.code(),
            Self::Refused { why } => why.code(),
        }
    }
}

impl Why {
    /// A stable name for this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NothingHeld => "nothing_held",
            Self::NewEpoch => "new_epoch",
            Self::DigestDiffers => "digest_differs",
        }
    }
}

impl Refusal {
    /// A stable name for this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongIssuer => "wrong_issuer",
            Self::OlderEpoch => "older_epoch",
            Self::LiveDiffers => "live_differs",
        }
    }
}
