//! Taking something back by its id, as an administrator does: what verifiers refuse from then on.

use crate::audit::{Actor, AuditEvent};
use crate::client::ClientId;
use crate::draw::Draw;
use crate::ids::{SessionId, TokenId};
use crate::ops::{Policies, longest_token_lifetime};
use crate::revocation::{Revocation, Sequence};
use crate::session::{End, EndReason};
use crate::store::{EndSessions, Store, StoreError, Which};

/// Something to be taken back. A signing key is [`RotateKeys::revoke`](crate::ops::RotateKeys::revoke)'s.
#[derive(Debug)]
pub struct Revoke {
    /// What.
    pub what: Revocable,
    /// Why, in words.
    pub reason: Option<String>,
    /// Who does it.
    pub actor: Actor,
}

/// What can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocable {
    /// A session: it ends.
    Session(SessionId),
    /// One access token; its session goes on.
    Token(TokenId),
    /// Every token of a client until now, and until the entry is forgotten; the client stays as it is.
    Client(ClientId),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// A verifier that has applied this number refuses it.
    Published(Sequence),
    /// There is no such session or client.
    Unknown,
    /// An entry for the built-in client would refuse everybody who signs in next, too.
    BuiltIn,
}

impl Revoke {
    /// Ends the session, or publishes an entry. Doing it again does nothing more to a session.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(self, store: &dyn Store, policies: &Policies, draw: &Draw) -> Result<Revoked, StoreError> {
        let now = draw.now;
        let event = |what: &str| {
            let event = AuditEvent::new(now, what, self.actor.clone());
            AuditEvent { detail: self.reason.clone(), ..event }
        };
        match &self.what {
            Revocable::Session(id) => {
                let Some(state) = store.session(*id).await? else { return Ok(Revoked::Unknown) };
                let audit = AuditEvent { account: state.session.account, ..event("session.revoked").of_session(*id) };
                let end = self.end();
                let end = EndSessions { which: Which::One(*id), end, audit: Some(audit), now };
                store.end_sessions(end).await?;
                Ok(Revoked::Published(store.last_sequence().await?))
            }
            Revocable::Token(id) => {
                // Nobody remembers when it expires; no token that is alive lives longer than this.
                let expires_at = (now + longest_token_lifetime(store, policies).await?).timestamp();
                let audit = event("token.revoked").told(match &self.reason {
                    Some(reason) => format!("{id}: {reason}"),
                    None => id.to_string(),
                });
                let published = store.publish_revocations(vec![Revocation::of_token(*id, expires_at)], audit).await?;
                Ok(Revoked::Published(published.last))
            }
            Revocable::Client(id) if *id == ClientId::first_party() => Ok(Revoked::BuiltIn),
            Revocable::Client(id) => {
                if store.client(id).await?.is_none() {
                    return Ok(Revoked::Unknown);
                }
                let lifetime = longest_token_lifetime(store, policies).await?;
                let entry = Revocation::of_client(id.clone(), lifetime, now);
                let audit = event("client.revoked").at_client(id.clone());
                Ok(Revoked::Published(store.publish_revocations(vec![entry], audit).await?.last))
            }
        }
    }

    fn end(&self) -> End {
        let who = self.actor.request.as_deref().unwrap_or("an administrator");
        End::by(EndReason::Administrator, self.reason.as_ref().map_or(who.to_owned(), |why| format!("{who}: {why}")))
    }
}
