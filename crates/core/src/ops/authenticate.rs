//! Who a bearer is, at the issuer itself: the token was verified, and here its session is looked up, so that what has
//! ended is refused at once.

use crate::account::{Account, AccountStatus};
use crate::client::ClientId;
use crate::ids::{SessionId, TokenId};
use crate::revocation::RevocationSubject;
use crate::session::{Session, SessionState};
use crate::store::{Store, StoreError};
use crate::time::Time;

/// An account that is signed in, and the session in which it is.
#[derive(Debug)]
pub struct Authenticated {
    /// Who.
    pub account: Account,
    /// In which session.
    pub session: Session,
}

/// Looks up the session of a verified token; `None` if it is over, its account may not be used, or its token or client
/// was revoked.
///
/// # Errors
/// [`StoreError`] where storage failed.
pub async fn authenticate(
    session: SessionId,
    token: TokenId,
    store: &dyn Store,
    now: Time,
) -> Result<Option<Authenticated>, StoreError> {
    let Some(state) = standing(session, token, store, now).await? else { return Ok(None) };
    let Some(id) = state.session.account else { return Ok(None) };
    Ok(store.account(id).await?.map(|account| Authenticated { account, session: state.session }))
}

/// The same for whoever's token it is, a machine's too: the session as it stands.
///
/// # Errors
/// [`StoreError`] where storage failed.
pub async fn standing(
    session: SessionId,
    token: TokenId,
    store: &dyn Store,
    now: Time,
) -> Result<Option<SessionState>, StoreError> {
    let Some(state) = store.session(session).await? else { return Ok(None) };
    let active = state.account.as_ref().is_some_and(|account| account.status == AccountStatus::Active);
    if !state.session.is_live(now) || (state.session.account.is_some() && !active) {
        return Ok(None);
    }
    let client: ClientId = state.session.client.clone();
    let subjects =
        vec![RevocationSubject::Session(session), RevocationSubject::Token(token), RevocationSubject::Client(client)];
    Ok(if store.is_revoked(subjects).await? { None } else { Some(state) })
}
