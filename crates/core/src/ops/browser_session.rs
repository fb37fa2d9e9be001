//! Who is signed in at a browser, by the secret in its cookie.

use crate::account::{Account, AccountStatus};
use crate::client::ClientId;
use crate::grant::BrowserSecret;
use crate::session::Session;
use crate::store::{Store, StoreError};
use crate::time::Time;

/// An account that is signed in at a browser. Its floor was read after the session: whoever relies on the two must hold
/// the session afterwards, which shows an end of all sessions in between. A later one raises the floor.
#[derive(Debug)]
pub struct BrowserSession {
    /// Who.
    pub account: Account,
    /// In which session.
    pub session: Session,
}

/// Looks up who is signed in; `None` where the secret is not that of a live session, or the account may not be used.
///
/// # Errors
/// [`StoreError`] where storage failed.
pub async fn browser_session(
    secret: &BrowserSecret,
    store: &dyn Store,
    now: Time,
) -> Result<Option<BrowserSession>, StoreError> {
    let Some(state) = store.session(secret.session()).await? else { return Ok(None) };
    let session = state.session;
    let holds = session.secret_hash == secret.hash() && session.client.as_str() == ClientId::FIRST_PARTY;
    let Some(id) = session.account.filter(|_| holds && session.is_live(now)) else { return Ok(None) };
    let account = store.account(id).await?.filter(|account| account.status == AccountStatus::Active);
    Ok(account.map(|account| BrowserSession { account, session }))
}
