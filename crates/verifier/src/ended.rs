//! Open connections: when does the token behind one end?

use std::time::Duration;

use countersign_revocation::Subjects;
use tokio::sync::watch;

use crate::{claims::Common, state::State, token::VerifiedToken};

/// Why a connection's token has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its session, the token, its client or its key was revoked.
    Revoked,
    /// It has expired, and no newer one of its session was handed in.
    Expired,
}

/// The token that a connection rests on now.
#[derive(Debug)]
pub(crate) struct Following(watch::Sender<Followed>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Followed {
    subjects: Subjects,
    key_id: String,
    expires_at_ms: u64,
}

/// The newer token is of another session, or of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the newer token is not one of the same session")]
pub struct OtherSession;

/// So long a wait at most: then the clock is looked at again, which may have been set.
const WAIT_MAX: Duration = Duration::from_secs(60);

impl Following {
    pub(crate) fn new(common: &Common) -> Self {
        Self(watch::Sender::new(Followed::of(common)))
    }
}

impl Followed {
    fn of(common: &Common) -> Self {
        Self {
            subjects: common.subjects,
            key_id: common.key_id.clone(),
            expires_at_ms: common.expires_at.as_seconds().saturating_mul(1_000),
        }
    }

    fn ended(&self, state: &State) -> Option<Ended> {
        if state.revoked.look_up(&self.subjects).is_some() || state.revoked.refuses_key(&self.key_id) {
            return Some(Ended::Revoked);
        }
        (state.time.now().ms >= self.expires_at_ms).then_some(Ended::Expired)
    }

    fn wait(&self, state: &State) -> Duration {
        Duration::from_millis(self.expires_at_ms.saturating_sub(state.time.now().ms).max(1)).min(WAIT_MAX)
    }
}

impl<C> VerifiedToken<C> {
    /// Resolves when the token, its session, client or key is revoked, or when it expires unless a newer one was handed
    /// in before, see [`superseded_by`](Self::superseded_by). For connections that outlive a request: select on it, and
    /// close.
    ///
    /// It costs a waiting task, a timer, and a look-up whenever anything is revoked. For tokens of an issuer without a
    /// feed only the expiry is known.
    pub async fn revoked(&self) -> Ended {
        let state = self.state();
        let (mut versions, mut following) = (state.version.subscribe(), self.following().0.subscribe());
        loop {
            // Marked as seen before the look: what changes after it wakes the loop.
            versions.mark_unchanged();
            let followed = following.borrow_and_update().clone();
            if let Some(ended) = followed.ended(state) {
                return ended;
            }
            // Neither sender goes away while this runs: both are held by `self`.
            tokio::select! {
                _ = versions.changed() => {}
                _ = following.changed() => {}
                () = tokio::time::sleep(followed.wait(state)) => {}
            }
        }
    }

    /// The connection goes on with a newer token of the same session: whoever waits in [`revoked`](Self::revoked), here
    /// or in a clone, waits for that one's end. An older one changes nothing.
    ///
    /// # Errors
    /// [`OtherSession`] if it is not of the same session.
    pub fn superseded_by<D>(&self, newer: &VerifiedToken<D>) -> Result<(), OtherSession> {
        let (mine, other) = (self.common(), newer.common());
        if mine.session.is_none() || mine.session != other.session || mine.subject != other.subject {
            return Err(OtherSession);
        }
        let newer = Followed::of(other);
        self.following().0.send_if_modified(|held| {
            let is_newer = newer.expires_at_ms > held.expires_at_ms;
            if is_newer {
                *held = newer;
            }
            is_newer
        });
        Ok(())
    }
}
