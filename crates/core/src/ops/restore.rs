//! Restoring: storage went back to what a backup holds. What happened since is not in it, so verifiers are told again
//! what they must refuse, and sessions end unless somebody decides that they go on.

use crate::audit::{Actor, AuditEvent};
use crate::draw::Draw;
use crate::ids::SessionId;
use crate::limits::ACCESS_LIFETIME_MAX;
use crate::revocation::{NewEntry, Revocation};
use crate::session::{End, EndReason, EpochCause};
use crate::store::{BeginEpoch, EndSessions, EndWithEpoch, EndedSessions, Store, StoreError, Which};
use crate::time::Time;
use countersign_revocation::Epoch;

/// What turns a copy of storage into one that may serve. Nobody may be served from it before this is done.
#[derive(Debug)]
pub struct Restore {
    /// What becomes of the sessions that the backup holds as live.
    pub sessions: RestoredSessions,
    /// What the storage that is being replaced knew.
    pub replaced: Replaced,
    /// What was restored, in words, for the audit log.
    pub what: String,
    /// Who does it.
    pub actor: Actor,
}

/// What becomes of the sessions that a backup holds as live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoredSessions {
    /// They end: some may have been ended since, and nobody could tell which.
    End,
    /// They go on (row 17), except those that the replaced storage knows as ended.
    Keep,
}

/// What the storage that is being replaced knew, as far as it could be read.
#[derive(Debug, Default)]
pub struct Replaced {
    /// Its epoch.
    pub epoch: Option<Epoch>,
    /// What verifiers were told and still must refuse.
    pub entries: Vec<NewEntry>,
    /// Its sessions whose tokens may live, and until when.
    pub alive: Vec<(SessionId, Time)>,
    /// Its sessions that had ended, and why.
    pub ended: Vec<(SessionId, End)>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The epoch that began.
    pub epoch: Epoch,
    /// What ended.
    pub ended: EndedSessions,
}

impl Restore {
    /// Begins another epoch, later than any that is known.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(self, store: &dyn Store, draw: &Draw) -> Result<Restored, StoreError> {
        let now = draw.now;
        let here = store.deployment().await?.map(|deployment| deployment.epoch.id);
        let epoch = later_than(here.max(self.replaced.epoch), draw.epoch_id);
        let audit = AuditEvent::new(now, "storage.restored", self.actor).told(&self.what);
        let mut lost = self.replaced.entries;
        for (session, last_token_expires_at) in self.replaced.alive {
            // What began after the backup is gone with it, and nobody could take its tokens back any more.
            let gone = store.session(session).await?.is_none();
            if gone || self.sessions == RestoredSessions::End {
                let refused = Revocation::of_session(session, last_token_expires_at, now);
                lost.extend(refused.and_then(|revocation| revocation.entry().ok()));
            }
        }
        let (cause, end_sessions) = match self.sessions {
            RestoredSessions::End => {
                let end = End::by(EndReason::Restored, self.what);
                (EpochCause::Fresh, Some(EndWithEpoch { end, tokens_until: now + ACCESS_LIFETIME_MAX }))
            }
            RestoredSessions::Keep => (EpochCause::WentBack, None),
        };
        let mut ended = store.begin_epoch(BeginEpoch { epoch, cause, lost, end_sessions, audit, now }).await?;
        if self.sessions == RestoredSessions::Keep {
            for (session, end) in self.replaced.ended {
                let again = EndSessions { which: Which::One(session), end, audit: None, now };
                let found = store.end_sessions(again).await?;
                ended.sessions += found.sessions;
                ended.published += found.published;
            }
        }
        Ok(Restored { epoch, ended })
    }
}

/// `drawn`, or one with its randomness that is later than what is known.
fn later_than(known: Option<Epoch>, drawn: Epoch) -> Epoch {
    let [_, _, _, _, _, _, random @ ..] = *drawn.as_bytes();
    Epoch::new_later_than(known, drawn.unix_ms(), random)
}

#[cfg(test)]
mod tests {
    use super::later_than;
    use countersign_revocation::Epoch;

    #[test]
    fn an_epoch_is_later_than_all_that_are_known_whatever_the_clock_says() {
        let drawn = Epoch::new(1_000, [7; 10]);
        assert_eq!(later_than(None, drawn), drawn);
        assert_eq!(later_than(Some(Epoch::new(999, [9; 10])), drawn), drawn);
        let ahead = Epoch::new(5_000, [0xff; 10]);
        assert!(later_than(Some(ahead), drawn) > ahead);
    }
}
