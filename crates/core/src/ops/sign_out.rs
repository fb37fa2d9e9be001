//! Sign-out: ends a session, or all of its account's.

use crate::audit::AuditEvent;
use crate::client::ClientId;
use crate::draw::Draw;
use crate::grant::BrowserSecret;
use crate::ids::SessionId;
use crate::ops::Origin;
use crate::session::{End, EndReason, Session};
use crate::store::{EndSessions, Store, StoreError, Which};
use crate::token::OpenedRefreshToken;

/// A sign-out.
#[derive(Debug)]
pub struct SignOut {
    /// What shows whose session it is; the first that holds counts.
    pub proofs: Vec<SignOutProof>,
    /// Whether all of the account's sessions end.
    pub everywhere: bool,
    /// Where it came from.
    pub origin: Origin,
}

/// What shows whose session it is.
#[derive(Debug)]
pub enum SignOutProof {
    /// An access token of this session, verified.
    AccessToken(SessionId),
    /// A refresh token whose MAC held; any generation will do if the secret holds too.
    RefreshToken(Box<OpenedRefreshToken>),
    /// The cookie of a browser sign-in.
    Browser(BrowserSecret),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedOut {
    /// So many sessions ended.
    Ended(u64),
    /// Nothing that was sent shows a session (any more).
    NothingShown,
}

impl SignOut {
    /// Ends what the first proof that holds shows.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(&self, store: &dyn Store, draw: &Draw) -> Result<SignedOut, StoreError> {
        let Some(session) = self.shown(store).await? else { return Ok(SignedOut::NothingShown) };
        // Another client's token ends its own session: it was not trusted with all the others.
        let everywhere = self.everywhere && session.client.as_str() == ClientId::FIRST_PARTY;
        let (which, reason) = match session.account.filter(|_| everywhere) {
            Some(account) => (Which::OfAccount(account), EndReason::SignedOutElsewhere),
            None => (Which::One(session.id), EndReason::SignedOut),
        };
        let what = if everywhere { "session.signed_out_everywhere" } else { "session.signed_out" };
        let event = AuditEvent::new(draw.now, what, self.origin.actor()).of_session(session.id);
        let audit = AuditEvent { account: session.account, ..event };
        let by = format!("request {} from {}", self.origin.request, self.origin.address);
        let end = EndSessions { which, end: End::by(reason, by), audit: Some(audit), now: draw.now };
        Ok(SignedOut::Ended(store.end_sessions(end).await?.sessions))
    }

    async fn shown(&self, store: &dyn Store) -> Result<Option<Session>, StoreError> {
        for proof in &self.proofs {
            let (id, secret) = match proof {
                SignOutProof::AccessToken(session) => (*session, None),
                SignOutProof::RefreshToken(token) => (token.session, Some(token.secret.hash())),
                SignOutProof::Browser(secret) => (secret.session(), Some(secret.hash())),
            };
            let Some(state) = store.session(id).await? else { continue };
            if secret.is_none_or(|secret| secret == state.session.secret_hash) {
                return Ok(Some(state.session));
            }
        }
        Ok(None)
    }
}
