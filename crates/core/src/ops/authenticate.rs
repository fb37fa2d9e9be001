//! Who a bearer is, at the issuer itself: the token was verified, and here its session is looked up, so that what has
//! ended is refused at once.

use crate::account::{Account, AccountStatus};
use crate::client::ClientId;
use crate::ids::{SessionId, TokenId};
use crate::revocation::RevocationSubject;
use crate::session::Session;
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
    let Some(state) = store.session(session).await? else { return Ok(None) };
    let active = state.account.as_ref().is_some_and(|account| account.status == AccountStatus::Active);
    let Some(id) = state.session.account.filter(|_| active && state.session.is_live(now)) else { return Ok(None) };
    let client: ClientId = state.session.client.clone();
    let subjects =
        vec![RevocationSubject::Session(session), RevocationSubject::Token(token), RevocationSubject::Client(client)];
    if store.is_revoked(subjects).await? {
        return Ok(None);
    }
    Ok(store.account(id).await?.map(|account| Authenticated { account, session: state.session }))
}
